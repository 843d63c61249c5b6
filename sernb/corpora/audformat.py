"""Any database in audformat (audb's format): db.yaml and tables; emotion, speaker and gender by column name.

Columns are found by their name, or their scheme's: emotion, speaker, gender or sex, language, session, activation or
arousal, valence, dominance. Gender may also be a property of the speaker scheme. A table that belongs to a split gives
its files that split. Labels of parts of files can't be used: a clip is a file here.

The library itself reads headers with a loader that runs code, and pickled tables: neither reaches it from here.
"""

from collections.abc import Iterator
from pathlib import Path

import audformat
import pandas as pd
import yaml

from sernb.corpora.base import Clip, Corpus, Reject, TableError
from sernb.corpora.plaincsv import rows
from sernb.corpora.tables import COLUMN_OF

HEADER = "db.yaml"
MAX_HEADER = 1 << 24  # bytes


class _Loader(yaml.SafeLoader):
    """Plain values only, and none defined by reference to another: a few nested references make billions."""

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


def read(folder: Path) -> Iterator[Clip | Reject]:
    """One row for every file of the tables and for every audio file they don't list."""
    try:
        db = _load(folder)
        found = _columns(db)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        # a wrong header or table reaches the library's own code, which then fails in as many ways
        raise TableError(f"{HEADER} and its tables can't be read ({error})") from error
    whole = found.pop("whole").astype(bool)
    parts = [folder / file for file in found.index[~whole]]
    for path in parts:
        yield Reject(path, "labelled in parts: cut it into one file an utterance first", db.name)
    if "language" not in found and len(db.languages) == 1:
        found["language"] = db.languages[0]
    found = found[whole]
    yield from rows(found.index, found, folder, "any table", db.name, listed=parts)


def _load(folder: Path) -> audformat.Database:
    header = folder / HEADER
    if header.stat().st_size > MAX_HEADER:
        raise TableError(f"{HEADER} is larger than {MAX_HEADER >> 20} MiB")
    db = audformat.Database.load_header_from_yaml(yaml.load(header.read_text(encoding="utf-8"), Loader=_Loader))
    for name in (*db.misc_tables, *db.tables):
        path = folder / f"db.{name}"
        if path.resolve().parent != folder.resolve():
            raise TableError(f"table {name!r} lies outside the database's folder")
        if path.with_name(f"{path.name}.pkl").exists():
            raise TableError(f"table {name!r} is pickled, and a pickle can run code: save it as csv or parquet")
        db[name].load(str(path))
    return db


def _columns(db: audformat.Database) -> pd.DataFrame:
    """By file: the columns this package knows and `whole`: whether no table speaks of a part of it."""
    found = pd.DataFrame({"whole": []}, index=pd.Index([], dtype=object, name="file"))
    for table in db.tables.values():
        frame = table.df.reset_index() if len(table.columns) else table.index.to_frame(index=False)
        if "start" in frame:
            frame["whole"] = (frame["start"] == pd.Timedelta(0)) & frame["end"].isna()
        columns = {name: column for column in table.columns for name in _meanings(table, column)}
        new = pd.DataFrame({name: frame[column] for name, column in columns.items()}, index=frame.index, dtype=object)
        if "speaker" in columns:
            new = new.join(_of_speakers(db, table, columns["speaker"]).drop(columns=new.columns, errors="ignore"))
        if table.split_id is not None:
            new["split"] = db.splits[table.split_id].type
        new["whole"] = frame.get("whole", True)
        new = (
            new.set_index(frame["file"].astype(str))
            .groupby(level=0)
            .agg({**dict.fromkeys(new, "first"), "whole": "all"})
        )
        new["whole"] &= found["whole"].astype("boolean").reindex(new.index).fillna(True).astype(bool)
        found = new.combine_first(found) if len(found) else new
    return found


def _meanings(table: audformat.Table, column: str) -> Iterator[str]:
    for name, spellings in COLUMN_OF.items():
        if name != "corpus" and {column, table.columns[column].scheme_id} & set(spellings):
            yield name


def _of_speakers(db: audformat.Database, table: audformat.Table, column: str) -> pd.DataFrame:
    """Gender and language, where the speaker scheme's labels state them."""
    scheme = db.schemes.get(table.columns[column].scheme_id)
    labels = scheme.labels if scheme is not None else None
    if isinstance(labels, str):  # the labels are a misc table
        labels = db[labels].df.to_dict("index")
    if not isinstance(labels, dict):
        return pd.DataFrame()
    speakers = table.df[column].reset_index(drop=True)
    known = {name: {**fields} for name, fields in labels.items() if isinstance(fields, dict)}
    return pd.DataFrame(
        {
            name: speakers.map(lambda speaker, key=key: known.get(speaker, {}).get(key)).astype(object)
            for name in ("gender", "language")
            for key in COLUMN_OF[name]
            if any(key in fields for fields in known.values())
        }
    )


CORPUS = Corpus(
    name="audformat",
    title="Any database in audformat",
    languages=(),
    speakers=None,
    licence="its own",
    citation="its own",
    obtain="https://audeering.github.io/datasets (with audb.load_to)",
    layout=(HEADER,),
    read=read,
)
