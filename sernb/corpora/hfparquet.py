"""Any Hugging Face dataset in Parquet with audio inside, such as CAMEO: unpacked to an audiofolder, then read as one.

Columns: audio (bytes, path) and any of tables.COLUMN_OF; CAMEO has emotion, speaker_id, gender, dataset, language.
A Parquet file of a few kB can claim to hold terabytes: what is unpacked is limited to a multiple of what is there.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sernb.corpora import audiofolder
from sernb.corpora.base import AUDIO_SUFFIXES, Corpus, TableError
from sernb.corpora.isolated import command
from sernb.corpora.tables import COLUMN_OF

MAX_EXPANSION = 4  # bytes written for each byte of Parquet; audio hardly compresses
MAX_EXPANSION_FLOOR = 1 << 26  # bytes always allowed: 64 MiB
MAX_BATCH = 1 << 29  # bytes of audio held in memory at once: 512 MiB
MAX_MEMORY = 3 << 30  # bytes the reading process may take, whatever a file makes its library ask for
MAX_FOOTER = 1 << 20  # bytes
SOURCE = "source.json"


def parquet_files(folder: Path) -> list[Path]:
    """The dataset's files: in data/, where the hub puts them, or in the folder itself."""
    return sorted(folder.glob("data/*.parquet")) or sorted(folder.glob("*.parquet"))


def recognise(folder: Path) -> bool:
    """Whether the first file has audio and an emotion; other tables are Parquet too.

    Only looks for the names in the footer, where they lie in plain text after their lengths: a broken file can crash
    the library that reads it.
    """
    with parquet_files(folder)[0].open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MAX_FOOTER))
        footer = file.read()
    emotions = (_in_footer(name) for name in COLUMN_OF["emotion"])
    return _in_footer("audio") in footer and _in_footer("bytes") in footer and any(name in footer for name in emotions)


def _in_footer(name: str) -> bytes:
    return bytes([len(name)]) + name.encode()


def unpack(folder: Path, below: Path) -> Path:
    """Write the audio as files and everything else as metadata.jsonl; done once, until the Parquet changes.

    Done in a process of its own: some broken files end the process that reads them.

    Returns:
        The audiofolder, inside `below`.

    Raises:
        TableError: not Parquet, or more inside than such a file can honestly hold.
    """
    into = below / f"{folder.name}-{hashlib.sha1(str(folder).encode(errors='replace')).hexdigest()[:8]}"
    stats = [(file.name, file.stat()) for file in parquet_files(folder)]
    source = json.dumps([[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats])
    if (into / SOURCE).exists() and (into / SOURCE).read_text() == source:
        return into
    shutil.rmtree(into, ignore_errors=True)
    done = subprocess.run(command(__name__, folder, into), stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        shutil.rmtree(into, ignore_errors=True)
        lines = done.stderr.strip().splitlines() if done.returncode == 1 else []
        raise TableError(lines[-1] if lines else f"reading the Parquet crashed (status {done.returncode})")
    (into / SOURCE).write_text(source)
    return into


def write_audiofolder(folder: Path, into: Path) -> None:
    """Every row of a dataset's Parquet files as a file and a line of metadata.jsonl.

    Raises:
        TableError: see `unpack`.
    """
    (into / "audio").mkdir(parents=True)
    with (into / "metadata.jsonl").open("w", encoding="utf-8") as metadata:
        for file in parquet_files(folder):
            for line in _lines(folder.name, file, into):
                metadata.write(line)


def _lines(dataset: str, file: Path, into: Path) -> Iterator[str]:
    split = re.sub(r"(?<=.)-\d+-of-\d+$", "", file.stem)
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
                    name = f"audio/{file.stem}-{number:07d}{_suffix(audio.get('path'))}"
                    stated = {key: classes.get(key, {}).get(value, value) for key, value in row.items()}
                    words = {key: str(value) for key, value in stated.items() if value is not None}
                    line = json.dumps({"dataset": dataset, "split": split, **words, "file_name": name}) + "\n"
                    allowed -= len(data or b"") + len(line)
                    if allowed < 0:
                        raise TableError(f"{file.name} unpacks to far more than its size: not unpacked further")
                    if data is not None:  # else the row is listed, and its audio missing
                        (into / name).write_bytes(data)
                    number += 1
                    yield line
    except MemoryError as error:  # Arrow's own is one, too
        raise TableError(f"{file.name} needs more than {MAX_MEMORY / 1e9:.1f} GB to be read: not unpacked") from error
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
    example={"data/train-00000-of-00001.parquet": "columns audio, emotion, speaker_id, gender, language"},
    read=audiofolder.read,
    unpack=unpack,
    recognise=recognise,
)

if __name__ == "__main__":
    if sys.platform == "linux":  # other systems have no such limit, or don't keep to it
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY))
    try:
        write_audiofolder(Path(sys.argv[1]), Path(sys.argv[2]))
    except TableError as error:
        sys.exit(str(error))
