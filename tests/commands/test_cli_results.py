"""Finished runs added to the tables from the command line, renamed and taken out."""

import numpy as np
import pytest
from stored import answers, store
from typer.testing import CliRunner

from sernb.cli import app
from sernb.experiments.stored import open_stored


def results(tables, *options) -> str:
    outcome = CliRunner().invoke(app, ["results", "--tables", str(tables), *map(str, options)], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


@pytest.fixture
def runs(tmp_path):
    """Three finished runs, and one that has only begun."""
    judged = answers(np.random.default_rng(0))
    vectors = np.ones((len(judged), 8))
    for seed in (0, 1):
        store(tmp_path / "runs" / str(seed), seed, judged, {"last": judged}, vectors)
    first = store(tmp_path / "runs" / "first", 0, judged, recipe="contrastive-stage1")
    store(tmp_path / "runs" / "second", 0, judged, recipe="contrastive", stage1=first.name)
    begun = store(tmp_path / "runs" / "begun", 2, judged)
    begun.folder.rename(begun.folder.with_name(f"{begun.name}.partial"))
    return tmp_path / "runs"


def test_a_folder_of_finished_runs_is_added_once(runs, tmp_path):
    printed = results(tmp_path / "tables", "--add", runs)
    assert "contrastive-stage1" in printed and "baseline" in printed
    stored = open_stored(tmp_path / "tables")
    assert [run.has_embeddings for run in stored.group("baseline")] == [True, False]
    assert [run.variants for run in stored.group("baseline")] == [["last"], ["last"]]
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "tables").rglob("*.parquet")}
    results(tmp_path / "tables", "--add", runs)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    results(tmp_path / "tables", "--add", runs, "--name", "again")
    groups = set(open_stored(tmp_path / "tables").runs["group"])
    names = ("baseline", "contrastive", "contrastive-stage1")
    assert groups == {*names, "baseline-again", "contrastive-again", "contrastive-again-stage1"}


def test_groups_make_room_for_others(runs, tmp_path):
    results(tmp_path / "tables", "--add", runs)
    results(tmp_path / "tables", "--rename", "baseline=earlier", "--remove", "contrastive")
    assert set(open_stored(tmp_path / "tables").runs["group"]) == {"earlier"}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--add", "nowhere"], "nowhere holds no finished run"),
        (["--rename", "baseline"], "as --rename old=new"),
        (["--remove", "baseline"], "holds no run of the group 'baseline'"),
    ],
)
def test_mistakes_are_named(tmp_path, options, problem):
    with pytest.raises((ValueError, FileNotFoundError), match=problem):
        results(tmp_path, *options)
