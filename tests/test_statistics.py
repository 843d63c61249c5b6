"""Statistics: against slow readable oracles, known answers, and simulations of what they promise."""

import itertools

import numpy as np
import pandas as pd
import pytest

from sernb import statistics
from sernb.evaluation import PROBABILITIES, scores
from sernb.labels import EMOTIONS
from sernb.statistics import (
    RECALLS,
    SCORES,
    Cells,
    accuracy,
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
    permutation_test,
    rounds,
)


def judged(generator, speakers=6, seeds=3, right=0.6, clips=(4, 12), corpus="c", fold_of=None) -> pd.DataFrame:
    """Predictions: each speaker with another number of clips; fold_of(speaker) names the one seed that judges it."""
    rows = []
    for speaker in range(speakers):
        truth = generator.integers(0, 4, generator.integers(*clips))
        for seed in range(seeds):
            if fold_of is not None and fold_of(speaker) != seed:
                continue
            wrong = generator.random(len(truth)) > right
            guess = (truth + wrong * generator.integers(1, 4, len(truth))) % 4
            rows.append(
                pd.DataFrame(np.eye(4)[guess], columns=PROBABILITIES).assign(
                    seed=seed,
                    utterance_id=[f"{speaker}/{number}" for number in range(len(truth))],
                    corpus=corpus,
                    language="ur",
                    speaker=f"{corpus}/{speaker}",
                    gender="female" if speaker % 2 else "male",
                    emotion=np.array(EMOTIONS)[truth],
                )
            )
    return pd.concat(rows, ignore_index=True)


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def test_scores_of_counts_are_those_of_predictions(generator):
    for right in (0.0, 0.3, 0.9):
        table = judged(generator, seeds=1, right=right)
        table = table[table["emotion"] != "sad"] if right == 0.3 else table
        cells = Cells.of({"all": table})
        for name, value in scores(table).items():
            assert cells.score("all", SCORES[name]) == pytest.approx(value)


def test_recalls_are_by_class_and_missing_where_a_class_is(generator):
    table = judged(generator, seeds=1)
    table = table[table["emotion"] != "sad"]
    cells = Cells.of({"all": table})
    happy = table[table["emotion"] == "happy"]
    assert cells.score("all", RECALLS["recall of happy"]) == pytest.approx((happy["p_happy"] == 1).mean())
    assert np.isnan(cells.score("all", RECALLS["recall of sad"]))


def test_a_round_judges_each_clip_once(generator):
    crossed = judged(generator, seeds=3)
    assert (rounds(crossed) == crossed["seed"]).all()
    folds = judged(generator, seeds=3, fold_of=lambda speaker: speaker % 3)
    assert (rounds(folds) == 0).all()
    # one confusion matrix of all folds, not the mean of three small ones
    assert Cells.of({"all": folds}).score("all", SCORES["macro_f1"]) == pytest.approx(scores(folds)["macro_f1"])


def test_the_score_is_the_mean_over_seeds(generator):
    table = judged(generator, seeds=3)
    by_seed = [scores(rows)["macro_f1"] for _, rows in table.groupby("seed")]
    assert estimate(table, resamples=50).set_index("metric")["value"]["macro_f1"] == pytest.approx(np.mean(by_seed))
    assert per_seed(table).tolist() == pytest.approx(by_seed)


def test_redraws_score_what_a_loop_over_drawn_speakers_and_seeds_scores(generator):
    table = judged(generator)
    cells = Cells.of({"all": table})
    weights = cells.redraw(generator, 20)
    fast = cells.score("all", SCORES["uar"], weights)
    names = table["speaker"].unique()
    for redraw, value in zip(weights, fast, strict=True):
        # a redraw in full: the table of each round with every clip repeated
        total = clips = 0
        for seed in range(3):
            repeated = []
            for number, name in enumerate(names):
                (times,) = redraw[(cells.seed == seed) & (cells.speaker == pd.factorize(names, sort=True)[0][number])]
                rows = table[(table["seed"] == seed) & (table["speaker"] == name)]
                repeated += [rows] * int(times)
            if repeated:
                drawn = pd.concat(repeated)
                total += scores(drawn)["uar"] * len(drawn)
                clips += len(drawn)
        assert value == pytest.approx(total / clips, nan_ok=True)


