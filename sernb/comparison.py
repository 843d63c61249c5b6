"""A method against the baseline, on the same test clips and seed by seed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sernb import statistics
from sernb.evaluation import METRICS, confusion, scores_by
from sernb.labels import EMOTIONS
from sernb.runs import Run

HIGH_AROUSAL = ("angry", "happy")
"""The others are low (Gong et al. 2025, section 4.2)."""
VALENCE = {"angry": "negative", "happy": "positive", "neutral": "neutral", "sad": "negative"}
PAIRS = [(a, b) for number, a in enumerate(EMOTIONS) for b in EMOTIONS[number + 1 :]]


def pooled(runs: list[Run], part: str = "test", variant: str | None = None) -> pd.DataFrame:
    """Predictions of several runs with their seed; the folds of one seed together judge every clip once.

    Args:
        runs: of one method.
        part: "test" or "validation".
        variant: of the runs' weights or statistics, as `Run.variant` takes it.
    """
    tables = [run.variant(variant).assign(seed=run.config["config"]["seed"]) for run in runs]
    table = pd.concat(tables, ignore_index=True)
    return table[table["part"] == part].reset_index(drop=True)


def same_clips(predictions: pd.DataFrame, of: pd.DataFrame) -> pd.DataFrame:
    """The rows of one table whose seed and clip the other has too.

    Raises:
        ValueError: a clip of `of` was not judged in `predictions`.
    """
    keys = ["seed", "utterance_id"]
    kept = predictions.merge(of[keys], on=keys)
    if len(kept) < len(of):
        raise ValueError(f"{len(of) - len(kept)} of {len(of)} clips were not judged by both with the same seed")
    return kept


def common(one: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of both tables whose seed and clip the other has too; empty tables where there are none."""
    keys = ["seed", "utterance_id"]
    both = one[keys].merge(other[keys], on=keys)
    return one.merge(both, on=keys), other.merge(both, on=keys)


def against(baseline: list[Run], method: list[Run]) -> pd.DataFrame:
    """Scores of both on the clips and seeds of the method, one row a corpus, seed and who ("baseline", "method").

    Raises:
        ValueError: a clip or seed of the method that the baseline lacks.
    """
    judged = pooled(method)
    tables = {"baseline": same_clips(pooled(baseline), judged), "method": judged}
    scored = [scores_by(table, "corpus", "language", "seed").assign(who=who) for who, table in tables.items()]
    return pd.concat(scored, ignore_index=True)


def gains(compared: pd.DataFrame) -> pd.DataFrame:
    """Method minus baseline, seed by seed; mean and standard deviation over seeds of each corpus.

    Args:
        compared: from `against`.

    Returns:
        Columns corpus, language, seeds, and for each metric its `_gain` and `_std`.
    """
    keys = ["corpus", "language", "seed"]
    baseline, method = (
        compared[compared["who"] == who].set_index(keys)[list(METRICS)] for who in ("baseline", "method")
    )
    groups = (method - baseline).groupby(["corpus", "language"])
    summary = groups.mean().add_suffix("_gain").join(groups.std().add_suffix("_std"))
    return summary.assign(seeds=groups.size()).reset_index()


def confusion_difference(baseline: list[Run], method: list[Run], language: str) -> pd.DataFrame:
    """The method's confusion matrix less the baseline's, in points of 100, as the paper's Table 2."""
    judged = pooled(method).query("language == @language")
    return 100 * (confusion(judged) - confusion(same_clips(pooled(baseline), judged)))


def scored_rounds(predictions: pd.DataFrame) -> pd.DataFrame:
    """Scores of each corpus in each round (see `statistics.rounds`), one row a corpus and round.

    Columns corpus, language, round, clips, and METRICS. Where every seed judged every clip, rounds are seeds.
    """
    return scores_by(predictions.assign(round=statistics.rounds(predictions)), "corpus", "language", "round")


