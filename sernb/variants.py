"""Every method under each choice of weights and statistics, against the plain baseline on the same clips and seeds."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sernb import bias, comparison, statistics
from sernb.findings import METHODS, grouped
from sernb.training.outputs import STATISTICS

WEIGHTS = {
    "baseline": ("best epoch", "averaged"),
    "contrastive": ("best epoch", "averaged"),
    "byol": ("target", "online"),
}
"""What a run holds: first the weights that `Run.predictions` are of, then those that a variant is named after."""
RESAMPLES = 4000


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
        (gain,) = statistics.difference(own, plain, metrics=chosen, resamples=RESAMPLES).to_dict("records")
        return f"{score:.3f}, {bias.in_words(gain)}"

    return _table(root, cell)


def gender_gaps(root: Path) -> pd.DataFrame:
    """Women's accuracy less men's of every variant, with its 95 % interval; columns as `gains`."""

    def cell(own: pd.DataFrame, plain: pd.DataFrame) -> str:
        accuracy = {"accuracy": statistics.accuracy}
        found = statistics.gap(own, "gender", "female", "male", metrics=accuracy, resamples=RESAMPLES)
        return bias.in_words(found.iloc[0])

    return _table(root, cell)


def _table(root: Path, cell: Callable[[pd.DataFrame, pd.DataFrame], str]) -> pd.DataFrame:
    plain = comparison.pooled(grouped(root, "baseline"))
    rows = []
    for group, (own_weights, other_weights) in WEIGHTS.items():
        for weights in (own_weights, other_weights):
            for moved in (False, True):
                parts = [*([weights] if weights == other_weights else []), *([STATISTICS] if moved else [])]
                judged = comparison.pooled(grouped(root, group), variant="-".join(parts) or None)
                row = {"method": METHODS[group], "weights": weights, "statistics": "target" if moved else "source"}
                for corpus, own in judged.groupby("corpus"):
                    first = group == "baseline" and not parts
                    own, base = comparison.common(own, plain[plain["corpus"] == corpus])
                    row[corpus] = cell(own, own if first else base)
                rows.append(row)
    return pd.DataFrame(rows)
