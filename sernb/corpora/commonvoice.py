"""Common Voice (Ardila et al. 2020), any language: unlabelled read speech of many speakers, tables beside clips/.

A speaker is a client_id. train, dev and test are the official splits; clips that only validated.tsv or other.tsv
lists belong to none, and those of invalidated.tsv are rejected: listeners refused them.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from sernb.corpora.base import Clip, Corpus, Reject, TableError, audio_names, unlisted
from sernb.corpora.gate import shown
from sernb.corpora.genders import gender
from sernb.corpora.tables import language, read_table

SPLITS = {"train": "train", "dev": "validation", "test": "test", "validated": None, "other": None}
REFUSED = "invalidated"
DURATIONS = "clip_durations.tsv"


def read(folder: Path) -> Iterator[Clip | Reject]:
    """One row for every clip a table lists, in the first table that lists it, and for every file of clips/."""
    tables = {name: folder / f"{name}.tsv" for name in (*SPLITS, REFUSED)}
    columns = ("client_id", "path", "gender", "locale")
    frames = [
        read_table(path, "\t", quoted=False, columns=columns).assign(table=name)
        for name, path in tables.items()
        if path.exists()
    ]
    rows = pd.concat(frames).drop_duplicates("path")
    if rows["path"].isna().any():
        raise TableError(f"a row of {folder.name}'s tables names no file")
    languages = {locale: language(locale or folder.name) for locale in rows["locale"].unique()}
    genders = {spelling: gender(spelling) for spelling in rows["gender"].unique()}
    durations = _durations(folder / DURATIONS)
    clips = folder / "clips"
    paths = _files(clips, rows["path"])
    for path, row in zip(paths, rows.itertuples(index=False), strict=True):
        if row.table == REFUSED:
            yield Reject(path, "refused by the corpus's listeners (invalidated.tsv)")
            continue
        yield Clip(
            path,
            speaker=row.client_id,
            gender=genders[row.gender],
            language=languages[row.locale],
            split=SPLITS[row.table],
            duration_s=durations.get(row.path),
        )
    if clips.is_dir():
        yield from unlisted(clips, paths, "any table")


def _files(clips: Path, names: Iterable[str]) -> list[str]:
    """Where each listed clip is: as MP3, or under the same stem where a reader converted it."""
    there = audio_names(clips) if clips.is_dir() else []
    converted = {os.path.splitext(name)[0]: name for name in there}
    listed = (os.path.join(clips, name) for name in names)
    known = set(there)
    return [path if path in known else converted.get(os.path.splitext(path)[0], path) for path in listed]


def _durations(table: Path) -> dict[str, float]:
    """Seconds by clip, where the release states them (in milliseconds)."""
    if not table.exists():
        return {}
    rows = read_table(table, "\t", quoted=False)
    if len(rows.columns) != 2:
        raise TableError(f"{shown(table)} has {len(rows.columns)} columns, not clip and duration[ms]")
    clip, milliseconds = rows.columns
    return dict(zip(rows[clip], pd.to_numeric(rows[milliseconds], errors="coerce") / 1000, strict=True))


CORPUS = Corpus(
    name="commonvoice",
    title="Common Voice",
    languages=(),
    speakers=None,
    licence="CC0 1.0, and a promise not to identify speakers",
    citation="Ardila, Branson, Davis, Henretty, Kohler, Meyer, Morais, Saunders, Tyers, Weber: Common Voice: "
    "A Massively-Multilingual Speech Corpus, LREC 2020",
    obtain="https://commonvoice.mozilla.org (one archive a language)",
    layout=("train.tsv", "validated.tsv", "other.tsv"),
    example={
        "ur/validated.tsv": "client_id\tpath\tgender\tlocale\n4f1a\tcommon_voice_ur_1.mp3\tfemale\tur\n",
        "ur/clips/common_voice_ur_1.mp3": "",
    },
    read=read,
    recognise=lambda folder: (folder / "clips").is_dir(),
)