def differences(
    tables: Mapping[str, pd.DataFrame],
    baseline: pd.DataFrame,
    metric: str = "macro_f1",
    resamples: int = statistics.RESAMPLES,
) -> pd.DataFrame:
    """Each method less the baseline on the clips and seeds both judged: value, interval, tests, effect sizes.

    Args:
        tables: method -> predictions of its runs, from `pooled`.
        baseline: predictions of the baseline's runs.
        metric: of statistics.SCORES, for differences, tests and Cohen's d.
        resamples: redraws of the interval and swaps of the tests.

    Returns:
        One row a method and corpus that both judged:

        * method, corpus, language, clips, speakers, seeds (both judged);
        * baseline, score: of each on these clips; value, low, high: their difference and its 95 % interval over
          speakers and seeds;
        * p_speakers, p_seeds: of permutation tests (see `statistics.permutation_test`); holm_speakers, holm_seeds: the
          same corrected over the languages of a method;
        * d: Cohen's, over seeds; h: Cohen's, of the accuracies;
        * excludes_zero: whether the interval does.
    """
    rows = []
    chosen = {metric: statistics.SCORES[metric]}
    for method, table in tables.items():
        for (corpus, language), judged in table.groupby(["corpus", "language"]):
            own, base = common(judged, baseline[baseline["corpus"] == corpus])
            if own.empty:
                continue
            (found,) = statistics.difference(own, base, metrics=chosen, resamples=resamples).to_dict("records")
            cells = statistics.Cells.of({"own": own, "base": base})
            (score,), (before,) = (cells.score(name, chosen[metric]) for name in ("own", "base"))
            right, right_before = (float(cells.score(name, statistics.accuracy)[0]) for name in ("own", "base"))
            p = {
                f"p_{unit}s": statistics.permutation_test(own, base, chosen[metric], unit, resamples)
                for unit in ("speaker", "seed")
            }
            rows.append(
                {
                    "method": method,
                    "corpus": corpus,
                    "language": language,
                    "clips": own["utterance_id"].nunique(),
                    "speakers": own["speaker"].nunique(),
                    "seeds": own["seed"].nunique(),
                    "baseline": before,
                    "score": score,
                    "value": found["value"],
                    "low": found["low"],
                    "high": found["high"],
                    **p,
                    "d": statistics.cohens_d(own, base, chosen[metric]),
                    "h": statistics.cohens_h(right, right_before),
                }
            )
    result = pd.DataFrame(rows)
    if result.empty:
        return result
    for unit in ("speakers", "seeds"):
        result[f"holm_{unit}"] = result.groupby("method")[f"p_{unit}"].transform(lambda p: statistics.holm(p))
    return result.assign(excludes_zero=(result["low"] > 0) | (result["high"] < 0))


def share_taken(pair: tuple[str, str]) -> statistics.Metric:
    """Share of the clips of either class of a pair that is taken for the other, the mean of both directions."""
    a, b = (EMOTIONS.index(name) for name in pair)

    def metric(counts: np.ndarray) -> np.ndarray:
        shares = statistics.ratio(counts, counts.sum(-1, keepdims=True))
        return (shares[..., a, b] + shares[..., b, a]) / 2

    return metric


def kind_of(pair: tuple[str, str]) -> str:
    """What the two classes of a pair share: "arousal", "valence" or "neither"."""
    a, b = pair
    if (a in HIGH_AROUSAL) == (b in HIGH_AROUSAL):
        return "arousal"
    return "valence" if VALENCE[a] == VALENCE[b] else "neither"


def mean_share(kind: str) -> statistics.Metric:
    """Mean of `share_taken` over the pairs that share this ("arousal", "valence", "neither")."""
    metrics = [share_taken(pair) for pair in PAIRS if kind_of(pair) == kind]
    return lambda counts: sum(metric(counts) for metric in metrics) / len(metrics)


def pair_confusions(predictions: pd.DataFrame, resamples: int = 1000) -> pd.DataFrame:
    """How often the classes of each pair are taken for each other, with intervals.

    Returns:
        One row a pair, the most confused first: pair ("angry and happy"), shares (what the two have in common),
        value, low, high. NaN where a class of the pair has no clip.
    """
    metrics = {f"{a} and {b}": share_taken((a, b)) for a, b in PAIRS}
    found = statistics.estimate(predictions, metrics=metrics, resamples=resamples)
    kinds = {f"{a} and {b}": kind_of((a, b)) for a, b in PAIRS}
    found.insert(1, "shares", found["metric"].map(kinds))
    return found.rename(columns={"metric": "pair"}).sort_values("value", ascending=False, ignore_index=True)
