"""The sentences chapters open with say what the stored runs say."""

import json

import numpy as np
import pandas as pd
import pytest
from stored import answers, store

from sernb.experiments.kept import Kept, add_runs
from sernb.experiments.leak import CARELESS, DISJOINT
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.results import openings, report
from sernb.results.ladder import STEPS
from sernb.runs import REPORT_FILE


@pytest.mark.parametrize(
    ("recall", "emotion", "said"),
    [
        (0.1, -0.05, ("are easier to tell apart", "falls a little")),
        (-0.1, 0.05, ("are harder to tell apart", "rises a little")),
        (0.0, 0.0, ("are no easier to tell apart", "stays where it was")),
    ],
)
def test_stage_1_is_told_as_it_went(recall, emotion, said, tmp_path):
    generator, kept = np.random.default_rng(0), []
    for seed in range(6):
        run = store(tmp_path / "runs" / "run", seed, answers(generator), recipe="contrastive-stage1")
        kept.append(Kept(run, "contrastive-stage1"))
        jitter = 0.01 * (-1) ** seed
        before = {"recall_at_1": 0.5, "eer": 0.3, "emotion_macro_f1": 0.7}
        after = {"recall_at_1": 0.5 + recall + jitter, "eer": 0.3, "emotion_macro_f1": 0.7 + emotion + jitter}
        (run.folder / REPORT_FILE).write_text(json.dumps({"before": before, "after": after}))
    add_runs(tmp_path, kept)
    told = openings.stage1_opening(tmp_path)
    assert all(words in told for words in said)
    assert f"{0.5 + recall:.0%} of clips; before, for 50% (mean of 6 runs on real speech)" in told


def test_a_gain_names_every_language_and_counts_its_intervals(tmp_path, monkeypatch):
    add_runs(tmp_path, [Kept(store(tmp_path / "runs" / "run", 0, answers(np.random.default_rng(0))), "baseline")])
    rows = [
        {"method": "contrastive", "weights": weights, "statistics": statistics, "language": language, "value": value}
        for weights, statistics, gain in (("last", "source", 0.1), ("averaged", "target", -0.1))
        for language, value in (("ur", gain), ("de", 2 * gain))
    ]
    table = pd.DataFrame(rows).assign(low=lambda t: t["value"] - 0.15, high=lambda t: t["value"] + 0.15)
    monkeypatch.setattr(openings, "stored_alike_rows", lambda root: table)
    verdict, rest = openings.gain_opening("contrastive", tmp_path).split("** ")
    first, second = rest.split(". ")
    assert verdict == "**Contrastive learning gains in some comparisons and loses in others."
    assert "+0.100 [-0.050, +0.250] in Urdu, +0.200 [+0.050, +0.350] in German" in first
    assert first.endswith("1 of 2 intervals lies above zero, none below")
    assert second.endswith("none of 2 intervals lies above zero, 1 below.")


def test_the_opening_of_metric_learning_counts_what_its_picture_shows(tmp_path):
    keys = {"folds": "speaker", "setting": "published", "unlabelled": "none", "method": openings.JOINT}
    cells = [
        ("de", "ur", "accuracy", "source", 0.1),
        ("ur", "de", "accuracy", "source", -0.1),
        ("de", "bn", "accuracy", "source", 0.0),
        ("de", "ur", "activation_r", "source", -0.1),
        ("de", "ur", "activation_r", "own", 0.1),
        ("de", "de", "accuracy", "source", 0.1),  # at home: no transfer
    ]
    scores = pd.DataFrame(cells, columns=["source", "language", "score", "statistics", "difference"]).assign(**keys)
    scores = scores.assign(difference_low=scores["difference"] - 0.05, difference_high=scores["difference"] + 0.05)
    scores.to_parquet(tmp_path / "transfer.parquet", index=False)
    told = openings.metric_opening(tmp_path)
    assert "accuracy in another language rises in 1 of 3 transfers and falls in 1" in told
    assert "rises in none of 1 transfers and falls in 1 if features" in told and "It rises in 1 of 1 transfers" in told


