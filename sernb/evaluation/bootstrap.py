"""The interval of `uncertainty.contrast` by redrawing speakers and trainings: slower, and free of a formula."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from sernb.evaluation.counts import SCORES, Counts, Metric, mean_of_rounds
from sernb.evaluation.uncertainty import FEWEST_SPEAKERS, LEVEL

RESAMPLES = 40_000
"""A bound moves by less than .002 from one seed of the redraws to another (tests/evaluation/test_bootstrap.py)."""
BATCH = 2000


def bootstrap(
    counts: Counts,
    weights: Mapping[str, float],
    metrics: Mapping[str, Metric] = SCORES,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
    fewest: int = FEWEST_SPEAKERS,
) -> pd.DataFrame:
    """Redraw speakers within their stratum, and runs, each on their own, and multiply how often each is drawn.

    This is the pigeonhole bootstrap (Owen 2007): what all clips of a speaker share, and all of a run, both show in the
    spread. Percentiles of redraws are too narrow where few speakers or runs stand behind a score; they are taken
    further out, as Student's t is wider than the normal distribution (the expanded percentile interval, Hesterberg
    2015). Runs that judge the same speakers are redrawn among themselves; a run that alone judges its speakers is not.

    Args:
        counts: of the tables.
        weights: of the tables' scores, as `uncertainty.contrast`.
        metrics: name -> score of confusion counts.
        resamples: redraws.
        level: of the interval.
        seed: of the redraws.
        fewest: speakers in every stratum, or there is no interval.

    Returns:
        One row a metric: metric, low, high, and tail, the share of redraws that lies beyond either bound.
    """
    pools = pools_of(counts, weights)
    strata = [np.flatnonzero(counts.stratum == number) for number in np.unique(counts.stratum)]
    if min(map(len, strata)) < fewest:
        return pd.DataFrame({"metric": list(metrics), "low": np.nan, "high": np.nan, "tail": np.nan})
    generator = np.random.default_rng(seed)
    every = _redrawn(counts, weights, metrics, generator, resamples, strata, pools)
    parts: list[tuple[list[np.ndarray], list[np.ndarray], int]] = [
        *(([stratum], [], len(stratum)) for stratum in strata),
        *(([], [pool], len(pool)) for pool in pools),
    ]
    few = max(resamples // 5, 200)
    alone = [_redrawn(counts, weights, metrics, generator, few, *part[:2]) for part in parts]
    cells = _redrawn(counts, weights, metrics, generator, few, [], pools, cells=True) if pools else None
    rows = []
    for name in metrics:
        variances = [(float(np.nanvar(drawn[name])), size) for drawn, (*_, size) in zip(alone, parts, strict=True)]
        shared = float(np.nanvar(cells[name])) if cells else 0.0
        tail = _tail(float(np.nanvar(every[name])), variances, shared, (1 - level) / 2)
        low, high = np.nanquantile(every[name], [tail, 1 - tail])
        rows.append({"metric": name, "low": low, "high": high, "tail": tail})
    return pd.DataFrame(rows)


def pools_of(counts: Counts, weights: Mapping[str, float]) -> list[np.ndarray]:
    """Runs that take each other's place in a redraw: those that judge the same speakers for the same tables."""
    judges: dict[tuple, list[int]] = {}
    for number in range(max(int(counts.run[table].max()) for table in weights) + 1):
        where = [(table, *np.flatnonzero((counts.run[table] == number).any(0))) for table in weights]
        where = [one for one in where if len(one) > 1]
        if where:
            judges.setdefault(tuple(where), []).append(number)
    return [np.array(runs) for runs in judges.values() if len(runs) > 1]


def _redrawn(
    counts: Counts,
    weights: Mapping[str, float],
    metrics: Mapping[str, Metric],
    generator: np.random.Generator,
    resamples: int,
    strata: list[np.ndarray],
    pools: list[np.ndarray],
    cells: bool = False,
) -> dict[str, np.ndarray]:
    """Scores of redraws, shape (resamples,) for each metric; `cells`: each speaker under each run drawn by itself."""
    speakers, runs = len(counts.stratum), max(int(run.max()) for run in counts.run.values()) + 1
    found = {name: np.empty(resamples) for name in metrics}
    for start in range(0, resamples, BATCH):
        size = min(BATCH, resamples - start)
        by_speaker, by_run = np.ones((size, speakers)), np.ones((size, runs + 1))
        for stratum in strata:
            by_speaker[:, stratum] = _draw(generator, len(stratum), size)
        for pool in pools:
            by_run[:, pool] = _draw(generator, len(pool), size)
        if cells:
            by_cell = _draw(generator, runs * speakers, size).reshape(size, runs, speakers)
        total: dict[str, float | np.ndarray] = dict.fromkeys(metrics, 0.0)
        for table, weight in weights.items():
            run = counts.run[table]
            times = by_cell[:, run, np.arange(speakers)] if cells else by_speaker[:, None] * by_run[:, run]
            confusion = np.einsum("rki,kiab->krab", times, counts.counts[table], optimize=True)
            for name, metric in metrics.items():
                total[name] = total[name] + weight * mean_of_rounds(metric, confusion)
        for name in metrics:
            found[name][start : start + size] = total[name]
    return found


def _draw(generator: np.random.Generator, size: int, resamples: int) -> np.ndarray:
    """Counts of `size` things in draws of `size` with replacement, shape (resamples, size)."""
    return generator.multinomial(size, np.full(size, 1 / size), size=resamples)


def _tail(redrawn: float, variances: list[tuple[float, int]], shared: float, tail: float) -> float:
    """Where to cut the redraws so that their interval is as wide as Student's.

    Args:
        redrawn: variance of the redraws of speakers and runs together.
        variances: of the redraws of each part alone, and how many there are to draw from.
        shared: variance of the redraws of each speaker under each run.
        tail: share to cut off if the redraws were normal, and many stood behind them.
    """
    unbiased = [(variance * size / (size - 1), size) for variance, size in variances]
    # what speakers and runs both hold is in both their variances (Cameron, Gelbach and Miller 2011)
    whole = max(sum(variance for variance, _ in unbiased) - shared, *(variance for variance, _ in unbiased), 0)
    if whole == 0 or redrawn == 0:
        return tail
    freedom = whole**2 / sum(variance**2 / (size - 1) for variance, size in unbiased)
    return float(stats.norm.sf(np.sqrt(whole / redrawn) * stats.t.isf(tail, freedom)))
