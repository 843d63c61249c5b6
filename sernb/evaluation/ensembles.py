"""Ensembles of models, judged from stored predictions: the mean of the class probabilities of several runs."""

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from sernb.evaluation.counts import rounds
from sernb.evaluation.predictions import PROBABILITIES, scores_by

KEYS = ["corpus", "utterance_id"]
MOST = 100
"""Subsets scored where there are more: their mean differs little from that of all."""


def ensemble(predictions: pd.DataFrame, members: tuple[int, ...] | None = None) -> pd.DataFrame:
    """One prediction a clip: class probabilities averaged over rounds.

    A round judges each clip once (see `counts.rounds`): a seed where every run judges every clip, or one run for each
    left-out fold. So each clip is judged by as many models as there are members.

    Args:
        predictions: of one method and variant, as `comparison.pooled` returns them.
        members: numbers of the rounds to average; None for all.

    Returns:
        The predictions' columns but `seed` and `run`, with `seed` 0 (a single model, as it were).

    Raises:
        ValueError: a clip lacks a judgement of some member, which would make its ensemble a smaller one.
    """
    return _average(_by_round(predictions), members)


def subsets(models: int, size: int, most: int = MOST, seed: int = 0) -> Iterator[tuple[int, ...]]:
    """Different sets of `size` of the numbers 0 .. models - 1: all of them, or `most` drawn ones where there are more.

    Raises:
        ValueError: an ensemble can't have that many members.
    """
    if not 1 <= size <= models:
        raise ValueError(f"an ensemble of {size} needs that many models, and at least one; there are {models}")
    if comb(models, size) <= most:
        yield from combinations(range(models), size)
        return
    generator = np.random.default_rng(seed)
    drawn: set[tuple[int, ...]] = set()
    while len(drawn) < most:
        drawn.add(tuple(sorted(generator.choice(models, size, replace=False).tolist())))
    yield from sorted(drawn)


def disjoint(models: int, size: int) -> list[tuple[int, ...]]:
    """As many sets of `size` models without a common member as there are; models left over are in none."""
    return [tuple(range(start, start + size)) for start in range(0, models - size + 1, size)]


def ensemble_scores(predictions: pd.DataFrame, size: int, most: int = MOST, seed: int = 0) -> pd.DataFrame:
    """Scores of ensembles of `size` models, one row per corpus and subset of the models at hand.

    The mean over rows is what an ensemble of that size is worth: no subset is chosen by its score. Subsets share
    models, so the spread over rows is too small a measure of luck; `ensemble_rounds` gives independent ensembles.

    Returns:
        Columns corpus, language, members, clips and the metrics.
    """
    table = _by_round(predictions)
    models = int(table["round"].max()) + 1
    rows = []
    for members in subsets(models, size, most, seed):
        scored = scores_by(_average(table, members), "corpus", "language")
        rows.append(scored.assign(members=[members] * len(scored)))
    return pd.concat(rows, ignore_index=True)


def ensemble_rounds(predictions: pd.DataFrame, size: int) -> pd.DataFrame:
    """Predictions of ensembles that share no model, a `seed` and `run` for each.

    These are independent trainings of the method "ensemble of `size`", which is what `uncertainty.difference` and
    `estimate` ask for: with two or more the interval is over speakers and ensembles. With one, `estimate` gives that of
    this very ensemble on other speakers, and `difference` gives none.

    Raises:
        ValueError: there are fewer models than `size`.
    """
    table = _by_round(predictions)
    models = int(table["round"].max()) + 1
    if models < size:
        raise ValueError(f"an ensemble of {size} needs that many models; there are {models}")
    name = "ensemble of" if "run" not in predictions else f"ensemble with {predictions['run'].iloc[0]} of"
    judged = [
        _average(table, members).assign(seed=number, run=f"{name} {size}, {number}")
        for number, members in enumerate(disjoint(models, size))
    ]
    return pd.concat(judged, ignore_index=True)


def _by_round(predictions: pd.DataFrame) -> pd.DataFrame:
    return predictions.assign(round=rounds(predictions))


def _average(table: pd.DataFrame, members: tuple[int, ...] | None) -> pd.DataFrame:
    chosen = table if members is None else table[table["round"].isin(members)]
    count = table["round"].nunique() if members is None else len(members)
    groups = chosen.groupby(KEYS, sort=False)
    short = int((groups.size() < count).sum()) + len(table.drop_duplicates(KEYS)) - groups.ngroups
    if short:
        raise ValueError(f"{short} clips were not judged by all {count} members; keep those that every round judged")
    about = chosen.drop_duplicates(KEYS).drop(columns=[*PROBABILITIES, "round", "seed", "run"], errors="ignore")
    return about.merge(groups[PROBABILITIES].mean().reset_index(), on=KEYS, validate="one_to_one").assign(seed=0)
