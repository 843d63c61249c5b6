"""Any other corpus: a file corpus.csv with one row a clip, the door for speech of your own.

Columns: path (relative to the file), speaker; and where known emotion, gender, language, split, session,
activation, valence, dominance. The folder's name becomes the corpus's name.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from sernb.corpora.base import Clip, Corpus, Reject, TableError, unlisted
from sernb.corpora.tables import gender, language, named, number, read_table, split, text

TABLE = "corpus.csv"


def read(folder: Path) -> Iterator[Clip | Reject]:
    """One row for every line of the table and for every audio file it doesn't list."""
    table = read_table(folder / TABLE)
    missing = [column for column in ("path", "speaker") if column not in table]
    if missing:
        found = ", ".join(map(repr, table.columns))
        remedy = "separate the cells by commas" if len(table.columns) == 1 else "add it, with a value in every row"
        raise TableError(f"{TABLE} has no column {' and no column '.join(missing)}, only {found}: {remedy}")
    return rows(table["path"], table, folder, TABLE, folder.name)


def rows(
    files: Iterable[str], table: pd.DataFrame, folder: Path, listing: str, corpus: str, listed: Iterable[Path] = ()
) -> Iterator[Clip | Reject]:
    """Clips of a table whose columns carry the names shared datasets use (tables.COLUMN_OF).

    Args:
        files: the audio file of each row, relative to `folder`.
        table: the rows.
        folder: the corpus's folder.
        listing: what the table is called, for messages.
        corpus: the corpus's name, for rows that state none.
        listed: files the listing names too, but not in these rows.
    """
    # one spelling a file: "./a.wav" is a.wav
    paths = [os.path.normpath(os.path.join(folder, text(file) or "no file named")) for file in files]
    for path, row in zip(paths, named(table).itertuples(index=False), strict=True):
        yield Clip(
            path,
            speaker=row.speaker,
            source_label=row.emotion.lower() if row.emotion else None,
            gender=gender(row.gender),
            language=language(row.language),
            session=row.session,
            split=split(row.split),
            activation=number(row.activation),
            valence=number(row.valence),
            dominance=number(row.dominance),
            corpus=row.corpus or corpus,
        )
    yield from unlisted(folder, [*paths, *listed], listing, corpus)


CORPUS = Corpus(
    name="csv",
    title="Any corpus with a corpus.csv",
    languages=(),
    speakers=None,
    licence="its own",
    citation="its own",
    obtain="write corpus.csv into the corpus's folder: path, speaker; optional emotion, gender, language, split",
    layout=(TABLE,),
    read=read,
)
