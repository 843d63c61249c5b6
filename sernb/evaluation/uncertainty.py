"""How far a score can be trusted: intervals and effect sizes that know where the chance lies.

Two things are drawn at random behind every score: who speaks, and how a training turns out. Clips of one speaker are
no independent witnesses, and neither are clips judged by one trained model. So chance is measured between speakers and
between trainings, never between clips (see `evaluation.jackknife`).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_effectsize

from sernb.evaluation.counts import SCORES, Counts, Metric, by_round, macro_f1, mean_of_rounds, ratio
from sernb.evaluation.jackknife import Shares, shares, standard_error, student

LEVEL = 0.95
FEWEST_SPEAKERS = 5
"""That an interval is given for: the spread of four says little about other speakers."""


def contrast(
    tables: Mapping[str, pd.DataFrame],
    weights: Mapping[str, float],
    metrics: Mapping[str, Metric] = SCORES,
    equal_speakers: bool = False,
    level: float = LEVEL,
) -> pd.DataFrame:
    """A weighted sum of tables' scores with Student's interval over speakers and trainings.

    Speakers are the same in all tables that judge them. Trainings are told apart by the column `run` (or `seed`, where
    a table has no `run`): tables of the same runs, such as women and men under one model, share their luck; other
    tables' trainings are independent, whatever their seeds. With one training that judges everybody, the interval is
    that of this model on other speakers.

    `python benchmarks/intervals.py` shows how often 95 % intervals hold the true value.

    Args:
        tables: predictions with a column `seed`.
        weights: {"method": 1, "baseline": -1} gives a difference.
        metrics: name -> score of confusion counts.
        equal_speakers: see `Counts.of`.
        level: of the interval.

    Returns:
        One row a metric: metric, value, low, high, p (two-sided, of a value of 0). low, high and p are NaN where fewer
        than FEWEST_SPEAKERS stand behind a table, where a difference rests on one training of either (see `gain_known`)
        or where a score can't be computed without some speaker.
    """
    return interval(Counts.of(tables, equal_speakers), weights, metrics, level)


def interval(
    counts: Counts,
    weights: Mapping[str, float],
    metrics: Mapping[str, Metric] = SCORES,
    level: float = LEVEL,
    fewest: int = FEWEST_SPEAKERS,
) -> pd.DataFrame:
    """`contrast` of tables that are counted already; strata of fewer than `fewest` speakers get no interval."""
    known = np.bincount(counts.stratum).min() >= fewest
    rows = []
    for name, metric in metrics.items():
        value = sum(weight * counts.score(table, metric) for table, weight in weights.items())
        families = _families(counts, weights, metric)
        low = high = p = np.nan
        if known and families is not None and gain_known(families):
            low, high, p = student(value, *standard_error(families, counts.stratum), level)
        rows.append({"metric": name, "value": value, "low": low, "high": high, "p": p})
    return pd.DataFrame(rows)


def gain_known(families: list[Shares]) -> bool:
    """Whether the luck of trainings can be seen: a gain of one method over another needs two runs of each."""
    return len(families) < 2 or all(family.trainings > 1 for family in families)


def _families(counts: Counts, weights: Mapping[str, float], metric: Metric) -> list[Shares] | None:
    """Shares of each set of tables that come from the same runs; None where a score hangs on a single speaker."""
    families: dict[frozenset, Shares] = {}
    for table, weight in weights.items():
        share = table_shares(counts.counts[table], metric)
        if share is None:
            return None
        run = counts.run[table]
        own = frozenset(run[run >= 0].tolist())
        found = families.get(own)
        if found is None:
            families[own] = Shares(weight * share, run)
        else:
            both = np.where(np.isnan(found.share), weight * share, found.share + weight * np.nan_to_num(share))
            families[own] = Shares(both, np.maximum(found.run, run))
    return list(families.values())


def table_shares(counts: np.ndarray, metric: Metric) -> np.ndarray | None:
    """Shares of speakers in a table's score, (rounds, speakers), from counts (rounds, speakers, 4, 4).

    None where a score is missing without one of the speakers: it rests on that speaker alone.
    """
    whole = counts.sum(1)
    judged = counts.sum((2, 3)) > 0
    score, clips = metric(whole), whole.sum((1, 2))
    weight = np.where(np.isnan(score), 0, clips)
    without = np.where(judged, metric(whole[:, None] - counts), np.nan)
    lone = judged.sum(1) == 1
    if (np.isnan(without) & judged)[~np.isnan(score) & ~lone].any():
        return None
    without = np.where(judged & np.isnan(without), np.nan_to_num(score)[:, None], without)
    return shares(np.nan_to_num(score), without, weight / max(weight.sum(), 1))


def estimate(predictions: pd.DataFrame, bounded: bool = True, **options) -> pd.DataFrame:
    """Scores with intervals; columns as `contrast`, less p. See there for the other options.

    Args:
        predictions: of one or more runs.
        bounded: cut the intervals to 0 to 1, as is right for scores and shares but not for a metric that can be less
            than 0.
    """
    found = contrast({"all": predictions}, {"all": 1}, **options).drop(columns="p")
    return found.assign(low=found["low"].clip(lower=0), high=found["high"].clip(upper=1)) if bounded else found


def difference(method: pd.DataFrame, baseline: pd.DataFrame, **options) -> pd.DataFrame:
    """Scores of one less those of the other, over the same clips and any runs; as `contrast`.

    Without a column `run`, both are taken for different trainings.

    Raises:
        ValueError: the tables differ in clips (see `comparison.common`).
    """
    keys = ["corpus", "utterance_id"]
    first, second = (pd.MultiIndex.from_frame(table[keys].drop_duplicates()) for table in (method, baseline))
    if not first.sort_values().equals(second.sort_values()):
        raise ValueError(
            f"{len(first)} and {len(second)} clips that are not the same; bring both tables to the clips that both "
            "judged with comparison.common"
        )
    return contrast(apart(method, baseline), {"method": 1, "baseline": -1}, **options)


def apart(method: pd.DataFrame, baseline: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Both tables by name, "method" and "baseline"; runs known by their seeds alone are no longer the same runs."""
    return {
        name: table if "run" in table else table.assign(run=name + " " + table["seed"].astype(str))
        for name, table in (("method", method), ("baseline", baseline))
    }


