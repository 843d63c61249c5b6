"""A method against the baseline, on the same test clips and seed by seed."""

import pandas as pd

from sernb.evaluation import METRICS, confusion, scores_by
from sernb.runs import Run


def pooled(runs: list[Run], part: str = "test") -> pd.DataFrame:
    """Predictions of several runs with their seed; the folds of one seed together judge every clip once."""
    tables = [run.predictions.assign(seed=run.config["config"]["seed"]) for run in runs]
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
