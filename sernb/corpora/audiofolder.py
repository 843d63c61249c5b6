"""Any Hugging Face audiofolder: metadata.csv or metadata.jsonl with file_name, beside the audio or a folder a split.

Columns may go by any name in tables.COLUMN_OF; the emotion must be words, the audio must be files.
"""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pandas as pd

from sernb.corpora.base import Clip, Corpus, Reject, TableError
from sernb.corpora.plaincsv import rows
from sernb.corpora.tables import COLUMN_OF, read_table, split, text

METADATA = ("metadata.csv", "metadata.jsonl")
SPLITS = ("train", "dev", "validation", "test")


def read(folder: Path) -> Iterator[Clip | Reject]:
    """One row for every line of each metadata file and for every audio file beside or below it."""
    here = _metadata(folder)
    for path in here or chain.from_iterable(_metadata(folder / name) for name in SPLITS):
        table = _table(path)
        if "file_name" not in table:
            raise TableError(f"{path.name} has no column file_name")
        if "split" not in table:  # as the datasets library does: a folder called train holds the training split
            first = table["file_name"].map(lambda name: Path(text(name) or "").parts[:1])
            table["split"] = [split(next(iter(parts), None) if here else path.parent.name) for parts in first]
        yield from rows(table["file_name"], table, path.parent, path.name, folder.name)


def _metadata(folder: Path) -> list[Path]:
    return [folder / name for name in METADATA if (folder / name).is_file()][:1]


def _table(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return read_table(path)
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        return pd.DataFrame([dict(row.items()) for row in rows], dtype=object)
    except (OSError, ValueError, AttributeError, RecursionError) as error:  # not JSON, not objects, too deep
        raise TableError(f"{path.name} can't be read as lines of JSON ({error})") from error


def recognise(folder: Path) -> bool:
    """Whether the first line of the metadata names files and an emotion; other data is called metadata.csv too."""
    path = next(chain.from_iterable(_metadata(folder / name) for name in ("", *SPLITS)), None)
    if path is None:
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        first = lines.readline(100_000)
    return "file_name" in first and any(column in first for column in COLUMN_OF["emotion"])


CORPUS = Corpus(
    name="audiofolder",
    title="Any Hugging Face audiofolder",
    languages=(),
    speakers=None,
    licence="its own",
    citation="its own",
    obtain="https://huggingface.co/docs/datasets/audio_dataset",
    layout=("metadata.csv", "metadata.jsonl", *(f"{split}/{name}" for split in SPLITS for name in METADATA)),
    read=read,
    recognise=recognise,
)