def test_a_redraw_keeps_every_stratum_its_size_and_multiplies_speakers_by_seeds(generator):
    table = pd.concat([judged(generator), judged(generator, corpus="d", speakers=4)], ignore_index=True)
    cells = Cells.of({"all": table})
    assert np.bincount(cells.stratum).tolist() == [6, 4]
    drawn = cells.redraw(generator, 200, only=1)[:, cells.seed == 0]
    speakers = np.zeros((200, 10))
    speakers[:, cells.speaker[cells.seed == 0]] = drawn
    assert (speakers[:, cells.stratum == 0] == 1).all()
    assert (speakers[:, cells.stratum == 1].sum(1) == 4).all() and speakers.std() > 0
    seeds = cells.redraw(generator, 200, only="seed")[:, cells.speaker == 0]
    assert (seeds.sum(1) == 3).all()


def test_women_and_men_are_drawn_apart_and_methods_together(generator):
    table, other = judged(generator), judged(generator)
    by_gender = Cells.of({name: table[table["gender"] == name] for name in ("female", "male")})
    assert len(np.unique(by_gender.stratum)) == 2
    pair = Cells.of({"one": table, "other": table})
    assert len(np.unique(pair.stratum)) == 1
    apart = gap(table, "gender", "female", "male", resamples=200).set_index("metric")["value"]
    means = [estimate(rows, resamples=50)["value"].iloc[0] for _, rows in table.groupby("gender")]
    assert apart["accuracy"] == pytest.approx(means[0] - means[1])
    with pytest.raises(ValueError, match="not of the same clips"):
        difference(table, other)


def test_a_difference_of_a_method_to_itself_is_nothing(generator):
    table = judged(generator)
    nothing = difference(table, table, resamples=100)
    assert (nothing[["value", "low", "high"]] == 0).all(axis=None)
    assert permutation_test(table, table, resamples=50) == 1


def test_equal_speakers_score_the_mean_over_speakers(generator):
    table = judged(generator, seeds=1)
    (value,) = estimate(table, metrics={"accuracy": accuracy}, equal_speakers=True, resamples=50)["value"]
    by_speaker = [scores(rows)["accuracy"] for _, rows in table.groupby("speaker")]
    assert value == pytest.approx(np.mean(by_speaker))


def test_few_speakers_have_no_interval(generator):
    for seeds in (1, 3):
        for speakers in (1, 4):
            few = estimate(judged(generator, speakers=speakers, seeds=seeds), resamples=50)
            assert few["value"].notna().all() and few[["low", "high"]].isna().all(axis=None)
            assert in_words(few.iloc[0]).endswith("(too few speakers)")
        five = estimate(judged(generator, speakers=5, seeds=seeds), resamples=50)
        assert five.notna().all(axis=None) and in_words(five.iloc[0]).endswith("]")
    with pytest.raises(ValueError, match="no predictions"):
        gap(judged(generator, speakers=1), "gender", "female", "male")


def test_the_interval_of_one_seed_is_student_s_of_the_speakers():
    # every speaker has as many clips, so accuracy is a mean over speakers and Student's interval is its oracle
    from scipy import stats

    generator = np.random.default_rng(1)
    shares = generator.integers(20, 81, 40)
    counts = np.zeros((40, 4, 4))
    counts[:, 0, 0], counts[:, 0, 1] = shares, 100 - shares
    zero = np.zeros(40, int)
    cells = Cells({"all": counts}, zero, zero, np.arange(40), zero)
    (row,) = interval(cells, {"all": 1}, {"accuracy": accuracy}).to_dict("records")
    low, high = stats.t.interval(0.95, 39, shares.mean() / 100, stats.sem(shares / 100))
    assert row["low"] == pytest.approx(low, abs=0.004) and row["high"] == pytest.approx(high, abs=0.004)


@pytest.mark.parametrize(("speakers", "seeds"), [(10, 1), (12, 5)])
def test_intervals_hold_the_true_value_as_often_as_they_say(speakers, seeds):
    generator = np.random.default_rng(2)
    logits = generator.normal(0.4, np.hypot(0.7, 0.3 * (seeds > 1)), 10**6)
    true = (1 / (1 + np.exp(-logits))).mean()
    seed, speaker = (index.ravel() for index in np.indices((seeds, speakers)))
    hits, simulations = 0, 200
    for number in range(simulations):
        effect = generator.normal(0, 0.7, speakers)[speaker] + generator.normal(0, 0.3 * (seeds > 1), seeds)[seed]
        counts = np.zeros((len(seed), 4, 4))
        counts[:, 0, 0] = generator.binomial(12, 1 / (1 + np.exp(-0.4 - effect)))
        counts[:, 0, 1] = 12 - counts[:, 0, 0]
        cells = Cells({"all": counts}, seed, seed, speaker, np.zeros(speakers, int))
        (row,) = interval(cells, {"all": 1}, {"accuracy": accuracy}, 500, seed=number).to_dict("records")
        hits += row["low"] <= true <= row["high"]
    # 95 % of 200, give or take three standard errors; resampling clips instead holds it in 52 % and 45 %
    assert 0.904 <= hits / simulations <= 0.996


