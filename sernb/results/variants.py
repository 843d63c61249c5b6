"""Every method under each choice of weights and statistics, against the plain baseline on the same clips."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sernb.data.grouping import each_corpus
from sernb.evaluation import comparison, uncertainty
from sernb.evaluation.counts import Counts, accuracy, macro_f1
from sernb.results.findings import METHODS, runs_of_group
from sernb.runs import STATISTICS

WEIGHTS = {
    "baseline": ("averaged", "last"),
    "contrastive": ("averaged", "last"),
    "byol": ("target", "online"),
}
"""What a run holds: first the weights that `Run.predictions` are of, then those that a variant is named after."""
ALIKE = {
    "contrastive": (("averaged", None, None), ("last", "last", "last")),
    "byol": (("target", None, None), ("online", "online", "last")),
}
"""Weights of a method, their variant, and the baseline's variant of the same kind."""


def gain_rows(root: Path) -> pd.DataFrame:
    """Macro-F1 of every variant, and what it has over the plain baseline with its 95 % interval.

    The plain baseline is the average of its weights without target statistics. Neither paper averages weights (BYOL's
    target network aside) or uses target statistics, so each is a row of its own: what a method brings beyond them
    shows between rows of equal weights and statistics.

    Args:
        root: folder of the stored runs.

    Returns:
        One row a variant and corpus: method, weights, statistics, corpus, language, score, value, low, high. The plain
        baseline, which is compared with itself, has a score alone.
    """

    def measured(own: pd.DataFrame, plain: pd.DataFrame) -> dict[str, float]:
        score = Counts.of({"own": own}).score("own", macro_f1)
        return {"score": score} | ({} if own is plain else _gain(own, plain))

    return _rows(root, measured)


def alike_rows(root: Path) -> pd.DataFrame:
    """What each method has over a baseline of the same kind: macro-F1, with its 95 % interval.

    The weights of the last step swing from one step to the next, and a head meets a shifted embedding in a new corpus.
    Averaged weights and target statistics help against both without a method, so a method's own worth is what it has
    over a baseline that is treated alike. BYOL's target is an average over steps, and stands beside the averaged
    baseline.

    Args:
        root: folder of the stored runs.

    Returns:
        One row a method, kind and corpus: method, weights, statistics, corpus, language, value, low, high.
    """
    rows = []
    for group, pairs in ALIKE.items():
        for weights, own, other in pairs:
            for moved in (False, True):
                judged, plain = (
                    comparison.pooled(runs_of_group(root, name), variant=_variant(kind, moved))
                    for name, kind in ((group, own), ("baseline", other))
                )
                row = {"method": METHODS[group], "weights": weights, "statistics": _statistics(moved)}
                for about, clips in each_corpus(judged):
                    gain = _gain(*comparison.common(clips, plain[plain["corpus"] == about["corpus"]]))
                    rows.append(row | about | gain)
    return pd.DataFrame(rows)


def gap_rows(root: Path) -> pd.DataFrame:
    """Women's accuracy less men's of every variant, with its 95 % interval; columns as `gain_rows`, without score."""

    def measured(own: pd.DataFrame, plain: pd.DataFrame) -> dict[str, float]:
        found = uncertainty.gap(own, "gender", "female", "male", metrics={"accuracy": accuracy})
        return found.iloc[0][["value", "low", "high"]].to_dict()

    return _rows(root, measured)


def variants_page(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of this file's functions, a column a corpus: "0.558, +0.118 [+0.030, +0.200]", the score if there is one."""

    def cell(row: dict) -> str:
        score = [f"{row['score']:.3f}"] if "score" in row else []
        return ", ".join(score if pd.isna(row["value"]) else [*score, uncertainty.in_words(row)])

    keys = ["method", "weights", "statistics"]
    cells = rows.assign(cell=[cell(row) for row in rows.to_dict("records")])
    wide = cells.pivot(index=keys, columns="corpus", values="cell").reset_index().rename_axis(columns=None)
    return rows[keys].drop_duplicates().merge(wide, on=keys)


def _rows(root: Path, measured: Callable[[pd.DataFrame, pd.DataFrame], dict[str, float]]) -> pd.DataFrame:
    plain = comparison.pooled(runs_of_group(root, "baseline"))
    rows = []
    for group, (own_weights, other_weights) in WEIGHTS.items():
        for weights in (own_weights, other_weights):
            for moved in (False, True):
                variant = _variant(weights if weights == other_weights else None, moved)
                judged = comparison.pooled(runs_of_group(root, group), variant=variant)
                row = {"method": METHODS[group], "weights": weights, "statistics": _statistics(moved)}
                for about, own in each_corpus(judged):
                    first = group == "baseline" and variant is None
                    own, base = comparison.common(own, plain[plain["corpus"] == about["corpus"]])
                    rows.append(row | about | measured(own, own if first else base))
    return pd.DataFrame(rows)


def _gain(own: pd.DataFrame, base: pd.DataFrame) -> dict[str, float]:
    found = uncertainty.difference(own, base, metrics={"macro_f1": macro_f1})
    return found.iloc[0][["value", "low", "high"]].to_dict()


def _statistics(moved: bool) -> str:
    return "target" if moved else "source"


def _variant(weights: str | None, moved: bool) -> str | None:
    return "-".join(part for part in (weights, STATISTICS if moved else None) if part) or None
