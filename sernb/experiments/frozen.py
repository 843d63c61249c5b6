"""Frozen embeddings of labelled clips as one stored table: real speech to compute with, and nothing to listen to.

The encoder is cut after a layer and never trained. From the table a page shows real findings in seconds: what a leak
is worth, how far languages lie apart, who is recognised less well.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from accelerate import Accelerator
from pyarrow import parquet

from sernb.data.files import FileError, read_table, replacing
from sernb.data.shipped import RESULTS
from sernb.evaluation.predictions import DESCRIPTION
from sernb.models.embeddings import embed
from sernb.models.whisper import WhisperEncoder

FILE = RESULTS / "embeddings-frozen.parquet"
"""The stored table: layer 3 of whisper-base's 6, the mean over the speech of a clip's first 4 seconds."""
COLUMNS = [*DESCRIPTION, "fold"]
THINNED = {"cremad": 3}
"""Corpus -> one in how many of its speakers is kept: whole, CREMA-D would outweigh all others together."""
PRECISION = 32
"""A value is kept to at least so many steps per deviation of its dimension: half the bytes, and no probe notices."""


def chosen(manifest: pd.DataFrame) -> pd.DataFrame:
    """The labelled clips of the table, with a new index: every speaker, or every third where a corpus is THINNED."""
    clips = manifest[manifest["emotion"].notna()]
    kept = pd.Series(True, clips.index)
    for corpus, every in THINNED.items():
        rows = clips["corpus"] == corpus
        speakers = sorted(clips.loc[rows, "speaker"].dropna().unique())[::every]
        kept[rows] = clips.loc[rows, "speaker"].isin(speakers)
    return clips[kept].reset_index(drop=True)


def frozen_table(
    manifest: pd.DataFrame, encoder: WhisperEncoder, accelerator: Accelerator | None = None, progress: bool = False
) -> pd.DataFrame:
    """The table: COLUMNS of each clip `chosen`, and `embedding`, float16, shape (width,).

    Args:
        manifest: manifest rows.
        encoder: cut after the layer that is meant, see its `layers`.
        accelerator: device and precision.
        progress: show a progress bar.

    Raises:
        ValueError: no labelled clip.
        AudioError: a clip can't be read.
    """
    clips = chosen(manifest)
    if clips.empty:
        raise ValueError("no clip has one of the four classes: there is nothing to embed")
    values = rounded(embed(encoder, clips, accelerator, progress=progress))
    return clips[COLUMNS].assign(embedding=list(values))


def rounded(embeddings: np.ndarray) -> np.ndarray:
    """Half precision, each dimension in steps of a power of two, PRECISION or more per deviation; shape as given."""
    deviation = embeddings.std(0, dtype=np.float64).clip(min=1e-6)
    step = 2.0 ** np.floor(np.log2(deviation / PRECISION))
    return (np.round(embeddings / step) * step).astype(np.float16)


def write(path: Path, table: pd.DataFrame) -> None:
    """Write the table as Parquet, as small as it gets without loss."""
    width = len(table["embedding"].iloc[0])
    flat = pa.array(np.concatenate(table["embedding"].to_list()), pa.float16())
    columns = pa.Table.from_pandas(table[COLUMNS], preserve_index=False).replace_schema_metadata(None)
    whole = columns.append_column("embedding", pa.FixedSizeListArray.from_arrays(flat, width))
    with replacing(path) as temporary:
        parquet.write_table(
            whole,
            temporary,
            compression="zstd",
            compression_level=19,
            write_statistics=False,
            use_dictionary=COLUMNS,
            column_encoding={"embedding.list.element": "BYTE_STREAM_SPLIT"},
        )


def read(path: Path = FILE) -> tuple[pd.DataFrame, np.ndarray]:
    """The stored table: COLUMNS with an index from 0, and the embeddings, float32, shape (clips, width).

    Raises:
        FileNotFoundError: there is no such file.
        FileError: it is no table of frozen embeddings.
    """
    table = read_table(path)
    if missing := sorted({*COLUMNS, "embedding"} - set(table)):
        raise FileError(path, f"lacks the columns {', '.join(missing)}; make it again with `sernb embeddings`")
    return table[COLUMNS], np.stack(table["embedding"].to_list()).astype(np.float32)
