"""What the stored runs say, in sentences: who gains, what is left of it, whose gap is how wide, and what narrows it."""

from collections.abc import Iterator

import pandas as pd

from sernb import bias, statistics
from sernb.study import language_name
from sernb.variants import WEIGHTS

MENDED = {"baseline": "averaged", "contrastive": "averaged", "BYOL": "target, averaged"}
"""The weights of each method that are an average over steps."""


def judged(coverage: pd.DataFrame) -> str:
    """How often each method judged each clip; from `findings.coverage`."""
    said = []
    for method, rows in coverage.groupby("method", sort=False):
        times = sorted({f"{times:g}" for times in rows["judgements a clip"]})
        said.append(f"{method} {' to '.join(times)} times ({rows['seeds'].max()} seeds)")
    return f"How often each target clip was judged: {', '.join(said)}."


def gains(differences: pd.DataFrame) -> Iterator[str]:
    """What each method gains in each language, the best first; of `comparison.differences`."""
    for (language, corpus), rows in differences.groupby(["language", "corpus"], sort=False):
        said = [
            f"{row['method']} {statistics.in_words(row)}, which {'excludes' if row['excludes_zero'] else 'holds'} zero"
            for row in rows.sort_values("value", ascending=False).to_dict("records")
        ]
        yield f"{language_name(language)} ({corpus}), macro-F1 over the plain baseline: {'; '.join(said)}."


def mends(rows: pd.DataFrame) -> str:
    """What averaged weights and target statistics bring the baseline without any method; of `variants.gain_rows`."""
    brought = _by_language(_mended(rows, "baseline"))
    return f"Averaged weights and target statistics bring the baseline, without any method, {brought}."


def left_over(alike: pd.DataFrame) -> Iterator[str]:
    """What each method has over a baseline mended in the same two ways; of `variants.alike_rows`."""
    for method in alike["method"].unique():
        rows = _mended(alike, method)
        above, below = int((rows["low"] > 0).sum()), int((rows["high"] < 0).sum())
        yield (
            f"Over a baseline mended in the same two ways {method} has {_by_language(rows)}; of {len(rows)} intervals "
            f"{above} above zero, {below} below."
        )


def gender_gaps(gaps: pd.DataFrame) -> Iterator[str]:
    """Women's accuracy less men's under each method as published; of `variants.gap_rows`."""
    own = [weights for weights, _ in WEIGHTS.values()]
    published = gaps[gaps["weights"].isin(own) & (gaps["statistics"] == "source")]
    for method, rows in published.groupby("method", sort=False):
        yield f"Women's accuracy less men's, {method}: {_by_language(rows)}."


def remedy(changes: pd.DataFrame) -> str:
    """The condition that narrows the gap most, and what it costs; of `bias.remedies`."""
    closed = bias.closed(changes)
    if closed.iloc[0] <= 0:
        return f"Of {len(closed)} changes of what contrastive learning hears, none narrows the gap on average."
    rows = changes[changes["condition"] == closed.index[0]].to_dict("records")
    said = "; ".join(
        f"{language_name(row['language'])} {row['before']:+.3f} to {row['gap']:+.3f} (change {row['change']}), "
        f"macro-F1 {row['macro-F1']}"
        for row in rows
    )
    return (
        f"Of {len(closed)} changes of what contrastive learning hears, *{closed.index[0]}* narrows the gap most, by "
        f"{closed.iloc[0]:.3f} on average: {said}."
    )


def _mended(rows: pd.DataFrame, method: str) -> pd.DataFrame:
    chosen = (rows["method"] == method) & (rows["weights"] == MENDED[method]) & (rows["statistics"] == "target")
    return rows[chosen]


def _by_language(rows: pd.DataFrame) -> str:
    return ", ".join(
        f"{statistics.in_words(row)} in {language_name(row['language'])}" for row in rows.to_dict("records")
    )
