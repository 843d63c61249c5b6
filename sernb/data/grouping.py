"""The one loop over corpora and languages, for whatever is said of each."""

from collections.abc import Iterator, Mapping

import pandas as pd


def each_corpus(table: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """Each corpus and language of a table, as the beginning of a row about them, with their rows.

    Args:
        table: with the columns corpus and language, such as manifest rows or predictions.

    Examples:
        >>> clips = pd.DataFrame({"corpus": ["urdu", "emodb", "urdu"], "language": ["ur", "de", "ur"]})
        >>> [about | {"clips": len(rows)} for about, rows in each_corpus(clips)]
        [{'corpus': 'emodb', 'language': 'de', 'clips': 1}, {'corpus': 'urdu', 'language': 'ur', 'clips': 2}]
    """
    for (corpus, language), rows in table.groupby(["corpus", "language"]):
        yield {"corpus": corpus, "language": language}, rows


def each_method(
    tables: Mapping[str, pd.DataFrame], column: str = "method"
) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """`each_corpus` of several tables, one after the other.

    Args:
        tables: name -> table.
        column: what the names are of; it comes first in the row.
    """
    for name, table in tables.items():
        for about, rows in each_corpus(table):
            yield {column: name} | about, rows
