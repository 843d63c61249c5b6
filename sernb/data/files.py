"""Files somebody else may have made: read if they are regular and within limits; and files replaced whole."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sernb.data.escape import printable

MAX_JSON = 1 << 20
"""Most bytes a JSON file may have."""
MAX_TABLE = 1 << 31
"""Most bytes a table may have, in its file and in memory."""
MAX_BATCH = 1 << 27
"""Most bytes of a table that are decoded at once, before anything is counted."""
_MISSING = object()


class FileError(ValueError):
    """A file that can't be used; the message names the file, the problem and the remedy, free of control characters."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(printable(f"{path}: {problem}"))


@contextmanager
def opened(path: Path, largest: int) -> Iterator[BinaryIO]:
    """Open a regular file of at most `largest` bytes.

    Raises:
        FileNotFoundError: no such file.
        FileError: a FIFO, device or folder, or larger than that.
    """
    # without waiting: a FIFO would, until somebody writes to it
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise FileError(path, "not a regular file; replace or remove it")
        if found.st_size > largest:
            raise FileError(path, f"{found.st_size / 1e6:.0f} MB, more than the {largest / 1e6:.0f} MB allowed here")
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def read_json(path: Path, kinds: Mapping[str, type | tuple[type, ...]] = MappingProxyType({})) -> dict[str, Any]:
    """A JSON object.

    Args:
        path: the file.
        kinds: values it must hold, by name ("versions.torch" for one of an object within), and their types.

    Raises:
        FileNotFoundError: no such file.
        FileError: as `opened` does, no JSON object, or one without these values.
    """
    with opened(path, MAX_JSON) as file:
        return parse_json(path, file.read(MAX_JSON), kinds)


def parse_json(
    path: Path, text: str | bytes, kinds: Mapping[str, type | tuple[type, ...]] = MappingProxyType({})
) -> dict[str, Any]:
    """As `read_json`, of text that was read from `path`."""
    try:
        value = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise FileError(path, f"can't be read as JSON ({error}); get it again") from error
    if not isinstance(value, dict):
        raise FileError(path, "holds no JSON object; get it again")
    for name, kind in kinds.items():
        found = value
        for key in name.split("."):
            found = found.get(key, _MISSING) if isinstance(found, dict) else _MISSING
        if not isinstance(found, kind):
            raise FileError(path, f"{name!r} is missing or of another kind; get it again, or remove it")
    return value


def read_table(path: Path) -> pd.DataFrame:
    """A Parquet table that takes at most MAX_TABLE bytes in memory, whatever a small file can be unpacked to.

    Raises:
        FileNotFoundError: no such file.
        FileError: as `opened` does, no Parquet table, or too large.
    """
    with opened(path, MAX_TABLE) as file:
        try:
            _unpack_within_limits(path, file)
            return pd.read_parquet(file)
        except (pa.ArrowException, OSError) as error:
            raise FileError(path, f"can't be read as Parquet ({error}); make or get it again") from error


def _unpack_within_limits(path: Path, file: BinaryIO) -> None:
    """Decode a table a little at a time and count what comes out: its own word on its size can't be trusted."""
    schema = pq.ParquetFile(file).schema
    columns = map(schema.column, range(len(schema)))
    flat = [column for column in columns if column.path == column.name and not column.max_repetition_level]
    texts = {column.path for column in flat if column.physical_type == "BYTE_ARRAY"}
    numbers = {column.path for column in flat if "BYTE_ARRAY" not in column.physical_type}
    parquet = pq.ParquetFile(file, read_dictionary=list(texts))  # a text that is repeated is held once
    metadata = parquet.metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    claimed = sum(chunk.total_uncompressed_size for chunk in chunks)
    if claimed > MAX_TABLE:
        raise FileError(path, f"claims {claimed / 1e9:.1f} GB; remove it")
    # of any other column, each row could repeat the largest value
    others = [chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema not in texts | numbers]
    left = MAX_TABLE
    for batch in parquet.iter_batches(max(1, min(1 << 16, MAX_BATCH // max([1, *others])))):
        left -= sum(map(_unpacked_bytes, batch.columns))
        if left < 0:
            raise FileError(path, f"unpacks to more than {MAX_TABLE / 1e9:.1f} GB; remove it")


def _unpacked_bytes(column: pa.Array) -> int:
    """What a column takes once every repeated text is written out."""
    if not isinstance(column, pa.DictionaryArray):
        return column.nbytes
    lengths = pc.binary_length(column.dictionary)
    return column.indices.nbytes + (pc.sum(lengths.take(column.indices)).as_py() or 0)


@contextmanager
def replacing(path: Path, suffix: str = ".tmp") -> Iterator[Path]:
    """A new file beside `path` that takes its place at the end: a reader never sees half of it.

    Neither a link called `path` nor one of the new file's name is followed.
    """
    temporary = path.with_name(path.name + suffix)
    temporary.unlink(missing_ok=True)  # of a killed process, or a link laid there
    temporary.touch(exist_ok=False)
    yield temporary
    temporary.replace(path)
