"""Which recipe would English choose? Candidates judged by English corpora that they were not trained on."""

import math
from pathlib import Path

import pandas as pd
from scipy.stats import t as student

from sernb.data.files import read_table
from sernb.data.shipped import RESULTS
from sernb.evaluation import uncertainty
from sernb.results import ablations, sentences

SELECTION_FILE = "selection.parquet"
"""Scores of all candidates, made by benchmarks/choose.py. A row is a candidate, the English corpus held out from its
training, a seed, the corpus that judges, and the statistics."""
SPEAKERS = "held-out speakers"
"""Stands as the corpus of the English validation clips: other speakers of the corpora trained on."""
JUDGES = ("English corpora", "English speakers", "targets")
"""Who can judge a candidate without having taught it: see `judged_by`."""


def read(root: Path = RESULTS) -> pd.DataFrame:
    """The stored scores of all candidates; the first candidate is the recipe of the main table."""
    return read_table(root / SELECTION_FILE)


def judged_by(table: pd.DataFrame, judge: str) -> pd.Series:
    """Mean macro-F1 of each candidate, each English corpus held out and each seed weighing the same.

    Args:
        table: as `read` gives it.
        judge: of JUDGES. Each of the "English corpora" judges what the others taught, and so do the "targets", as they
            are and with their own statistics; "English speakers" are others of the corpora trained on.
    """
    held_out, speakers = table["corpus"] == table["held_out"], table["corpus"] == SPEAKERS
    rows = dict(zip(JUDGES, (held_out, speakers, ~held_out & ~speakers), strict=True))[judge]
    means = table[rows].groupby(["candidate", "held_out", "seed"], sort=False)["macro_f1"].mean()
    return means.groupby("candidate", sort=False).mean()


def by_judge(table: pd.DataFrame) -> pd.DataFrame:
    """What each of JUDGES, a column, gives each candidate under the one seed that all candidates have."""
    first = table[table["seed"] == 0]
    return pd.DataFrame({judge: judged_by(first, judge) for judge in JUDGES})


def ranked(table: pd.DataFrame, seeds: int = 1) -> list[str]:
    """Candidates that have so many seeds, the best in the eyes of English corpora first."""
    enough = table.groupby("candidate")["seed"].transform("nunique") >= seeds
    own = table[enough & (table["seed"] < seeds)]
    return list(judged_by(own, "English corpora").sort_values(ascending=False, kind="stable").index)


def chosen(table: pd.DataFrame) -> str:
    """The candidate that English corpora choose, among those with the most seeds."""
    return ranked(table, int(table["seed"].max()) + 1)[0]


def chance_correlation(count: int) -> float:
    """The rank correlation of two unrelated orders of so many that chance exceeds, up or down, once in 20 times."""
    quantile = float(student.ppf((1 + uncertainty.LEVEL) / 2, count - 2))
    return quantile / math.sqrt(count - 2 + quantile**2)


def choice_sentences(root: Path = RESULTS) -> list[str]:
    """What English corpora choose, how far their order is the targets', and what the choice brings there."""
    table = read(root)
    seen, main, best = by_judge(table), str(table["candidate"].iloc[0]), chosen(table)
    agree = seen.corr("spearman")["targets"]
    both = table[table["candidate"].isin([main, best])]
    scores = judged_by(both, "English corpora")
    found = []
    for name, how in (("rate", "as they are"), ("rate-statistics", "with target statistics")):
        rows = ablations.ablation_table(ablations.all_ablations()[name], root).dropna(subset="value")
        found.append((how, rows))
    off = sum(int(((rows["low"] > 0) | (rows["high"] < 0)).sum()) for _, rows in found)
    return [
        f"{len(seen)} recipes were trained without one English corpus at a time, and judged by it. The best is {best}: "
        f"{scores[best]:.3f}, against {scores[main]:.3f} for the recipe of the main table (macro-F1, mean over corpora "
        "and seeds, as they are and with own statistics).",
        f"Is the order that English corpora give to {len(seen)} recipes that of the target languages? Their rank "
        f"correlation is {agree['English corpora']:+.2f}; that of English speakers who were held out, "
        f"{agree['English speakers']:+.2f}. 1 is the same order, and chance alone goes beyond "
        f"±{chance_correlation(len(seen)):.2f} once in {1 / (1 - uncertainty.LEVEL):.0f} times.",
        f"Under {found[0][1]['seeds'].max()} seeds the chosen recipe changes macro-F1 by "
        + "; ".join(f"{sentences.by_language(rows)}, {how}" for how, rows in found)
        + f". Of {sum(len(rows) for _, rows in found)} intervals {off or 'none'} "
        f"{'leaves' if off < 2 else 'leave'} out zero.",
    ]