@pytest.mark.parametrize("unit", ["speaker", "seed"])
@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_p_counts_every_way_to_swap(generator, unit, metric):
    method, baseline = judged(generator, speakers=5, right=0.8), judged(generator, speakers=5, right=0.5)
    baseline = method.assign(**{name: baseline[name].reindex(method.index).fillna(0.25) for name in PROBABILITIES})

    def gain(one, other):
        means = [np.mean([scores(rows)[metric] for _, rows in table.groupby("seed")]) for table in (one, other)]
        return means[0] - means[1]

    groups = sorted(method[unit].unique())
    found = []
    for swaps in itertools.product([False, True], repeat=len(groups)):
        swapped = method[unit].isin([name for name, swap in zip(groups, swaps, strict=True) if swap])
        one = method.where(~swapped, baseline)
        other = baseline.where(~swapped, method)
        found.append(gain(one, other))
    found = np.array(found)
    observed = gain(method, baseline)
    # scipy's two-sided p: twice the smaller tail
    oracle = min(1, 2 * min((found >= observed - 1e-12).mean(), (found <= observed + 1e-12).mean()))
    assert permutation_test(method, baseline, SCORES[metric], unit) == pytest.approx(oracle)


def test_swapping_cells_finds_what_swapping_trainings_does_not():
    # one training of each happens to be good: over all its speakers alike
    method = judged(np.random.default_rng(5), 12, 1, 0.95, clips=(8, 9))
    baseline = judged(np.random.default_rng(5), 12, 1, 0.5, clips=(8, 9))
    both = [pd.concat([one, other.assign(seed=1)]) for one, other in ((method, baseline), (baseline, method))]
    assert permutation_test(*both, unit="seed") == 1
    assert permutation_test(method, baseline, unit="speaker") < 0.01
    assert np.isnan(permutation_test(method, baseline, unit="seed"))
    with pytest.raises(ValueError, match="speaker, seed, cell"):
        permutation_test(method, baseline, unit="clip")


def test_holm_multiplies_the_smallest_p_most():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])
    assert np.isnan(holm([np.nan])).all()


def test_effect_sizes(generator):
    assert cohens_h(0.5, 0.5) == 0
    assert cohens_h(1.0, 0.0) == pytest.approx(np.pi)
    baseline = judged(generator, speakers=4, seeds=3, right=0.4)
    better = baseline.copy()
    for seed, count in ((0, 5), (1, 6), (2, 7)):
        wrong = baseline.index[(baseline["seed"] == seed) & (statistics.predicted(baseline) != baseline["emotion"])]
        chosen = wrong[:count]
        better.loc[chosen, PROBABILITIES] = (
            pd.get_dummies(baseline["emotion"])[list(EMOTIONS)].loc[chosen].to_numpy(float)
        )
    clips = (baseline["seed"] == 0).sum()
    assert cohens_d(better, baseline, accuracy) == pytest.approx(6 / 1)
    assert per_seed(better, accuracy)[0] - per_seed(baseline, accuracy)[0] == pytest.approx(5 / clips)
    assert np.isnan(cohens_d(baseline, baseline))


def test_the_difference_of_two_gaps_is_one_contrast(generator):
    table = judged(generator, speakers=8)
    other = table.assign(p_angry=1.0)
    tables = {
        f"{who} {gender}": rows
        for who, frame in (("a", table), ("b", other))
        for gender, rows in frame.groupby("gender")
    }
    weights = {"a female": 1, "a male": -1, "b female": -1, "b male": 1}
    (value,) = contrast(tables, weights, {"accuracy": accuracy}, resamples=100)["value"]
    gaps = [gap(frame, "gender", "female", "male", resamples=50)["value"].iloc[0] for frame in (table, other)]
    assert value == pytest.approx(gaps[0] - gaps[1])
