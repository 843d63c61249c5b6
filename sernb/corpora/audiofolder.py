"""Any Hugging Face audiofolder: metadata.csv or .jsonl with file_name, beside the audio or in each split's folder.

Where one folder with metadata of its own is called as a split, those beside it are splits too, whatever their names.

Columns may go by any name in tables.COLUMN_OF; the emotion must be words, the audio must be files.
"""

import json
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pandas as pd

from sernb.corpora.base import Clip, Corpus, Reject, TableError, audio_names
from sernb.corpora.gate import check_cells, read_text, shown
from sernb.corpora.plaincsv import rows
from sernb.corpora.tables import COLUMN_OF, PATH, column, is_of_labels, key, read_table, split, text

PATHS = ("file_name", *PATH)  # the name the datasets library prescribes comes first
METADATA = ("metadata.csv", "metadata.jsonl")


def read(folder: Path) -> Iterator[Clip | Reject]:
    """One row for every line of each metadata file and for every audio file below the folder."""
    here = _metadata(folder)
    tables = here or _of_splits(folder)
    for path in tables:
        table = _table(path, folder)
        files = column(table, PATHS)
        if files is None:
            raise TableError(f"{shown(path)} has no column file_name")
        if column(table, COLUMN_OF["split"]) is None:
            # as the datasets library does: a folder called train holds the training split
            first = table[files].map(lambda name: Path(text(name) or "").parts[:1])
            table["split"] = [split(next(iter(parts), None) if here else path.parent.name) for parts in first]
        yield from rows(table[files], table, path.parent, path.name, folder.name)
    if not here:
        read = {path.parent.name for path in tables}
        for name in audio_names(folder):
            if os.path.relpath(name, folder).split(os.sep)[0] not in read:
                yield Reject(name, f"there, but in no folder of {folder.name} with a metadata file", folder.name)


def _metadata(folder: Path) -> list[Path]:
    return [folder / name for name in METADATA if (folder / name).exists()][:1]


def _of_splits(folder: Path) -> list[Path]:
    """The metadata of every folder in this one, if one of these folders is called as a split is: train, valid, ..."""
    tables = [path for child in sorted(folder.iterdir()) if child.is_dir() for path in _metadata(child)]
    return tables if any(split(path.parent.name) for path in tables) else []


def _table(path: Path, folder: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return read_table(path, folder=folder)
    lines = [line for line in read_text(path, folder).splitlines() if line.strip()]
    wanted = {*PATHS, *chain.from_iterable(COLUMN_OF.values())}
    check_cells(path, len(lines), len(wanted))
    try:
        rows = [{name: value for name, value in json.loads(line).items() if key(name) in wanted} for line in lines]
        return pd.DataFrame(rows, dtype=object)
    except (ValueError, AttributeError, RecursionError) as error:  # not JSON, not objects, too deep
        raise TableError(f"{shown(path)} can't be read as lines of JSON ({error})") from error


def recognise(folder: Path) -> bool:
    """Whether the first line of the metadata names files and an emotion; other data is called metadata.csv too."""
    return any(_is_labels(path, folder) for path in _metadata(folder) or _of_splits(folder))


def _is_labels(path: Path, folder: Path) -> bool:
    try:
        return is_of_labels(path, folder)
    except TableError:
        return True  # its reader says what is wrong


CORPUS = Corpus(
    name="audiofolder",
    title="Any Hugging Face audiofolder",
    languages=(),
    speakers=None,
    licence="its own",
    citation="its own",
    obtain="https://huggingface.co/docs/datasets/audio_dataset",
    layout=(*METADATA, *(f"*/{name}" for name in METADATA)),
    example={
        "train/metadata.csv": "file_name,speaker_id,emotion,gender,language\n001.wav,s1,angry,female,sw\n",
        "train/001.wav": "",
        "test/metadata.csv": "file_name,speaker_id,emotion,gender,language\n002.wav,s2,sad,male,sw\n",
        "test/002.wav": "",
    },
    read=read,
    recognise=recognise,
)
