"""The standard error against slow sums over a table of speakers and trainings, and against known cases."""

import numpy as np
import pytest
from scipy import stats

from sernb.evaluation.counts import macro_f1
from sernb.evaluation.jackknife import Shares, shares, standard_error
from sernb.evaluation.uncertainty import table_shares


def crossed(values: np.ndarray, first: int = 0) -> Shares:
    """Means over speakers of values (rounds, speakers), each round one run."""
    rounds, speakers = values.shape
    return Shares(values / values.size, first + np.repeat(np.arange(rounds)[:, None], speakers, 1))


def test_pseudo_values_of_a_mean_are_its_values():
    values = np.random.default_rng(0).random((3, 7))
    without = (values.sum(1, keepdims=True) - values) / 6
    np.testing.assert_allclose(shares(values.mean(1), without, np.full(3, 1 / 3)), values / 21)


def test_shares_leave_out_one_speaker_of_one_round():
    counts = np.random.default_rng(0).integers(0, 9, (2, 5, 4, 4)).astype(float)
    found = table_shares(counts, macro_f1)
    clips = counts.sum((1, 2, 3))
    for number in range(2):
        for speaker in range(5):
            rest = macro_f1(np.delete(counts[number], speaker, 0).sum(0))
            pseudo = 5 * macro_f1(counts[number].sum(0)) - 4 * rest
            assert found[number, speaker] == pytest.approx(pseudo / 5 * clips[number] / clips.sum())


def test_one_training_gives_the_standard_error_of_the_mean_over_speakers():
    values = np.random.default_rng(0).normal(size=(1, 12))
    error, freedom = standard_error([crossed(values)], np.zeros(12, int))
    assert error == pytest.approx(stats.sem(values[0])) and freedom == pytest.approx(11)


def test_strata_are_welch():
    one, other = (np.random.default_rng(seed).normal(size=size) * size for seed, size in ((0, 6), (1, 9)))
    share = np.concatenate([one / 6, -other / 9])[None]
    error, freedom = standard_error([Shares(share, np.zeros((1, 15), int))], np.repeat([0, 1], [6, 9]))
    oracle = stats.ttest_ind(one, other, equal_var=False)
    assert abs(share.sum() / error) == pytest.approx(abs(oracle.statistic)) and freedom == pytest.approx(oracle.df)


def test_two_methods_are_the_mean_squares_of_two_way_tables():
    generator = np.random.default_rng(0)
    speaker = generator.normal(size=8)
    tables = [generator.normal(size=(runs, 8)) + 3 * generator.normal(size=(runs, 1)) + speaker for runs in (5, 3)]
    error, freedom = standard_error([crossed(tables[0]), crossed(-tables[1], 5)], np.zeros(8, int))
    paired = np.mean(tables[0], 0) - np.mean(tables[1], 0)
    variance = speakers = paired.var(ddof=1) / 8
    below = speakers**2 / 7
    for values in tables:
        runs = len(values)
        trainings = values.mean(1).var(ddof=1) / runs
        rest = sum(
            (values[run, one] - values[run].mean() - values[:, one].mean() + values.mean()) ** 2
            for run in range(runs)
            for one in range(8)
        ) / (7 * (runs - 1))
        assert trainings > rest / (runs * 8)
        variance += trainings - rest / (runs * 8)
        below += trainings**2 / (runs - 1)
    assert error == pytest.approx(np.sqrt(variance)) and freedom == pytest.approx(variance**2 / below)


def test_trainings_that_differ_no_more_than_chance_add_nothing():
    values = np.random.default_rng(0).normal(size=(4, 9))
    values -= values.mean(1, keepdims=True)
    error, freedom = standard_error([crossed(values)], np.zeros(9, int))
    assert error == pytest.approx(stats.sem(values.mean(0))) and freedom == pytest.approx(8)


def test_one_round_of_folds_is_judged_by_the_spread_of_folds():
    values = np.random.default_rng(0).normal(size=12)
    fold = np.arange(12) % 4
    error, freedom = standard_error([Shares(values[None] / 12, fold[None])], np.zeros(12, int))
    means = [values[fold == number].mean() for number in range(4)]
    assert error == pytest.approx(stats.sem(means)) and freedom == 3


def test_rounds_of_folds_have_as_many_degrees_of_freedom_as_runs_beyond_folds():
    generator = np.random.default_rng(0)
    fold = np.arange(20) % 5
    run = np.arange(2)[:, None] * 5 + fold
    luck = 50 * generator.normal(size=10)
    values = generator.normal(size=(2, 20)) + luck[run]
    error, freedom = standard_error([Shares(values / 40, run)], np.zeros(20, int))
    means = np.array([[values[number, fold == one].mean() for one in range(5)] for number in range(2)])
    # a round's score is the mean of its folds, which are trained apart
    trainings = means.var(0, ddof=1).sum() / 25 / 2
    assert error**2 > trainings * 0.8 and 4 <= freedom <= 20


@pytest.mark.parametrize(("runs", "spread"), [((5, 5), 1.0), ((6, 3), 0.5)])
def test_the_error_is_the_spread_over_many_experiments(runs, spread):
    generator = np.random.default_rng(1)
    gains, variances = [], []
    for _ in range(600):
        speaker = generator.normal(size=10)
        means = [
            generator.normal(size=(count, 10)) + spread * generator.normal(size=(count, 1)) + speaker for count in runs
        ]
        gains.append(means[0].mean() - means[1].mean())
        variances.append(standard_error([crossed(means[0]), crossed(-means[1], 9)], np.zeros(10, int))[0] ** 2)
    # the variance of 600 draws is known to 6 %; cutting at "no less than speakers alone" adds a little
    assert 0.85 < np.mean(variances) / np.var(gains) < 1.3
