"""Any database in audformat (audb's format): db.yaml and tables; emotion, speaker and gender by column name.

Columns are found by their name, or their scheme's: emotion, speaker, gender or sex, language, session, activation or
arousal, valence, dominance. Gender may also be a property of the speaker scheme. A table that belongs to a split gives
its files that split. Labels of parts of files can't be used: a clip is a file here.

The library itself reads headers with a loader that runs code, and pickled tables: neither reaches it from here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import audformat
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from sernb.corpora.base import Clip, Corpus, Reject, TableError
from sernb.corpora.gate import check_cells, open_inside, read_text, shown
from sernb.corpora.plaincsv import rows
from sernb.corpora.tables import COLUMN_OF

HEADER = "db.yaml"
MAX_HEADER = 1 << 22  # bytes
MAX_TEXT = 1 << 30  # bytes a Parquet table may hold once read
MAX_DEPTH = 50  # of lists and mappings in one another


def read(folder: Path) -> Iterator[Clip | Reject]:
    """One row for every file of the tables and for every audio file they don't list."""
    try:
        db = _load(folder)
        found = _columns(db)
    except TableError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        # a wrong header or table reaches the library's own code, which then fails in as many ways
        raise TableError(f"{shown(folder / HEADER)} and its tables can't be read ({error})") from error
    whole = found.pop("whole").astype(bool)
    parts = [folder / file for file in found.index[~whole]]
    for path in parts:
        yield Reject(path, "labelled in parts: cut it into one file an utterance first", db.name)
    if "language" not in found and len(db.languages) == 1:
        found["language"] = db.languages[0]
    found = found[whole]
    yield from rows(found.index, found, folder, "any table", db.name, listed=parts)


def _load(folder: Path) -> audformat.Database:
    db = audformat.Database.load_header_from_yaml(_plain_yaml(read_text(folder / HEADER, folder, MAX_HEADER)))
    for name in (*db.misc_tables, *db.tables):
        path = folder / f"db.{name}"
        if path.with_name(f"{path.name}.pkl").exists():
            raise TableError(f"table {name!r} is pickled, and a pickle can run code: save it as csv or parquet")
        _check_table(path, folder)
        db[name].load(str(path))
    return db


def _plain_yaml(text: str) -> dict[str, Any]:
    """Plain values only, none defined by reference to another (a few nested references make billions), none deep."""
    loader, parser = (getattr(yaml, f"C{name}", getattr(yaml, name)) for name in ("SafeLoader", "Loader"))
    depth = 0
    for event in yaml.parse(text, Loader=parser):  # events only, nothing is made of them
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise yaml.YAMLError(f"nested more than {MAX_DEPTH} deep")
    return yaml.load(text, Loader=loader)


def _check_table(path: Path, folder: Path) -> None:
    """Refuse what the library would open, csv or Parquet, where it leads elsewhere or is far larger when read."""
    csv, parquet = (path.with_name(f"{path.name}.{kind}") for kind in ("csv", "parquet"))
    if csv.exists():
        with open_inside(csv, folder) as file:
            columns = file.readline(1 << 16).count(b",") + 1
            rows = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
        check_cells(csv, rows, columns)
    if parquet.exists():
        with open_inside(parquet, folder) as file:
            _check_parquet(parquet, file)


def _check_parquet(path: Path, file: BinaryIO) -> None:
    """Refuse a Parquet table that repeats long texts: it stores each once, so that its size says nothing."""
    with pq.ParquetFile(file) as table:
        metadata, fields = table.metadata, table.schema_arrow
    check_cells(path, metadata.num_rows, metadata.num_columns)
    texts = [field.name for field in fields if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    odd = [
        field.name
        for field in fields
        if field.name not in texts and not pa.types.is_primitive(field.type) and not pa.types.is_dictionary(field.type)
    ]
    if odd:
        raise TableError(f"{shown(path)} has a column {odd[0]!r} of neither text nor numbers")
    allowed = MAX_TEXT
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    stored = sum(group.column(number).total_uncompressed_size for group in groups for number in range(len(fields)))
    with pq.ParquetFile(file, read_dictionary=texts) as table:
        for batch in table.iter_batches() if stored <= allowed else ():
            for column in batch.columns:
                if pa.types.is_dictionary(column.type) and len(column.dictionary):
                    lengths = pc.fill_null(pc.binary_length(column.dictionary.cast(pa.string())), 0)
                    allowed -= pc.sum(lengths.take(column.indices)).as_py() or 0
            if allowed < 0:
                break
    if stored > MAX_TEXT or allowed < 0:
        raise TableError(f"{shown(path)} holds more than {MAX_TEXT >> 20} MiB of text when read: cut it into several")


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
    example={
        "db.yaml": "name: mine\nsource: ''\nusage: unrestricted\nlanguages: [swa]\n"
        "schemes:\n  emotion: {dtype: str}\n  speaker: {dtype: str}\n"
        "tables:\n  files:\n    type: filewise\n    columns:\n      speaker: {scheme_id: speaker}\n"
        "      emotion: {scheme_id: emotion}\n",
        "db.files.csv": "file,speaker,emotion\naudio/001.wav,s1,anger\n",
        "audio/001.wav": "",
    },
    read=read,
)
