"""Any Hugging Face dataset in Parquet with audio inside, such as CAMEO: unpacked to an audiofolder, then read as one.

Columns: audio (bytes, path) and any of tables.COLUMN_OF; CAMEO has emotion, speaker_id, gender, dataset, language.
A Parquet file of a few kB can claim to hold terabytes: what is unpacked is limited to a multiple of what is there.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sernb.corpora import audiofolder
from sernb.corpora.base import AUDIO_SUFFIXES, Corpus, TableError
from sernb.corpora.tables import COLUMN_OF

MAX_EXPANSION = 4  # bytes unpacked for each byte of Parquet; audio hardly compresses
MAX_EXPANSION_FLOOR = 1 << 26  # bytes always allowed: 64 MiB
MAX_BATCH = 1 << 29  # bytes of audio held in memory at once: 512 MiB
SOURCE = "source.json"


def parquet_files(folder: Path) -> list[Path]:
    """The dataset's files: in data/, where the hub puts them, or in the folder itself."""
    return sorted(folder.glob("data/*.parquet")) or sorted(folder.glob("*.parquet"))


def recognise(folder: Path) -> bool:
    """Whether the first file has audio and an emotion; other tables are Parquet too."""
    try:
        schema = pq.read_schema(parquet_files(folder)[0])
    except (OSError, pa.ArrowException):
        return False
    audio = schema.field("audio").type if "audio" in schema.names else pa.null()
    has_bytes = pa.types.is_struct(audio) and audio.get_field_index("bytes") >= 0
    return has_bytes and any(name.lower() in COLUMN_OF["emotion"] for name in schema.names)


def unpack(folder: Path, below: Path) -> Path:
    """Write the audio as files and everything else as metadata.jsonl; done once, until the Parquet changes.

    Returns:
        The audiofolder, inside `below`.

    Raises:
        TableError: not Parquet, or more inside than such a file can honestly hold.
    """
    files = parquet_files(folder)
    into = below / f"{folder.name}-{hashlib.sha1(str(folder).encode(errors='replace')).hexdigest()[:8]}"
    source = json.dumps([[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files])
    if (into / SOURCE).exists() and (into / SOURCE).read_text() == source:
        return into
    shutil.rmtree(into, ignore_errors=True)
    (into / "audio").mkdir(parents=True)
    with (into / "metadata.jsonl").open("w", encoding="utf-8") as metadata:
        for file in files:
            for row in _rows(file, into):
                metadata.write(json.dumps({"dataset": folder.name, **row}) + "\n")
    (into / SOURCE).write_text(source)
    return into


def _rows(file: Path, into: Path) -> Iterator[dict[str, str]]:
    split = re.match(r"(.+?)(-\d+-of-\d+)?$", file.stem)[1]
    allowed = max(MAX_EXPANSION * file.stat().st_size, MAX_EXPANSION_FLOOR)
    try:
        with pq.ParquetFile(file) as parquet:
            wanted = {spelling for spellings in COLUMN_OF.values() for spelling in spellings}
            columns = [name for name in parquet.schema_arrow.names if name.lower() in wanted]
            classes = _class_names(parquet.schema_arrow)
            number = 0
            for batch in parquet.iter_batches(_batch_size(parquet, allowed), columns=["audio", *columns]):
                for row in batch.to_pylist():
                    audio = row.pop("audio") or {}
                    data = audio.get("bytes")
                    allowed -= len(data or b"")
                    if allowed < 0:
                        raise TableError(f"{file.name} unpacks to far more than its size: not unpacked further")
                    name = f"audio/{file.stem}-{number:07d}{_suffix(audio.get('path'))}"
                    if data is not None:  # else the row is listed, and its audio missing
                        (into / name).write_bytes(data)
                    number += 1
                    stated = {key: classes.get(key, {}).get(value, value) for key, value in row.items()}
                    yield {"split": split, **{k: str(v) for k, v in stated.items() if v is not None}, "file_name": name}
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"{file.name} can't be read as Parquet ({error})") from error


def _batch_size(parquet: pq.ParquetFile, allowed: int) -> int:
    """Rows to hold at once: every row could repeat the largest value of its column chunk."""
    metadata = parquet.metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number).total_uncompressed_size for group in groups for number in range(group.num_columns)]
    if sum(chunks) > allowed:
        raise TableError(f"the Parquet file claims {sum(chunks) / 1e9:.1f} GB, far more than its size: not unpacked")
    return max(1, min(256, MAX_BATCH // max(chunks, default=1)))


def _class_names(schema: pa.Schema) -> dict[str, dict[Any, str]]:
    """Names of the classes of ClassLabel columns, which are stored as numbers, by column."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return {name: dict(enumerate(feature["names"])) for name, feature in features.items() if "names" in feature}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}  # no such description, or not one of the library's: values stay as they are


def _suffix(name: Any) -> str:
    suffix = Path(str(name)).suffix.lower()
    return suffix if suffix in AUDIO_SUFFIXES else ".wav"  # only a name: audio is recognised by content


CORPUS = Corpus(
    name="hfparquet",
    title="Any Hugging Face dataset in Parquet (CAMEO)",
    languages=(),
    speakers=None,
    licence="its own (CAMEO: CC BY-NC-SA 4.0 and those of its corpora)",
    citation="its own (CAMEO: Christop, Czajka: CAMEO: Collection of Multilingual Emotional Speech Corpora, 2025)",
    obtain="https://huggingface.co/datasets (CAMEO: amu-cai/CAMEO), with `hf download NAME --local-dir FOLDER`",
    layout=("data/*.parquet", "*.parquet"),
    read=audiofolder.read,
    unpack=unpack,
    recognise=recognise,
)
