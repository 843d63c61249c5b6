"""A method against the baseline, on the same test clips."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sernb.data.grouping import each_method
from sernb.evaluation import uncertainty
from sernb.evaluation.bootstrap import RESAMPLES, bootstrap
from sernb.evaluation.counts import SCORES, Counts, Metric, accuracy, ratio, rounds, with_runs
from sernb.evaluation.predictions import METRICS, confusion, scores_by
from sernb.labels import EMOTIONS
from sernb.runs import Run

HIGH_AROUSAL = ("angry", "happy")
"""The others are low (Gong et al. 2025, section 4.2)."""
VALENCE = {"angry": "negative", "happy": "positive", "neutral": "neutral", "sad": "negative"}
PAIRS = [(a, b) for number, a in enumerate(EMOTIONS) for b in EMOTIONS[number + 1 :]]


def pooled(runs: list[Run], part: str = "test", variant: str | None = None) -> pd.DataFrame:
    """Predictions of several runs with their seed and run; the folds of one seed together judge every clip once.

    Args:
        runs: of one method.
        part: "test" or "validation".
        variant: of the runs' weights or statistics, as `Run.variant` takes it.
    """
    tables = [run.variant(variant).assign(seed=run.seed, run=run.name) for run in runs]
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
    """The rows of both tables whose clip the other judged too; empty tables where there are none.

    Seeds need not be the same. Tables that come from the same runs, such as two variants of them, are cut down to the
    runs of both.
    """
    if "run" in one and "run" in other:
        shared = set(one["run"].unique()) & set(other["run"].unique())
        if shared:
            one, other = one[one["run"].isin(shared)], other[other["run"].isin(shared)]
    keys = ["corpus", "utterance_id"]
    both = one[keys].drop_duplicates().merge(other[keys].drop_duplicates())
    return one.merge(both, on=keys), other.merge(both, on=keys)


def against(baseline: list[Run], method: list[Run]) -> pd.DataFrame:
    """Scores of both on the clips and seeds of the method, one row per corpus, seed and who ("baseline", "method").

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
    """Scores of each corpus in each round (see `counts.rounds`), one row per corpus and round.

    Columns corpus, language, round, clips, and METRICS. Where every seed judged every clip, rounds are seeds.
    """
    return scores_by(predictions.assign(round=rounds(predictions)), "corpus", "language", "round")


def differences(
    tables: Mapping[str, pd.DataFrame],
    baseline: pd.DataFrame,
    metric: str = "macro_f1",
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Each method less the baseline on the clips both judged: value, intervals, p, effect sizes.

    Args:
        tables: method -> predictions of its runs, from `pooled`.
        baseline: predictions of the baseline's runs.
        metric: of counts.SCORES, for differences and Cohen's d.
        resamples: redraws of the bootstrap.

    Returns:
        One row a method and corpus that both judged:

        * method, corpus, language, clips, speakers; runs and baseline_runs behind either;
        * baseline, score: of each on these clips; value, low, high, p: their difference, its 95 % interval over
          speakers and runs (see `uncertainty.contrast`), and its p; bootstrap_low, bootstrap_high: the same redrawn;
        * holm: p after Holm's correction over all rows, languages and methods;
        * d: Cohen's, over rounds; h: Cohen's, of the accuracies;
        * excludes_zero: whether the interval does.
    """
    rows = []
    chosen = {metric: SCORES[metric]}
    for about, judged in each_method(tables):
        own, base = common(judged, baseline[baseline["corpus"] == about["corpus"]])
        if own.empty:
            continue
        (found,) = uncertainty.difference(own, base, metrics=chosen).to_dict("records")
        counts = Counts.of(uncertainty.apart(own, base))
        drawn = bootstrap(counts, {"method": 1, "baseline": -1}, chosen, resamples).iloc[0]
        rows.append(
            about
            | {
                "clips": own["utterance_id"].nunique(),
                "speakers": own["speaker"].nunique(),
                "runs": with_runs(own)["run"].nunique(),
                "baseline_runs": with_runs(base)["run"].nunique(),
                "baseline": counts.score("baseline", chosen[metric]),
                "score": counts.score("method", chosen[metric]),
                **{name: found[name] for name in ("value", "low", "high", "p")},
                "bootstrap_low": drawn["low"],
                "bootstrap_high": drawn["high"],
                "d": uncertainty.cohens_d(own, base, chosen[metric]),
                "h": uncertainty.cohens_h(counts.score("method", accuracy), counts.score("baseline", accuracy)),
            }
        )
    result = pd.DataFrame(rows)
    if result.empty:
        return result
    return result.assign(holm=uncertainty.holm(result["p"]), excludes_zero=(result["low"] > 0) | (result["high"] < 0))


def share_taken(pair: tuple[str, str]) -> Metric:
    """Share of the clips of either class of a pair that is taken for the other, the mean of both directions."""
    a, b = (EMOTIONS.index(name) for name in pair)

    def metric(counts: np.ndarray) -> np.ndarray:
        shares = ratio(counts, counts.sum(-1, keepdims=True))
        return (shares[..., a, b] + shares[..., b, a]) / 2

    return metric


def kind_of(pair: tuple[str, str]) -> str:
    """What the two classes of a pair share: "arousal", "valence" or "neither"."""
    a, b = pair
    if (a in HIGH_AROUSAL) == (b in HIGH_AROUSAL):
        return "arousal"
    return "valence" if VALENCE[a] == VALENCE[b] else "neither"


def mean_share(kind: str) -> Metric:
    """Mean of `share_taken` over the pairs that share this ("arousal", "valence", "neither")."""
    metrics = [share_taken(pair) for pair in PAIRS if kind_of(pair) == kind]

    def mean(counts: np.ndarray) -> np.ndarray:
        return np.mean([metric(counts) for metric in metrics], axis=0)

    return mean


def arousal_less_rest(counts: np.ndarray) -> np.ndarray:
    """Mean confusion of the two pairs that share arousal, less that of the four others; see `mean_share`."""
    rest = (mean_share("valence")(counts) + 3 * mean_share("neither")(counts)) / 4  # one pair, three pairs
    return mean_share("arousal")(counts) - rest


def pair_confusions(predictions: pd.DataFrame) -> pd.DataFrame:
    """How often the classes of each pair are taken for each other, with intervals.

    Returns:
        One row a pair, the most confused first: pair ("angry and happy"), shares (what the two have in common),
        value, low, high. NaN where a class of the pair has no clip.
    """
    metrics = {f"{a} and {b}": share_taken((a, b)) for a, b in PAIRS}
    found = uncertainty.estimate(predictions, metrics=metrics)
    kinds = {f"{a} and {b}": kind_of((a, b)) for a, b in PAIRS}
    found.insert(1, "shares", found["metric"].map(kinds))
    return found.rename(columns={"metric": "pair"}).sort_values("value", ascending=False, ignore_index=True)
