"""Confusion counts against the scores of predictions."""

import numpy as np
import pytest
from judgements import judged

from sernb.evaluation.counts import SCORES, Counts, recall, rounds
from sernb.evaluation.predictions import scores


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.mark.parametrize("right", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("missing", [None, "sad"])
def test_scores_of_counts_are_those_of_predictions(generator, right, missing):
    table = judged(generator, seeds=1, right=right)
    table = table[table["emotion"] != missing]
    counts = Counts.of({"all": table})
    for name, value in scores(table).items():
        assert counts.score("all", SCORES[name]) == pytest.approx(value)


def test_recall_of_a_missing_class_is_missing(generator):
    table = judged(generator, seeds=1)
    table = table[table["emotion"] != "sad"]
    happy = table[table["emotion"] == "happy"]
    found = recall(Counts.of({"all": table}).counts["all"].sum((0, 1)))
    assert found[1] == pytest.approx((happy["p_happy"] == 1).mean()) and np.isnan(found[3])


def test_a_round_judges_each_clip_once(generator):
    crossed = judged(generator, seeds=3)
    assert (rounds(crossed) == crossed["seed"]).all()
    folds = judged(generator, seeds=2, folds=3, run="r")
    assert (rounds(folds) == folds["seed"]).all()
    counts = Counts.of({"all": folds})
    assert len(np.unique(counts.run["all"])) == 6 and counts.counts["all"].shape == (2, 6, 4, 4)
    # one confusion matrix of all folds, not the mean of three small ones
    by_round = [scores(rows)["macro_f1"] for _, rows in folds.groupby("seed")]
    assert counts.score("all", SCORES["macro_f1"]) == pytest.approx(np.mean(by_round))


def test_runs_that_share_a_speaker_count_as_one(generator):
    table = judged(generator, seeds=1, folds=3, run="r")
    table.loc[0, "run"] = "r 0 1"  # a clip of speaker 0, whose others run "r 0 0" judged
    run = Counts.of({"all": table}).run["all"][0]
    assert run[0] == run[1] == run[3] != run[2]


def test_strata_are_speakers_of_one_corpus_who_occur_in_the_same_tables(generator):
    table = judged(generator)
    by_gender = {name: rows for name, rows in table.groupby("gender")}
    assert len(np.unique(Counts.of(by_gender).stratum)) == 2
    assert len(np.unique(Counts.of({"one": table, "other": table}).stratum)) == 1
    with pytest.raises(ValueError, match="no predictions to judge in 'none'"):
        Counts.of({"none": table[:0]})
