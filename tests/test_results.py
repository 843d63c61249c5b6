"""Reported figures come from the stored runs, and the README shows exactly those."""

from pathlib import Path

import pandas as pd
import pytest

from sernb import results
from sernb.commands.results import BEGIN, END, section, write_section
from sernb.evaluation import PROBABILITIES
from sernb.labels import EMOTIONS
from sernb.runs import Run

ROOT = Path(__file__).parents[1]


def test_the_readme_shows_what_the_stored_runs_give():
    readme = (ROOT / "README.md").read_text()
    assert BEGIN + readme.split(BEGIN)[1].split(END)[0] + END == section(results.report())


@pytest.mark.parametrize("group", ["baseline", "contrastive", "byol", "pooling-speech", "pooling-all", "leak"])
def test_stored_runs_hold_predictions_and_no_weights(group):
    for run in results.stored(group):
        shares = run.predictions[PROBABILITIES]
        assert (shares.sum(axis=1) - 1).abs().max() < 1e-3
        assert set(run.predictions["emotion"]) <= set(EMOTIONS)
        assert run.environment["encoder"] and run.environment["date"]
        assert not [path for path in run.folder.rglob("*") if path.suffix in {".safetensors", ".bin", ".flac", ".wav"}]


def test_stored_runs_never_test_on_a_speaker_they_validate_on():
    for run in results.stored("baseline"):
        speakers = run.predictions.groupby("part")["speaker"].agg(set)
        assert not speakers["test"] & speakers["validation"]


def test_the_two_poolings_differ_in_nothing_but_the_pooling():
    one, other = (results.stored(group)[0].config for group in ("pooling-speech", "pooling-all"))
    differing = {name for name in one["config"] if one["config"][name] != other["config"][name]}
    assert differing == {"pooling"} and one["inputs"] == other["inputs"]


def test_results_fit_the_repository():
    assert sum(path.stat().st_size for path in results.FOLDER.rglob("*") if path.is_file()) < 20e6


def test_an_unknown_group_says_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="sernb train --keep"):
        results.stored("nothing", tmp_path)


def test_keeping_a_run_leaves_the_weights_behind(tmp_path):
    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "run" / "model" / "model.safetensors").touch()
    (tmp_path / "run" / "environment.json").write_text("{}")
    kept = results.keep(Run(tmp_path / "run"), tmp_path / "kept")
    assert [path.name for path in kept.iterdir()] == ["environment.json"]
    more = {"embeddings.parquet", "predictions-averaged.parquet"}
    for name in {"predictions.parquet", *more}:
        (tmp_path / "run" / name).touch()
    whole = results.keep(Run(tmp_path / "run"), tmp_path / "whole")
    assert {path.name for path in whole.iterdir()} == {"environment.json", "predictions.parquet", *more}
    small = results.keep(Run(tmp_path / "run"), tmp_path / "small", variants=False, embeddings=False)
    assert {path.name for path in small.iterdir()} == {"environment.json", "predictions.parquet"}
    without = results.keep(Run(tmp_path / "run"), tmp_path / "without", embeddings=False)
    assert {path.name for path in whole.iterdir()} - {path.name for path in without.iterdir()} == {"embeddings.parquet"}


def test_a_first_stage_is_kept_beside_its_second(tmp_path):
    for name, text in (("two", '{"stage1": "one"}'), ("one", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "environment.json").write_text(text)
    results.keep(Run(tmp_path / "two"), tmp_path / "kept" / "contrastive")
    assert (tmp_path / "kept" / "contrastive" / "two").is_dir()
    assert (tmp_path / "kept" / "contrastive-stage1" / "one").is_dir()


def test_mean_and_std_as_the_papers_print_them():
    scored = pd.DataFrame(
        {"corpus": "urdu", "language": "ur", "accuracy": [0.5, 0.7], "macro_f1": [0.4, 0.4], "uar": [0.1, 0.3]}
    )
    row = results.mean_std(results.over_seeds(scored)).iloc[0]
    assert row["accuracy"] == "0.600 (0.141)" and row["macro_f1"] == "0.400 (0.000)"


def test_a_readme_without_the_marks_is_left_alone(tmp_path):
    (tmp_path / "README.md").write_text("nothing here")
    with pytest.raises(ValueError, match="lacks the marks"):
        write_section(tmp_path / "README.md", "text")
    assert (tmp_path / "README.md").read_text() == "nothing here"
