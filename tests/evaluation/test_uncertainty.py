"""Intervals and effect sizes: against oracles, known answers, and a simulation of what they promise."""

import numpy as np
import pytest
from judgements import judged
from scipy import stats

from sernb.evaluation.counts import Counts, accuracy, macro_f1
from sernb.evaluation.predictions import scores
from sernb.evaluation.uncertainty import (
    cohens_d,
    cohens_h,
    contrast,
    difference,
    estimate,
    gap,
    holm,
    in_words,
    interval,
    per_seed,
)


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def test_the_score_is_the_mean_over_seeds(generator):
    table = judged(generator, seeds=3)
    by_seed = [scores(rows)["macro_f1"] for _, rows in table.groupby("seed")]
    assert estimate(table).set_index("metric")["value"]["macro_f1"] == pytest.approx(np.mean(by_seed))
    assert per_seed(table).tolist() == pytest.approx(by_seed)


def test_groups_are_of_one_model_and_of_speakers_of_their_own(generator):
    table = judged(generator, speakers=12)
    apart = gap(table, "gender", "female", "male").set_index("metric")
    means = [estimate(rows)["value"].iloc[0] for _, rows in table.groupby("gender")]
    assert apart["value"]["accuracy"] == pytest.approx(means[0] - means[1])
    assert apart.notna().all(axis=None)
    assert gap(table[table["seed"] == 0], "gender", "female", "male").notna().all(axis=None)  # of this model


def test_a_difference_of_runs_to_themselves_is_nothing_and_to_other_runs_of_the_same_score_is_not_sure(generator):
    table = judged(generator, run="r")
    nothing = difference(table, table)
    assert nothing[["value", "low", "high"]].abs().max(axis=None) < 1e-12
    by_seed = difference(table.drop(columns="run"), table.drop(columns="run"))
    assert (by_seed["value"] == 0).all() and (by_seed["low"] <= 0).all() and (by_seed["high"] >= 0).all()


def test_seeds_need_not_be_the_same_but_clips_must(generator):
    method, baseline = judged(generator, seeds=2, right=0.9), judged(generator, seeds=5, right=0.4)
    found = difference(method, baseline).set_index("metric").loc["macro_f1"]
    assert 0 < found["low"] < found["value"] < found["high"] and found["p"] < 0.05
    renamed = difference(method.assign(seed=method["seed"] + 7), baseline).set_index("metric").loc["macro_f1"]
    assert renamed.tolist() == pytest.approx(found.tolist())
    with pytest.raises(ValueError, match="clips that are not the same"):
        difference(method[3:], baseline[baseline["utterance_id"] != "0/0"])


def test_p_is_under_a_twentieth_where_the_interval_excludes_zero(generator):
    for right in np.linspace(0.4, 0.7, 4):
        found = difference(judged(generator, seeds=3, right=right), judged(generator, seeds=3, right=0.5))
        for row in found.to_dict("records"):
            assert (row["p"] < 0.05) == (row["low"] > 0 or row["high"] < 0)


def test_equal_speakers_score_the_mean_over_speakers(generator):
    table = judged(generator, seeds=1)
    (value,) = estimate(table, metrics={"accuracy": accuracy}, equal_speakers=True)["value"]
    by_speaker = [scores(rows)["accuracy"] for _, rows in table.groupby("speaker")]
    assert value == pytest.approx(np.mean(by_speaker))


@pytest.mark.parametrize("seeds", [1, 3])
def test_few_speakers_have_no_interval(generator, seeds):
    for speakers in (1, 4):
        few = estimate(judged(generator, speakers=speakers, seeds=seeds))
        assert few["value"].notna().all() and few[["low", "high"]].isna().all(axis=None)
        assert in_words(few.iloc[0]).endswith("(too few speakers or runs)")
    five = estimate(judged(generator, speakers=5, seeds=seeds))
    assert five.notna().all(axis=None) and in_words(five.iloc[0]).endswith("]")
    with pytest.raises(ValueError, match="no predictions"):
        gap(judged(generator, speakers=1), "gender", "female", "male")


def test_the_interval_of_a_score_ends_where_scores_end(generator):
    table = judged(generator, speakers=5, seeds=2, right=0.95)
    counted = contrast({"all": table}, {"all": 1}, metrics={"accuracy": accuracy})
    assert counted["high"].item() > 1
    assert estimate(table, metrics={"accuracy": accuracy})["high"].item() == 1


