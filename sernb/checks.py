"""What the audio itself says: duration, level, and a hash of the decoded samples, remembered between runs."""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from sernb.decode import AudioError, decode


@dataclass(frozen=True)
class AudioCheck:
    """What was found in one file; `problem` is None for a file that can be used.

    Attributes:
        path: the file.
        size: bytes; with `mtime_ns` it tells whether the file changed since.
        mtime_ns: time of last change, nanoseconds since 1970.
        duration_s: seconds.
        sample_rate: Hz.
        channels: number of channels.
        peak: largest absolute sample, full scale 1.
        rms: root mean square over all samples and channels, full scale 1.
        audio_hash: SHA-1 of the decoded samples and the rate: the same sound in WAV and FLAC has one hash.
        problem: why the file can't be used, or None.
    """

    path: str
    size: int
    mtime_ns: int
    duration_s: float = float("nan")
    sample_rate: int = 0
    channels: int = 0
    peak: float = float("nan")
    rms: float = float("nan")
    audio_hash: str | None = None
    problem: str | None = None


def check(path: Path) -> AudioCheck:
    """Decode one file and describe it; a broken file is described too, never an exception."""
    stat = path.stat()
    file = {"path": str(path), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    try:
        samples, rate = decode(path)
    except AudioError as error:
        return AudioCheck(**file, problem=str(error).removeprefix(f"{path}: "))
    finite = np.isfinite(samples).all()
    return AudioCheck(
        **file,
        duration_s=len(samples) / rate,
        sample_rate=rate,
        channels=samples.shape[1],
        peak=float(np.abs(samples).max()) if finite else float("nan"),
        rms=float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if finite else float("nan"),
        audio_hash=hashlib.sha1(samples.tobytes() + rate.to_bytes(4, "little")).hexdigest(),
        problem=None if finite else "holds samples that are not numbers; replace or remove the file",
    )


def check_all(paths: Iterable[Path], cache: Path | None = None, progress: bool = True) -> pd.DataFrame:
    """Check many files in parallel, asking the disk only about those that changed since the last time.

    Args:
        paths: the files.
        cache: Parquet file of earlier checks, read where it exists and written anew; None keeps nothing.
        progress: show a progress bar.

    Returns:
        One row a file in the order given, columns as `AudioCheck`.
    """
    paths = list(paths)
    known: dict[tuple[str, int, int], dict] = {}
    if cache is not None and cache.exists():
        rows = pd.read_parquet(cache).to_dict("records")
        known = {(row["path"], row["size"], row["mtime_ns"]): row for row in rows}

    def look(path: Path) -> dict:
        stat = path.stat()
        return known.get((str(path), stat.st_size, stat.st_mtime_ns)) or asdict(check(path))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = tqdm(pool.map(look, paths), total=len(paths), desc="audio", unit="file", disable=not progress)
        frame = pd.DataFrame(list(found), columns=list(AudioCheck.__dataclass_fields__))
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        temporary = cache.with_suffix(".tmp")
        frame.to_parquet(temporary, index=False)
        temporary.replace(cache)
    return frame
