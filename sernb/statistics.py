"""How far a score can be trusted: intervals, paired tests and effect sizes that know where the chance lies.

Two things are drawn at random behind every score: who speaks, and how a training turns out. Clips of one speaker are
no independent witnesses, and neither are clips judged by one trained model. So what is resampled here are speakers and
seeds, never clips. Everything works on confusion counts of (seed, speaker) cells, so that ten thousand redraws are one
matrix product.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_effectsize

from sernb.evaluation import predicted
from sernb.labels import EMOTIONS

Metric = Callable[[np.ndarray], np.ndarray]
RESAMPLES = 4000
LEVEL = 0.95
UNITS = ("speaker", "seed", "cell")
FEWEST_SPEAKERS = 5
"""That an interval is given for: two can be redrawn in three ways, and no percentile of these is one of 95 %."""


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Share of clips named right; confusion counts (..., true, predicted) -> (...)."""
    return ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum((-2, -1)))


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Mean F1 of the four classes, 0 for one that is neither true nor named; as `evaluation.scores`."""
    named_and_true = counts.sum(-1) + counts.sum(-2)
    f1 = np.nan_to_num(ratio(2 * np.diagonal(counts, axis1=-2, axis2=-1), named_and_true))
    return np.where(counts.sum((-2, -1)) > 0, f1.mean(-1), np.nan)


def uar(counts: np.ndarray) -> np.ndarray:
    """Mean recall of the classes that occur; as `evaluation.scores`."""
    recalls = recall(counts)
    return ratio(np.nansum(recalls, -1), (~np.isnan(recalls)).sum(-1))


def recall(counts: np.ndarray) -> np.ndarray:
    """Recall of each class, (..., 4, 4) -> (..., 4); NaN for one that doesn't occur."""
    return ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(-1))


SCORES: dict[str, Metric] = {"accuracy": accuracy, "macro_f1": macro_f1, "uar": uar}
RECALLS: dict[str, Metric] = {
    f"recall of {emotion}": lambda counts, number=number: recall(counts)[..., number]
    for number, emotion in enumerate(EMOTIONS)
}


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, arrays that broadcast together; NaN where the whole is 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def rounds(predictions: pd.DataFrame) -> pd.Series:
    """The how-manieth judgement of its clip each row is, by seed: within a round every clip is judged once at most.

    Where every seed judges every clip, a round is a seed. Where each seed leaves out another fold, the folds of
    several seeds together make a round, and its confusion matrix counts every clip once.
    """
    order = predictions.sort_values("seed", kind="stable")
    return order.groupby(["corpus", "utterance_id"]).cumcount().reindex(predictions.index)


