"""Reported figures come from the stored runs, and the README shows exactly those."""

from pathlib import Path
from runpy import run_path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from sernb.commands.results import BEGIN, END, PICTURE, bullets, section, write_section
from sernb.evaluation.predictions import PROBABILITIES, scores_by
from sernb.experiments.stored import MAIN
from sernb.figures.ladder import panels
from sernb.labels import EMOTIONS
from sernb.results import report
from sernb.results.ablations import all_ablations
from sernb.results.ladder import every_rung

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole():
    return report.whole_report()


def generated(page: Path) -> str:
    return BEGIN + page.read_text().split(BEGIN)[1].split(END)[0] + END


def test_the_page_of_results_shows_what_the_stored_runs_give(whole):
    assert generated(ROOT / "results" / "README.md") == section(whole)


def test_the_readme_shows_a_picture_and_three_findings_on_one_screen_or_two(whole):
    readme = ROOT / "README.md"
    picture, *findings = generated(readme).splitlines()[1:-1]
    assert findings == ["", *bullets(whole.findings)] and len(whole.findings) == 3
    figure, alt = panels(every_rung())
    plt.close(figure)
    assert picture == f"![{alt}]({PICTURE.as_posix()})"
    assert (ROOT / PICTURE).stat().st_size < 200_000 and len(readme.read_text().splitlines()) <= 150


def test_a_wheel_holds_the_tables(tmp_path, monkeypatch):
    distribution = pytest.importorskip("setuptools").Distribution({"packages": []})
    command = run_path(str(ROOT / "setup.py"))["BuildWithResults"](distribution)
    command.ensure_finalized()
    command.build_lib = str(tmp_path)
    monkeypatch.chdir(ROOT)
    command.run()
    stored = tmp_path / "sernb" / "stored"
    held = {path.relative_to(stored): path.read_bytes() for path in stored.rglob("*") if path.is_file()}
    tables = [path for path in report.FOLDER.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert held == {path.relative_to(report.FOLDER): path.read_bytes() for path in tables}


@pytest.mark.parametrize("group", ["baseline", "contrastive", "byol", "baseline-layer-2", "leak"])
def test_stored_runs_hold_predictions_and_no_weights(group):
    for run in report.stored(group):
        shares = run.predictions[PROBABILITIES]
        assert (shares.sum(axis=1) - 1).abs().max() < 1e-3
        assert set(run.predictions["emotion"]) <= set(EMOTIONS)
        assert run.environment["encoder"] and run.environment["date"]


def test_stored_runs_never_test_on_a_speaker_they_validate_on():
    for run in report.stored("baseline"):
        speakers = run.predictions.groupby("part")["speaker"].agg(set)
        assert not speakers["test"] & speakers["validation"]


@pytest.mark.parametrize(
    ("group", "fields"),
    [("layer-4", {"layers"}), ("960-steps", {"epochs"}), ("speakers-repelled-1", {"speaker_reversal"})],
)
def test_an_ablation_differs_in_nothing_but_what_it_is_named_after(group, fields):
    one, other = (report.stored(f"baseline-{name}")[0].config for name in ("240-steps", group))
    assert {name for name in one["config"] if one["config"][name] != other["config"][name]} == fields
    assert one["inputs"]["data"] == other["inputs"]["data"]


def test_results_fit_the_repository_and_are_tables():
    stored = [path for path in report.FOLDER.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert {path.suffix for path in stored} == {".parquet", ".csv", ".md"} and len(stored) < 40
    assert sum(path.stat().st_size for path in stored) < 20e6 and max(path.stat().st_size for path in stored) < 5e6


def test_the_tables_give_every_score_the_run_folders_gave():
    """`scores_before.parquet` was computed from folders of runs, of which the tables were made: those still stored."""
    before = pd.read_parquet(Path(__file__).with_name("scores_before.parquet"))
    groups = before["group"].unique()
    tables = [
        scores_by(run.variant(variant), "part", "corpus", "language").assign(
            group=group, run=run.name, variant=variant or MAIN
        )
        for group in groups
        for run in report.stored(group)
        for variant in (None, *run.variants)
    ]
    keys = ["group", "run", "variant", "part", "corpus", "language"]
    scores = ["clips", "accuracy", "macro_f1", "uar"]
    now = pd.concat(tables).set_index(keys)[scores]
    pd.testing.assert_frame_equal(now.loc[pd.MultiIndex.from_frame(before[keys])].reset_index(), before, rtol=1e-12)


def test_an_unknown_group_says_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="sernb train --keep"):
        report.stored("nothing", tmp_path)


def test_mean_and_std_as_the_papers_print_them():
    scored = pd.DataFrame(
        {"corpus": "urdu", "language": "ur", "accuracy": [0.5, 0.7], "macro_f1": [0.4, 0.4], "uar": [0.1, 0.3]}
    )
    row = report.mean_std_table(report.over_seeds(scored)).iloc[0]
    assert row["accuracy"] == "0.600 (0.141)" and row["macro_f1"] == "0.400 (0.000)"


def test_a_readme_without_the_marks_is_left_alone(tmp_path):
    (tmp_path / "README.md").write_text("nothing here")
    with pytest.raises(ValueError, match="lacks the marks"):
        write_section(tmp_path / "README.md", "text")
    assert (tmp_path / "README.md").read_text() == "nothing here"


def test_no_two_ablations_ask_the_same_question():
    """Their tables are known by it: one would take the other's place."""
    questions = [one.question for one in all_ablations().values()]
    assert len(set(questions)) == len(questions)
