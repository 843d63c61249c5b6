"""Ensembles against averages by hand."""

import numpy as np
import pandas as pd
import pytest
from judgements import judged

from sernb.evaluation.ensembles import disjoint, ensemble, ensemble_rounds, ensemble_scores, subsets
from sernb.evaluation.predictions import PROBABILITIES, scores
from sernb.evaluation.uncertainty import difference, estimate


@pytest.fixture
def table():
    generator = np.random.default_rng(0)
    found = judged(generator, seeds=5, folds=2, run="r")
    return found.assign(**dict(zip(PROBABILITIES, generator.dirichlet(np.ones(4), len(found)).T, strict=True)))


def by_hand(table: pd.DataFrame, seeds: tuple[int, ...]) -> pd.DataFrame:
    first = table[table["seed"] == seeds[0]].set_index("utterance_id")
    for name in PROBABILITIES:
        parts = [table[table["seed"] == seed].set_index("utterance_id")[name] for seed in seeds]
        first[name] = sum(part.loc[first.index] for part in parts) / len(seeds)
    return first.reset_index()


def test_probabilities_are_averaged_over_runs(table):
    found = ensemble(table, (1, 3)).set_index("utterance_id")
    expected = by_hand(table, (1, 3)).set_index("utterance_id")
    np.testing.assert_allclose(found[PROBABILITIES], expected.loc[found.index, PROBABILITIES])
    assert (found["emotion"] == expected.loc[found.index, "emotion"]).all() and "run" not in found
    assert scores(ensemble(table)) == scores(by_hand(table, tuple(range(5))))


def test_every_subset_is_scored_and_none_chosen(table):
    found = ensemble_scores(table, 2).set_index("members")
    assert len(found) == 10 == len(set(found.index))
    for members in ((0, 1), (2, 4)):
        assert found.at[members, "macro_f1"] == pytest.approx(scores(by_hand(table, members))["macro_f1"])
    assert ensemble_scores(table, 1)["macro_f1"].mean() == pytest.approx(
        np.mean([scores(rows)["macro_f1"] for _, rows in table.groupby("seed")])
    )


def test_many_subsets_are_drawn_without_repeating_any():
    drawn = list(subsets(20, 5, most=50))
    assert len(set(drawn)) == 50 and all(len(set(one)) == 5 for one in drawn)
    assert list(subsets(20, 5, most=50)) == drawn != list(subsets(20, 5, most=50, seed=1))
    with pytest.raises(ValueError, match="an ensemble of 6 needs"):
        list(subsets(5, 6))


def test_ensembles_without_a_common_member_are_runs_of_their_own(table):
    assert disjoint(5, 2) == [(0, 1), (2, 3)]
    found = ensemble_rounds(table, 2)
    assert found["run"].nunique() == 2
    assert estimate(found).set_index("metric")["value"]["macro_f1"] == pytest.approx(
        np.mean([scores(by_hand(table, members))["macro_f1"] for members in disjoint(5, 2)])
    )
    assert difference(found, table).notna().all(axis=None)
    lone = ensemble_rounds(table, 5)
    assert estimate(lone).notna().all(axis=None) and difference(lone, table)["low"].isna().all()
    with pytest.raises(ValueError, match="there are 5"):
        ensemble_rounds(table, 6)


def test_an_ensemble_is_no_smaller_for_some_clips(table):
    with pytest.raises(ValueError, match="1 clips were not judged by all 5 members"):
        ensemble(table.drop(index=table.index[0]))