@dataclass(frozen=True)
class Cells:
    """Confusion counts of one or more tables of predictions, one cell for each round, seed and speaker.

    Attributes:
        counts: table name -> counts, shape (cells, 4, 4).
        round: number of each cell's round, shape (cells,).
        seed: number of each cell's seed, shape (cells,).
        speaker: number of each cell's speaker, shape (cells,).
        stratum: number of each speaker's stratum, shape (speakers,): speakers of one corpus who occur in the same
            tables, and so take each other's place in a redraw.
    """

    counts: dict[str, np.ndarray]
    round: np.ndarray
    seed: np.ndarray
    speaker: np.ndarray
    stratum: np.ndarray

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], equal_speakers: bool = False) -> "Cells":
        """Count.

        Args:
            tables: predictions with a column `seed`, as `comparison.pooled` returns them.
            equal_speakers: every speaker counts the same, whoever left more clips.

        Raises:
            ValueError: a table is empty.
        """
        parts = []
        for name, table in tables.items():
            if table.empty:
                raise ValueError(f"no predictions to judge in {name!r}")
            parts.append(
                pd.DataFrame(
                    {
                        "table": name,
                        "round": rounds(table).to_numpy(),
                        "seed": table["seed"].to_numpy(),
                        "speaker": (table["corpus"] + "|" + table["speaker"].fillna("unknown")).to_numpy(object),
                        "corpus": table["corpus"].to_numpy(object),
                        "true": pd.Categorical(table["emotion"], EMOTIONS).codes,
                        "named": pd.Categorical(predicted(table), EMOTIONS).codes,
                    }
                )
            )
        rows = pd.concat(parts, ignore_index=True)
        identity = ["round", "seed", "speaker"]
        cell = rows.groupby(identity).ngroup().to_numpy()
        keys = rows[identity].drop_duplicates().sort_values(identity, ignore_index=True)
        counts = {}
        for name in tables:
            here = (rows["table"] == name).to_numpy()
            table = np.zeros((len(keys), len(EMOTIONS), len(EMOTIONS)))
            np.add.at(table, (cell[here], rows["true"][here], rows["named"][here]), 1)
            if equal_speakers:
                table /= np.maximum(table.sum((1, 2), keepdims=True), 1)
            counts[name] = table
        number, speakers = pd.factorize(keys["speaker"])
        occurs = rows.groupby("speaker")["table"].agg(lambda names: "|".join(sorted(set(names))))
        home = rows.groupby("speaker")["corpus"].first()
        stratum = pd.factorize((home + "|" + occurs)[speakers])[0]
        return cls(
            counts, keys["round"].to_numpy(), pd.factorize(keys["seed"], sort=True)[0], np.asarray(number), stratum
        )

    @property
    def seeds(self) -> int:
        """How many seeds."""
        return int(self.seed.max()) + 1

    def score(self, table: str, metric: Metric, weights: np.ndarray | None = None) -> np.ndarray:
        """A table's score: that of each round, averaged over rounds by their clips.

        Args:
            table: name of the table.
            metric: confusion counts (..., 4, 4) -> (...).
            weights: how often each cell counts in each of R redraws, shape (R, cells); None for once, R = 1.

        Returns:
            Shape (R,); NaN where a redraw holds nothing to judge.
        """
        weights = np.ones((1, len(self.round))) if weights is None else weights
        total, weighed = np.zeros(len(weights)), np.zeros(len(weights))
        for number in np.unique(self.round):
            here = self.round == number
            confusion = np.einsum("rc,cij->rij", weights[:, here], self.counts[table][here], optimize=True)
            value, clips = metric(confusion), confusion.sum((1, 2))
            known = ~np.isnan(value)
            total += np.where(known, value, 0) * clips
            weighed += np.where(known, clips, 0)
        return ratio(total, weighed)

    def redraw(self, generator: np.random.Generator, resamples: int, only: str | int | None = None) -> np.ndarray:
        """How often each cell counts when speakers, within their stratum, and seeds are drawn with replacement.

        Speakers and seeds are drawn each on their own and their counts multiplied (the pigeonhole bootstrap, Owen
        2007), so that what all clips of a speaker share, and all of a seed, both show in the spread.

        Args:
            generator: of the draws.
            resamples: how many, R.
            only: a stratum's number, or "seed", draws that alone, "cell" each speaker under each seed by itself;
                None draws speakers and seeds.

        Returns:
            Shape (R, cells).
        """
        if only == "cell":
            pair = np.unique(np.stack([self.seed, self.speaker]), axis=1, return_inverse=True)[1].ravel()
            return _draw(generator, int(pair.max()) + 1, resamples)[:, pair].astype(float)
        speakers = np.ones((resamples, len(self.stratum)))
        for number in np.unique(self.stratum):
            if only is None or only == number:
                here = np.flatnonzero(self.stratum == number)
                speakers[:, here] = _draw(generator, len(here), resamples)
        weights = speakers[:, self.speaker]
        if only in (None, "seed"):
            weights *= _draw(generator, self.seeds, resamples)[:, self.seed]
        return weights


def _draw(generator: np.random.Generator, size: int, resamples: int) -> np.ndarray:
    """Counts of `size` things in draws of `size` with replacement, shape (resamples, size)."""
    return generator.multinomial(size, np.full(size, 1 / size), size=resamples)


