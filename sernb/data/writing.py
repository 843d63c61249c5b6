"""How what is computed is written: JSON, tables, and the hash of a set of clips."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from sernb.data.files import replacing

SEEN = ("speaker", "emotion", "language", "audio_hash")


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that a reader never sees half a file."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write Parquet as small as it gets without loss: the bytes of floats apart, no second description of the columns.

    Types come back as they were, save pandas' categories, which come back as words.
    """
    floats = table.select_dtypes("floating").columns
    parquet.write_table(
        pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None),
        path,
        compression="zstd",
        compression_level=19,
        write_statistics=False,
        store_schema=False,
        use_dictionary=[name for name in table if name not in floats],
        column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT"),
    )


def data_hash(*frames: pd.DataFrame, columns: Sequence[str] = SEEN, before: str = "") -> str:
    """SHA-256 of what a recipe sees of its clips, by default sound, speaker and class; not where the files lie.

    `before` is a hash that goes in first, where clips of two kinds are seen differently.
    """
    digest = hashlib.sha256(before.encode())
    for frame in frames:
        present = frame.reindex(columns=["utterance_id", *columns]).sort_values("utterance_id")
        digest.update(present.to_csv(index=False).encode())
    return digest.hexdigest()
