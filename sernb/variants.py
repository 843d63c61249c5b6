"""Every method under each choice of weights and statistics, against the plain baseline on the same clips and seeds."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sernb import comparison, statistics
from sernb.findings import METHODS, grouped
from sernb.training.outputs import STATISTICS

WEIGHTS = {
    "baseline": ("best epoch", "averaged"),
    "contrastive": ("best epoch", "averaged"),
    "byol": ("target", "online"),
}
"""What a run holds: first the weights that `Run.predictions` are of, then those that a variant is named after."""
ALIKE = {
    "contrastive": (("best epoch", None, None), ("averaged", "averaged", "averaged")),
    "byol": (("target, averaged", None, "averaged"), ("online, best epoch", "online", None)),
}
"""Weights of a method, their variant, and the baseline's variant of the same kind."""


def gains(root: Path) -> pd.DataFrame:
    """Macro-F1 of every variant, and what it has over the plain baseline with its 95 % interval.

    Neither paper averages weights (BYOL's target network aside) or uses target statistics, so each is a row of its
    own: what a method brings beyond them shows between rows of equal weights and statistics.

    Args:
        root: folder of the stored runs.

    Returns:
        Columns method, weights, statistics, and for each corpus "0.558, +0.118 [+0.030, +0.200]"; the first row has
        the score alone.
    """
    chosen = {"macro_f1": statistics.SCORES["macro_f1"]}

    def cell(own: pd.DataFrame, plain: pd.DataFrame) -> str:
        (score,) = statistics.Cells.of({"own": own}).score("own", statistics.macro_f1)
        if own is plain:
            return f"{score:.3f}"
        (gain,) = statistics.difference(own, plain, metrics=chosen).to_dict("records")
        return f"{score:.3f}, {statistics.in_words(gain)}"

    return _table(root, cell)


def alike(root: Path) -> pd.DataFrame:
    """What each method has over a baseline of the same kind: macro-F1, with its 95 % interval.

    A single checkpoint of a short training swings from one epoch to the next, and a head meets a shifted embedding in
    a new corpus. Both can be mended without a method, so a method's own worth is what it has over a baseline mended
    in the same way. BYOL's target is an average over steps, and stands beside the averaged baseline.

    Args:
        root: folder of the stored runs.

    Returns:
        Columns method, weights, statistics, and for each corpus "+0.118 [+0.030, +0.200]".
    """
    chosen = {"macro_f1": statistics.SCORES["macro_f1"]}
    rows = []
    for group, pairs in ALIKE.items():
        for weights, own, other in pairs:
            for moved in (False, True):
                judged, plain = (
                    comparison.pooled(grouped(root, name), variant=_variant(kind, moved))
                    for name, kind in ((group, own), ("baseline", other))
                )
                row = {"method": METHODS[group], "weights": weights, "statistics": "target" if moved else "source"}
                for corpus, clips in judged.groupby("corpus"):
                    one, base = comparison.common(clips, plain[plain["corpus"] == corpus])
                    found = statistics.difference(one, base, metrics=chosen)
                    row[corpus] = statistics.in_words(found.iloc[0])
                rows.append(row)
    return pd.DataFrame(rows)


def gender_gaps(root: Path) -> pd.DataFrame:
    """Women's accuracy less men's of every variant, with its 95 % interval; columns as `gains`."""

    def cell(own: pd.DataFrame, plain: pd.DataFrame) -> str:
        accuracy = {"accuracy": statistics.accuracy}
        found = statistics.gap(own, "gender", "female", "male", metrics=accuracy)
        return statistics.in_words(found.iloc[0])

    return _table(root, cell)


def _table(root: Path, cell: Callable[[pd.DataFrame, pd.DataFrame], str]) -> pd.DataFrame:
    plain = comparison.pooled(grouped(root, "baseline"))
    rows = []
    for group, (own_weights, other_weights) in WEIGHTS.items():
        for weights in (own_weights, other_weights):
            for moved in (False, True):
                variant = _variant(weights if weights == other_weights else None, moved)
                judged = comparison.pooled(grouped(root, group), variant=variant)
                row = {"method": METHODS[group], "weights": weights, "statistics": "target" if moved else "source"}
                for corpus, own in judged.groupby("corpus"):
                    first = group == "baseline" and variant is None
                    own, base = comparison.common(own, plain[plain["corpus"] == corpus])
                    row[corpus] = cell(own, own if first else base)
                rows.append(row)
    return pd.DataFrame(rows)


def _variant(weights: str | None, moved: bool) -> str | None:
    return "-".join(part for part in (weights, STATISTICS if moved else None) if part) or None
