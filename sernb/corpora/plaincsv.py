"""Any other corpus: a file corpus.csv with one row per clip, the door for speech of your own.

Columns: path (relative to the file), speaker; and where known emotion, gender, language, split, session,
activation, valence, dominance; other names they may go by are in tables.py. The folder's name becomes the corpus's
name. What a cell says and nothing here understands is noted with its clip (`Clip.note`), never dropped silently.
"""

import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from sernb.corpora.base import Clip, Corpus, Reject, TableError, audio_names
from sernb.corpora.gate import shown
from sernb.corpora.genders import genders, stated
from sernb.corpora.paths import located
from sernb.corpora.tables import (
    COLUMN_OF,
    PATH,
    column,
    language,
    named,
    nearest,
    number,
    one_name_each,
    read_table,
    split,
    text,
)

TABLE = "corpus.csv"
TABLES = (TABLE, "metadata.csv", "metadata.jsonl", "db.yaml")  # any of them makes a folder a corpus of its own
RATINGS = ("activation", "valence", "dominance")
REMEDIES = {"gender": "write female or male", "split": "write train, validation or test"}


def read(folder: Path) -> Iterator[Clip | Reject]:
    """One row for every line of the table and for every audio file it doesn't list."""
    table = read_table(folder / TABLE)
    wanted = {"path": PATH, "speaker": COLUMN_OF["speaker"]}
    missing = [name for name in wanted if column(table, wanted[name]) is None]
    if missing:
        found = ", ".join(map(repr, table.columns))
        near = ((name, nearest(table, wanted[name])) for name in missing)
        hints = "".join(f"; if {one!r} holds the {name}, call it {name}" for name, one in near if one is not None)
        raise TableError(
            f"{shown(folder / TABLE)} has no column {' and no column '.join(missing)}, only {found}: the first line "
            f"must name the columns, path and speaker among them; a speaker nobody knows is an empty cell{hints}"
        )
    return rows(table[column(table, PATH)], table, folder, TABLE, folder.name)


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
    audio = audio_names(folder)
    paths, moved = located(map(text, files), folder, audio)
    general = [moved] if moved else []
    read = {column(table, spellings) for spellings in (PATH, *COLUMN_OF.values())}
    others = [repr(name)[:60] for name in table.columns if name not in read]
    if others and column(table, COLUMN_OF["emotion"]) is None:
        general.append(f"no column is called emotion or label; not read are {', '.join(others[:10])}")
    table = named(table)
    speakers = one_name_each(table["speaker"])
    for path, row, sex in zip(paths, table.itertuples(index=False), genders(table["gender"]), strict=True):
        known: dict[str, Any] = {
            "gender": sex,
            "split": split(row.split),
            **{name: number(getattr(row, name)) for name in RATINGS},
        }
        notes = general + [
            f"{name} {getattr(row, name)[:60]!r} is not understood: {REMEDIES.get(name, 'write a number')}"
            for name, value in known.items()
            if value is None and stated(getattr(row, name))
        ]
        speaker = speakers.get(row.speaker, row.speaker)
        if speaker != row.speaker:
            notes.append(f"speaker {row.speaker!r} is taken for speaker {speaker!r}: give every speaker one spelling")
        yield Clip(
            path,
            speaker=speaker,
            source_label=row.emotion.lower() if row.emotion else None,
            language=language(row.language),
            session=row.session,
            corpus=row.corpus or corpus,
            note="\n".join(notes) or None,
            **known,
        )
    yield from _unlisted(folder, audio, {*paths, *map(str, listed)}, listing, corpus)


def _unlisted(folder: Path, audio: Iterable[str], listed: set[str], listing: str, corpus: str) -> Iterator[Reject]:
    """A Reject for every audio file that no row names; where it lies in a corpus of its own, the reason says so."""

    @cache
    def nested(parent: str) -> str | None:
        if parent == str(folder):
            return None
        own = any(os.path.lexists(os.path.join(parent, table)) for table in TABLES)
        return os.path.relpath(parent, folder) if own else nested(os.path.dirname(parent))

    for name in audio:
        if name not in listed:
            inner = nested(os.path.dirname(name))
            hint = f"; {inner} has a table of its own: move it out of {folder.name}, to lie beside it" if inner else ""
            yield Reject(name, f"there, but not listed in {listing}{hint}", corpus)


CORPUS = Corpus(
    name="csv",
    title="Any corpus with a corpus.csv",
    languages=(),
    speakers=None,
    licence="its own",
    citation="its own",
    obtain="write corpus.csv into the corpus's folder: path, speaker; optional emotion, gender, language, split",
    layout=(TABLE,),
    example={
        "corpus.csv": "path,speaker,emotion,gender,language\nclips/001.wav,s1,angry,female,sw\n",
        "clips/001.wav": "",
    },
    read=read,
)