def contrast(
    tables: Mapping[str, pd.DataFrame],
    weights: Mapping[str, float],
    metrics: Mapping[str, Metric] = SCORES,
    equal_speakers: bool = False,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> pd.DataFrame:
    """A weighted sum of tables' scores with its bootstrap interval, all tables in the same redraws.

    Percentiles of the redraws are too narrow where few speakers or seeds stand behind a score. They are therefore
    taken further out, as Student's t is wider than the normal distribution (the expanded percentile interval,
    Hesterberg 2015), with the degrees of freedom that speakers and seeds contribute (Satterthwaite 1946). In
    benchmarks/intervals.py 95 % intervals hold the true value in 93 to 97 of 100 simulations from ten speakers on, in
    90 with five; with four it would be 87 and with two 50, so they are given none.

    Args:
        tables: predictions with a column `seed`.
        weights: {"method": 1, "baseline": -1} gives a difference.
        metrics: name -> score of confusion counts.
        equal_speakers: see `Cells.of`.
        resamples: redraws.
        level: of the interval.
        seed: of the redraws.

    Returns:
        One row a metric: metric, value, low, high. low and high are NaN where fewer than FEWEST_SPEAKERS stand behind
        a table: they can't tell what others would have given.
    """
    return interval(Cells.of(tables, equal_speakers), weights, metrics, resamples, level, seed)


def interval(
    cells: Cells,
    weights: Mapping[str, float],
    metrics: Mapping[str, Metric] = SCORES,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
    fewest: int = FEWEST_SPEAKERS,
) -> pd.DataFrame:
    """`contrast` of tables that are counted already; `fewest` speakers get an interval, two at least."""

    def score(metric: Metric, drawn: np.ndarray | None = None) -> np.ndarray:
        return sum(weight * cells.score(table, metric, drawn) for table, weight in weights.items())

    strata: dict[str | int, int] = {number: int((cells.stratum == number).sum()) for number in np.unique(cells.stratum)}
    if min(strata.values()) < fewest:
        values = [{"metric": name, "value": score(metric)[0]} for name, metric in metrics.items()]
        return pd.DataFrame(values).assign(low=np.nan, high=np.nan)
    generator = np.random.default_rng(seed)
    sizes = strata | ({"seed": cells.seeds} if cells.seeds > 1 else {})
    every = cells.redraw(generator, resamples)
    parts = [*sizes, "cell"] if "seed" in sizes else [*sizes]
    alone = {part: cells.redraw(generator, max(resamples // 5, 200), part) for part in parts}
    rows = []
    for name, metric in metrics.items():
        (value,), redrawn = score(metric), score(metric, every)
        variances = {part: float(np.nanvar(score(metric, drawn))) for part, drawn in alone.items()}
        tail = _tail(float(np.nanvar(redrawn)), variances, sizes, (1 - level) / 2)
        low, high = np.nanquantile(redrawn, [tail, 1 - tail])
        rows.append({"metric": name, "value": value, "low": low, "high": high})
    return pd.DataFrame(rows)


def _tail(redrawn: float, variances: dict, sizes: dict, tail: float) -> float:
    """Where to cut the redraws so that their interval is as wide as Student's.

    Args:
        redrawn: variance of the redraws of speakers and seeds together.
        variances: of the redraws of each part alone.
        sizes: how many there are to draw from in each part.
        tail: share to cut off if the redraws were normal, and many stood behind them.
    """
    unbiased = {part: variances[part] * size / (size - 1) for part, size in sizes.items()}
    # what speakers and seeds both hold is in both their variances (Cameron, Gelbach and Miller 2011)
    whole = max(sum(unbiased.values()) - variances.get("cell", 0), *unbiased.values(), 0)
    if whole == 0 or redrawn == 0:
        return tail
    freedom = whole**2 / sum(variance**2 / (sizes[part] - 1) for part, variance in unbiased.items())
    return float(stats.norm.sf(np.sqrt(whole / redrawn) * stats.t.isf(tail, freedom)))


def estimate(predictions: pd.DataFrame, **options) -> pd.DataFrame:
    """Scores with intervals; columns metric, value, low, high. See `contrast` for the options."""
    return contrast({"all": predictions}, {"all": 1}, **options)


def difference(method: pd.DataFrame, baseline: pd.DataFrame, **options) -> pd.DataFrame:
    """Scores of one less those of the other, over the same clips and seeds; as `contrast`.

    Raises:
        ValueError: the tables differ in clips or seeds (see `comparison.same_clips`).
    """
    _paired(method, baseline)
    return contrast({"method": method, "baseline": baseline}, {"method": 1, "baseline": -1}, **options)


def gap(predictions: pd.DataFrame, column: str, plus: str, minus: str, **options) -> pd.DataFrame:
    """Scores of one group less those of another, such as women's less men's; as `contrast`.

    Raises:
        ValueError: a group has no clip.
    """
    tables = {name: predictions[predictions[column] == name] for name in (plus, minus)}
    return contrast(tables, {plus: 1, minus: -1}, **options)


def in_words(row: Mapping[str, float], places: int = 3, sign: bool = True) -> str:
    """value, low, high as "+0.021 [-0.040, +0.083]", or "+0.021 (too few speakers)"; `sign` for differences."""
    value, low, high = (f"{row[name]:{'+' if sign else ''}.{places}f}" for name in ("value", "low", "high"))
    return f"{value} (too few speakers)" if np.isnan(row["low"]) else f"{value} [{low}, {high}]"


def worded(table: pd.DataFrame, name: str, places: int = 3, sign: bool = True) -> pd.DataFrame:
    """A table with its columns value, low and high in one, `name`, as `in_words` writes it."""
    cells = [in_words(row, places, sign) for row in table.to_dict("records")]
    return table.drop(columns=["value", "low", "high"]).assign(**{name: cells})


def permutation_test(
    method: pd.DataFrame,
    baseline: pd.DataFrame,
    metric: Metric = macro_f1,
    unit: str = "speaker",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> float:
    """Two-sided p of a paired permutation test: how often a difference as large comes from swapped names alone.

    If method and baseline are the same, their names can be swapped without changing what could have been seen. What
    is swapped together decides which "same" is tested:

    * "speaker": all answers about one speaker, of every seed. Null: for a new speaker, *these trained models* are
      worth the same. Says nothing about other trainings.
    * "seed": all answers of one seed. Null: on *these speakers*, a new training of either is worth the same. With
      five seeds there are 32 ways to swap, and p can't fall under 1/16.
    * "cell": each speaker under each seed by itself. Right only if neither a speaker nor a training carries over
      from cell to cell, which they do: it then finds differences that aren't there. Kept to show that.

    In benchmarks/intervals.py, where nothing differs but one training's luck, p < 0.05 comes up in 2 of 100 simulations
    by seed, in 48 by speaker and in 43 by cell; where it is speakers' luck, in 12, 4 and 20.

    No swapping alone covers new speakers and new trainings at once; the interval of `difference` does. Every way to
    swap is tried where there are no more than `resamples`, so many random ones otherwise.

    Args:
        method: predictions.
        baseline: predictions of the same clips and seeds.
        metric: whose difference is tested.
        unit: one of UNITS.
        resamples: random swaps.
        seed: of them.

    Raises:
        ValueError: unknown unit, or the tables differ in clips or seeds.
    """
    if unit not in UNITS:
        raise ValueError(f"unknown unit {unit!r}; known are {', '.join(UNITS)}")
    _paired(method, baseline)
    cells = Cells.of({"method": method, "baseline": baseline})
    pairs = pd.DataFrame({"speaker": cells.speaker, "seed": cells.seed})
    columns = [unit] if unit != "cell" else ["speaker", "seed"]
    number = pairs.groupby(columns).ngroup().to_numpy()
    size = int(number.max()) + 1

    def statistic(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
        # the units of `method` are numbered from 0, those of `baseline` from `size`
        swapped = np.moveaxis(np.atleast_2d(first) >= size, axis, -1)[..., number].astype(float)
        swapped = swapped.reshape(-1, len(number))
        value = _swapped(cells, metric, swapped) - _swapped(cells, metric, 1 - swapped)
        return value.reshape(np.moveaxis(np.asarray(first), axis, -1).shape[:-1])

    if size < 2:
        return np.nan
    found = stats.permutation_test(
        (np.arange(size), size + np.arange(size)),
        statistic,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=1000,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _swapped(cells: Cells, metric: Metric, swapped: np.ndarray) -> np.ndarray:
    """Score of the table that takes each cell from the baseline where `swapped` (R, cells) is 1, else the method."""
    own, other = cells.counts["method"], cells.counts["baseline"]
    total, weighed = np.zeros(len(swapped)), 0.0
    for number in np.unique(cells.round):
        here = cells.round == number
        moved = np.einsum("rc,cij->rij", swapped[:, here], (other - own)[here], optimize=True)
        clips = own[here].sum()
        total += metric(own[here].sum(0) + moved) * clips
        weighed += clips
    return total / weighed


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
    cells = Cells.of({"all": predictions})
    seeds = np.sort(predictions["seed"].unique())
    values = [metric(cells.counts["all"][cells.seed == number].sum(0)) for number in range(len(seeds))]
    return pd.Series(np.array(values, float), index=pd.Index(seeds, name="seed"))


def cohens_d(method: pd.DataFrame, baseline: pd.DataFrame, metric: Metric = macro_f1) -> float:
    """Paired effect size over seeds: mean difference over its standard deviation; NaN with fewer than two seeds."""
    _paired(method, baseline)
    differences = (per_seed(method, metric) - per_seed(baseline, metric)).to_numpy()
    if len(differences) < 2 or np.std(differences) == 0:
        return np.nan
    return float(differences.mean() / differences.std(ddof=1))


def cohens_h(share: float, other: float) -> float:
    """Effect size of two shares, such as accuracies: 0.2 small, 0.5 medium, 0.8 large (Cohen 1988)."""
    return float(proportion_effectsize(share, other))


def _paired(method: pd.DataFrame, baseline: pd.DataFrame) -> None:
    keys = ["seed", "corpus", "utterance_id"]
    first, second = (pd.MultiIndex.from_frame(table[keys]).sort_values() for table in (method, baseline))
    if not first.equals(second):
        raise ValueError(
            f"{len(first)} and {len(second)} judgements that are not of the same clips under the same seeds; "
            "bring both tables to the same with comparison.same_clips"
        )