def test_a_gain_needs_two_trainings_of_each(generator):
    one, many = judged(generator, seeds=1, run="one"), judged(generator, seeds=3, run="many")
    assert difference(one, many)["low"].isna().all() and difference(many, one)["low"].isna().all()
    folds = judged(generator, seeds=1, folds=3, run="folds")
    assert difference(folds, many).notna().all(axis=None)


def test_a_score_that_hangs_on_one_speaker_has_no_interval(generator):
    table = judged(generator, seeds=1)
    table = table[(table["emotion"] != "sad") | (table["speaker"] == "c/0")]
    sad = {
        "sad": lambda counts: (
            counts[..., 3, 3] / np.where(counts[..., 3, :].sum(-1) > 0, counts[..., 3, :].sum(-1), np.nan)
        )
    }
    found = estimate(table, metrics=sad).iloc[0]
    assert not np.isnan(found["value"]) and np.isnan(found["low"])


def test_the_interval_of_one_seed_is_student_s_of_the_speakers():
    # every speaker has as many clips, so accuracy is a mean over speakers and Student's interval is its oracle
    shares = np.random.default_rng(1).integers(20, 81, 40)
    counts = np.zeros((1, 40, 4, 4))
    counts[0, :, 0, 0], counts[0, :, 0, 1] = shares, 100 - shares
    zero = np.zeros(40, int)
    found = interval(Counts({"all": counts}, {"all": zero[None]}, zero), {"all": 1}, {"accuracy": accuracy}).iloc[0]
    low, high = stats.t.interval(0.95, 39, shares.mean() / 100, stats.sem(shares / 100))
    assert (found["low"], found["high"]) == pytest.approx((low, high))


@pytest.mark.parametrize("folds", [1, 5])
def test_intervals_hold_no_gain_as_often_as_they_say(folds):
    generator = np.random.default_rng(2)
    hits, simulations = 0, 200
    run = {
        "b": np.arange(4)[:, None] + np.zeros((4, 10), int),
        "m": 4 + np.arange(4)[:, None] * folds + np.arange(10) % folds,
    }
    for _ in range(simulations):
        speaker = generator.normal(size=(1, 10, 1, 4))
        counts = {}
        for name in run:
            leaning = (
                speaker
                + 0.7 * generator.normal(size=(40, 1, 4))[run[name]]
                + 0.4 * generator.normal(size=(4, 10, 1, 4))
            )
            odds = np.exp(leaning + 2 * np.eye(4))
            counts[name] = generator.multinomial(8, odds / odds.sum(-1, keepdims=True)).astype(float)
        found = interval(Counts(counts, run, np.zeros(10, int)), {"m": 1, "b": -1}, {"f": macro_f1}).iloc[0]
        hits += found["low"] <= 0 <= found["high"]
    # 95 % of 200, give or take three standard errors
    assert 0.904 <= hits / simulations <= 0.99


def test_holm_multiplies_the_smallest_p_most():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])
    assert np.isnan(holm([np.nan])).all()


def test_effect_sizes(generator):
    assert cohens_h(0.5, 0.5) == 0
    assert cohens_h(1.0, 0.0) == pytest.approx(np.pi)
    one, other = judged(generator, seeds=4, right=0.7), judged(generator, seeds=2, right=0.4)
    values = [per_seed(table, accuracy) for table in (one, other)]
    pooled = np.sqrt((3 * values[0].var() + 1 * values[1].var()) / 4)
    assert cohens_d(one, other, accuracy) == pytest.approx((values[0].mean() - values[1].mean()) / pooled)
    assert np.isnan(cohens_d(one, other[other["seed"] == 0]))


def test_the_difference_of_two_gaps_is_one_contrast(generator):
    table = judged(generator, speakers=12, run="a")
    other = table.assign(p_angry=1.0, run=table["run"] + " other")
    tables = {
        f"{who} {gender}": rows
        for who, frame in (("a", table), ("b", other))
        for gender, rows in frame.groupby("gender")
    }
    weights = {"a female": 1, "a male": -1, "b female": -1, "b male": 1}
    found = contrast(tables, weights, {"accuracy": accuracy}).iloc[0]
    gaps = [gap(frame, "gender", "female", "male")["value"].iloc[0] for frame in (table, other)]
    assert found["value"] == pytest.approx(gaps[0] - gaps[1]) and found.notna().all()