def gap(predictions: pd.DataFrame, column: str, plus: str, minus: str, **options) -> pd.DataFrame:
    """Scores of one group less those of another, such as women's less men's; as `contrast`.

    Raises:
        ValueError: a group has no clip.
    """
    tables = {name: predictions[predictions[column] == name] for name in (plus, minus)}
    return contrast(tables, {plus: 1, minus: -1}, **options)


def in_words(row: Mapping[str, float], places: int = 3, sign: bool = True) -> str:
    """value, low, high as "+0.021 [-0.040, +0.083]", or "+0.021 (too few speakers or runs)"; `sign` for differences.

    Examples:
        >>> in_words({"value": 0.0213, "low": -0.04, "high": 0.083})
        '+0.021 [-0.040, +0.083]'
    """
    value, low, high = (f"{row[name]:{'+' if sign else ''}.{places}f}" for name in ("value", "low", "high"))
    return f"{value} (too few speakers or runs)" if np.isnan(row["low"]) else f"{value} [{low}, {high}]"


def worded(table: pd.DataFrame, name: str, places: int = 3, sign: bool = True) -> pd.DataFrame:
    """A table with its columns value, low and high in one, `name`, as `in_words` writes it."""
    cells = [in_words(row, places, sign) for row in table.to_dict("records")]
    return table.drop(columns=["value", "low", "high"]).assign(**{name: cells})


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's correction of several tests' p, shape (tests,); NaN stays NaN and counts as no test."""
    p = np.asarray(p, float)
    corrected = np.full(p.shape, np.nan)
    known = ~np.isnan(p)
    if known.any():
        corrected[known] = multipletests(p[known], method="holm")[1]
    return corrected


def per_seed(predictions: pd.DataFrame, metric: Metric = macro_f1) -> pd.Series:
    """The score of each seed on the clips it judged, index seed."""
    values = {seed: mean_of_rounds(metric, by_round(rows)) for seed, rows in predictions.groupby("seed")}
    return pd.Series(values, dtype=float).rename_axis("seed")


def gains_per_seed(own: pd.DataFrame, control: pd.DataFrame, by: str) -> pd.DataFrame:
    """What one table of predictions has over another under each seed: index seed, a column per value of `by`."""
    return pd.DataFrame(
        {value: per_seed(rows) - per_seed(control[control[by] == value]) for value, rows in own.groupby(by)}
    )


def cohens_d(method: pd.DataFrame, baseline: pd.DataFrame, metric: Metric = macro_f1) -> float:
    """Effect size over rounds: difference of means over the pooled standard deviation; NaN with one round of either."""
    values = [metric(by_round(table)) for table in (method, baseline)]
    if min(len(value) for value in values) < 2:
        return np.nan
    spread = sum(value.var(ddof=1) * (len(value) - 1) for value in values) / (sum(map(len, values)) - 2)
    return float(ratio(values[0].mean() - values[1].mean(), np.sqrt(spread)))


def cohens_h(share: float, other: float) -> float:
    """Effect size of two shares, such as accuracies: 0.2 small, 0.5 medium, 0.8 large (Cohen 1988)."""
    return float(proportion_effectsize(share, other))
