"""What becomes of re-centring and self-training where one class is frequent, as measured on the reference corpora."""

from pathlib import Path

import pandas as pd

from sernb.data.files import read_table
from sernb.data.shipped import RESULTS
from sernb.languages import language_name

UNEVEN_FILE = "self-training/uneven.parquet"
"""Scores by pools of clips in which one class is frequent; made by benchmarks/uneven.py."""
SHARES = (0.25, 0.4, 0.6, 0.8)
"""Of the frequent class; a quarter is as often as any other."""
TOLD = (0.25, 0.6)
"""Of these, those that a plan names."""


def by_share(folder: Path = RESULTS) -> pd.DataFrame:
    """Macro-F1 of UNEVEN_FILE, the mean over frequent classes and runs.

    Returns:
        One row a corpus and share: corpus, language, share, heard (clips of the pool, the mean), main (of the model as
        it is, whatever the share), statistics, self-trained.
    """
    table = read_table(folder / UNEVEN_FILE)
    about = ["corpus", "language"]
    as_it_is = table[table["variant"] == "main"].groupby(about)["macro_f1"].mean().rename("main")
    pooled = table[table["variant"] != "main"]
    wide = pooled.pivot_table(index=[*about, "share"], columns="variant", values="macro_f1")
    heard = pooled.groupby([*about, "share"])["heard"].mean()
    return wide.rename_axis(columns=None).join(heard).reset_index().merge(as_it_is.reset_index(), on=about)


def in_words(folder: Path = RESULTS) -> str:
    """What self-training did to macro-F1, over re-centring on the same clips, at the shares TOLD."""
    if not (folder / UNEVEN_FILE).exists():
        return "what it costs where they are not was not measured"
    table = by_share(folder).assign(gain=lambda rows: rows["self-trained"] - rows["statistics"])
    said = []
    for share, rows in table[table["share"].isin(TOLD)].groupby("share"):
        changes = [f"{row.gain:+z.2f} in {language_name(row.language)}" for row in rows.itertuples()]
        said.append(f"{', '.join(changes)} where one emotion made up {share:.0%} of the clips")
    return f"over re-centring it changed macro-F1 on the reference corpora by {'; '.join(said)}"


def sentence(table: pd.DataFrame, language: str) -> str:
    """What re-centring and self-training bring one language, over the model as it is, at the least and largest share.

    Args:
        table: from `by_share`.
        language: ISO 639-1.
    """
    rows = table[table["language"] == language].sort_values("share")
    even, most = rows.iloc[0], rows.iloc[-1]
    said = (
        f"{name} by {even[column] - even['main']:+z.2f} and {most[column] - most['main']:+z.2f}"
        for column, name in (("statistics", "re-centring changes macro-F1"), ("self-trained", "self-training"))
    )
    return (
        f"In {language_name(language)}, where all emotions are equally frequent, and where one makes up "
        f"{most['share']:.0%} of the clips, {', '.join(said)}."
    )
