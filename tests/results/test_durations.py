"""Durations told on the lecturer's page."""

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_notebook
from stored import PLACE, answers, store

from sernb.experiments.kept import Kept, add_runs
from sernb.results.durations import chapter_seconds, run_minutes


def test_runs_are_counted_by_group_and_machine(tmp_path):
    place = PLACE | {"processor": "Chip", "encoder": "tiny"}
    made = [("a", {"wall_s": 60}), ("a", {"wall_s": 180}), ("a", {"wall_s": 30, "gpu": "Card"}), ("b", {"wall_s": 6})]
    judged = answers(np.random.default_rng(0), speakers=1)
    runs = [
        Kept(store(tmp_path / "runs" / str(number), 0, judged, **{**place, **changes}), group)
        for number, (group, changes) in enumerate(made)
    ]
    add_runs(tmp_path, runs)
    table = run_minutes(tmp_path).set_index(["group", "device"])
    assert table.loc[("a", "2 cores of Chip"), ["runs", "minutes", "longest"]].tolist() == [2, 2.0, 3.0]
    assert table.loc[("a", "Card"), "minutes"] == 0.5 and table.loc[("b", "2 cores of Chip"), "runs"] == 1


def test_chapters_are_timed_by_what_papermill_noted(tmp_path):
    assert chapter_seconds(tmp_path).empty
    for language, seconds in (("ur", 3.5), ("de", 2.0), ("bn", None)):
        (tmp_path / language).mkdir()
        notebook = new_notebook(metadata={"papermill": {"duration": seconds}})
        nbformat.write(notebook, tmp_path / language / "03-baseline.ipynb")
    table = chapter_seconds(tmp_path).set_index("chapter")
    assert table.loc["03-baseline"].to_dict() == pytest.approx({"de": 2.0, "ur": 3.5})