def judged(language: str, right: float, clips: int = 120, **columns) -> pd.DataFrame:
    """Predictions by six speakers, of which the first share is right and the rest says the next class."""
    number = np.arange(clips)
    true = number % 4
    said = np.where(number < right * clips, true, (true + 1) % 4)
    table = pd.DataFrame(np.eye(4)[said] * 0.7 + 0.075, columns=list(PROBABILITIES))
    names = [f"{language}/{one}" for one in number]
    speakers = [f"{language}{one}" for one in number // 4 % 6]
    known = {"corpus": language, "language": language, "emotion": np.array(EMOTIONS)[true], "gender": "female"}
    return table.assign(utterance_id=names, speaker=speakers, **known, seed=0, **columns)


def test_the_leak_is_told_as_large_as_it_is_and_beside_the_largest_gain(monkeypatch):
    parts = [judged("ur", 0.9, part=CARELESS), judged("ur", 0.6, part=DISJOINT)]
    monkeypatch.setattr(
        openings.ladder, "gain_over_baseline", lambda root: left((STEPS[1], "ur", 0.2), (STEPS[2], "ur", 0.4))
    )
    clips = pd.DataFrame({"language": "ur", "speaker": ["a", "a", "b"], "emotion": ["sad", "angry", "sad"]})
    told = openings.leak_opening(pd.concat(parts), clips)
    assert "0.90 and 0.60 in Urdu" in told and "worth up to 30.0 points" in told and "alike is 40.0." in told
    assert told.endswith("in one emotion only. That holds for 1 of 2 speakers in Urdu.")


def test_the_baseline_opens_with_each_language_beside_its_own_labels_and_with_the_class_it_loses(tmp_path):
    add_runs(tmp_path, [Kept(store(tmp_path / "runs" / "run", 0, answers(np.random.default_rng(0))), "baseline")])
    runs = judged("de", 0.6)
    runs.loc[runs["emotion"] == "sad", list(PROBABILITIES)] = [1, 0, 0, 0]
    told = openings.zero_shot_opening(runs, judged("de", 0.9), tmp_path)
    assert "in German (0.90)" in told and "1 of 1 intervals lie above it" in told
    assert told.endswith("Recognised least is sad in German (0% of its clips).")


@pytest.mark.parametrize(("moved", "said"), [(0.9, "makes up all)."), (0.7, "makes up 50%).")])
def test_the_shift_is_told_per_language_and_as_a_share_of_what_is_missing(moved, said, tmp_path, monkeypatch):
    add_runs(tmp_path, [Kept(store(tmp_path / "runs" / "run", 0, answers(np.random.default_rng(0))), "baseline")])
    probes = [judged("de", 0.6, part="test", statistics="source"), judged("de", 0.5, part="test", statistics="target")]
    monkeypatch.setattr(openings.frozen, "read", lambda file: (None, None))
    monkeypatch.setattr(openings, "taught_in_english", lambda *given: pd.concat(probes))
    monkeypatch.setattr(openings, "over_corpora", lambda *given: judged("de", 0.8, part=DISJOINT))
    tuned = [pd.concat([judged("de", right).assign(seed=seed) for seed in (0, 1)]) for right in (0.6, moved)]
    monkeypatch.setattr(openings.ladder, "predictions_by_step", lambda runs: {STEPS[1]: tuned[0], STEPS[2]: tuned[1]})
    told = openings.shift_opening(tmp_path)
    assert "on frozen embeddings, by -0.1" in told and said in told


def left(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Gains of contrastive learning as `ladder.gain_over_baseline` has them, a tenth wide on either side."""
    table = pd.DataFrame(rows, columns=["step", "language", "value"]).assign(method="contrastive")
    return table.assign(low=table["value"] - 0.1, high=table["value"] + 0.1)


def test_results_open_with_the_intervals_without_zero_alone_and_treated_alike(tmp_path):
    add_runs(tmp_path, [Kept(store(tmp_path / "runs" / "run", 0, answers(np.random.default_rng(0))), "baseline")])
    rows = left((STEPS[1], "ur", 0.2), (STEPS[1], "de", 0.05), (STEPS[2], "ur", 0.0), (STEPS[2], "de", -0.05))
    alone, alike = openings.results_opening(rows, tmp_path).split(". O")
    assert alone.endswith(
        "the baseline alone, 1 has a 95 % interval that leaves out zero; by chance alone one would expect about 0.1. "
        "It is contrastive in Urdu, +0.200 [+0.100, +0.300]"
    )
    assert alone.startswith("**Contrastive learning gains where a difference shows.** In runs on real speech: of 2")
    assert alike.startswith("f 2 differences") and "statistics, 0 have a 95 % interval that leaves out zero" in alike


@pytest.mark.parametrize(
    ("moved", "said"), [(0.05, "2 of 2 intervals hold zero. If"), (0.3, "1 of 2 intervals hold zero. If")]
)
def test_bias_opens_with_the_gap_and_what_intervals_leave_open(moved, said, tmp_path):
    run = store(tmp_path / "runs" / "run", 0, answers(np.random.default_rng(0)))
    add_runs(tmp_path, [Kept(run, group) for group in ("baseline", report.POOL_AS_IT_IS)])
    gaps = left((STEPS[0], "ur", 0.05), (STEPS[0], "de", -0.2)).assign(method="baseline")
    changes = pd.DataFrame({"condition": ["women", "men", "both"], "language": ["ur", "de", "de"]})
    changes = changes.assign(change=[-0.02, moved, 0.9], change_low=[-0.1, moved - 0.1, np.nan])
    told = openings.gender_opening(gaps, changes.assign(change_high=changes["change"] + 0.1), tmp_path)
    assert "+0.050 [-0.050, +0.150] in Urdu, -0.200 [-0.300, -0.100] in German" in told
    assert "of 2 intervals of all methods 1 hold zero. Contrastive learning hears" in told
    assert f"in 2 ways. That moves the gap by -0.020 to {moved:+.3f}; {said}" in told
    assert ("Without zero: men in German, +0.300." in told) == (moved == 0.3)
