"""Which recipe would English choose? Candidates judged by English corpora that they were not trained on."""

from pathlib import Path

import pandas as pd

from sernb.data.files import read_table
from sernb.data.shipped import RESULTS

SELECTION_FILE = "selection.parquet"
"""Scores of every candidate, made by benchmarks/choose.py: a row a candidate, English corpus held out, seed, corpus that
judges, and statistics."""
SPEAKERS = "held-out speakers"
"""Stands as the corpus of the English validation clips: other speakers of the corpora trained on."""
JUDGES = ("English speakers", "English corpora", "targets")
"""Who can judge a candidate without having taught it: see `judged_by`."""


def read(root: Path = RESULTS) -> pd.DataFrame:
    """The stored scores of all candidates; the first one is the recipe of the main table."""
    return read_table(root / SELECTION_FILE)


def judged_by(table: pd.DataFrame, judge: str) -> pd.Series:
    """Mean macro-F1 of each candidate: every English corpus held out, and every seed, weighs the same.

    Args:
        table: rows of SELECTION_FILE.
        judge: of JUDGES. Of "English corpora" each judges what the others taught, and of "targets" each, both as it is
            and with its own statistics; "English speakers" were held out of the corpora trained on.
    """
    held_out, speakers = table["corpus"] == table["held_out"], table["corpus"] == SPEAKERS
    rows = dict(zip(JUDGES, (speakers, held_out, ~held_out & ~speakers), strict=True))[judge]
    means = table[rows].groupby(["candidate", "held_out", "seed"], sort=False)["macro_f1"].mean()
    return means.groupby("candidate", sort=False).mean()


def ranked(table: pd.DataFrame, seeds: int = 1) -> list[str]:
    """Candidates that have so many seeds, the best in the eyes of English corpora first."""
    enough = table.groupby("candidate")["seed"].transform("nunique") >= seeds
    own = table[enough & (table["seed"] < seeds)]
    return list(judged_by(own, "English corpora").sort_values(ascending=False, kind="stable").index)


def chosen(table: pd.DataFrame) -> str:
    """The candidate that English corpora choose, by those with the most seeds."""
    return ranked(table, int(table["seed"].max()) + 1)[0]
