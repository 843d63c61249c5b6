"""Durations told on the lecturer's page."""

import json

import nbformat
import pytest
from nbformat.v4 import new_notebook

from sernb.durations import chapter_seconds, run_minutes


def test_runs_are_counted_by_group_and_machine(tmp_path):
    place = {"gpu": None, "cores": 2, "processor": "Chip", "encoder": "tiny"}
    for number, (group, changes) in enumerate(
        [("a", {"wall_s": 60}), ("a", {"wall_s": 180}), ("a", {"wall_s": 30, "gpu": "Card"}), ("b", {"wall_s": 6})]
    ):
        folder = tmp_path / group / str(number)
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        (folder / "environment.json").write_text(json.dumps(place | changes))
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
