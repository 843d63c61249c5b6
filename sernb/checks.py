"""What the audio itself says: duration, level, and a hash of the decoded samples, remembered between runs."""

import hashlib
import os
import stat
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd
import pyarrow as pa

from sernb.decode import AudioError, decode, read_header
from sernb.progress import progress_bar

CLIPPED_AT = 0.999
"""A sample of at least this size, full scale 1, counts as clipped."""

FLUSH_S = 5.0
"""Seconds of work that a killed run may lose."""


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
        clipped: share of samples at or above `CLIPPED_AT`, 0 to 1.
        audio_hash: SHA-1 of the decoded samples and the rate: the same sound in WAV and FLAC has one hash.
        decoded: whether the samples were read; where not, peak, rms, clipped and audio_hash are missing.
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
    clipped: float = float("nan")
    audio_hash: str | None = None
    decoded: bool = False
    problem: str | None = None


COLUMNS = [field.name for field in fields(AudioCheck)]
_KEY = ["path", "size", "mtime_ns"]
_TYPES = {
    **dict.fromkeys(["path", "audio_hash", "problem"], "string"),
    **dict.fromkeys(["size", "mtime_ns", "sample_rate", "channels"], "int64"),
    **dict.fromkeys(["duration_s", "peak", "rms", "clipped"], "float64"),
    "decoded": "bool",
}


def check(path: str | Path, headers_only: bool = False) -> AudioCheck:
    """Look at one file and describe it; a broken or missing file is described too, never an exception."""
    return _check(str(path), *_stat(path), headers_only)


def _check(path: str, size: int, mtime_ns: int, problem: str | None, headers_only: bool) -> AudioCheck:
    if problem is not None:
        return AudioCheck(path, size, mtime_ns, problem=problem)
    try:
        if headers_only:
            header = read_header(path)
            return AudioCheck(path, size, mtime_ns, header.frames / header.rate, header.rate, header.channels)
        samples, rate = decode(path)
    except AudioError as error:
        return AudioCheck(path, size, mtime_ns, decoded=not headers_only, problem=str(error).removeprefix(f"{path}: "))
    audio_hash = hashlib.sha1(samples)
    audio_hash.update(rate.to_bytes(4, "little"))
    levels = np.abs(samples)
    finite = bool(np.isfinite(levels.max()))  # a NaN or infinity among the samples is the maximum
    return AudioCheck(
        path,
        size,
        mtime_ns,
        duration_s=len(samples) / rate,
        sample_rate=rate,
        channels=samples.shape[1],
        peak=float(levels.max()) if finite else float("nan"),
        rms=float(np.sqrt(np.square(samples).mean(dtype=np.float64))) if finite else float("nan"),
        clipped=float(np.mean(levels >= CLIPPED_AT)) if finite else float("nan"),
        audio_hash=audio_hash.hexdigest(),
        decoded=True,
        problem=None if finite else "holds samples that are not numbers; replace or remove the file",
    )


def _stat(path: str | Path) -> tuple[int, int, str | None]:
    """Size, time of last change, and why the path is no file to open, or None."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # a ValueError: a name no file can have
        return 0, 0, "listed, but missing"
    return found.st_size, found.st_mtime_ns, None if stat.S_ISREG(found.st_mode) else "not a regular file"


def check_all(
    paths: Iterable[str | Path], cache: Path | None = None, progress: bool = True, headers_only: bool = False
) -> pd.DataFrame:
    """Check many files in parallel, opening only those that changed since the last time.

    The cache is written while the work goes on: a run that was stopped goes on where it was.

    Args:
        paths: the files.
        cache: Parquet file of earlier checks, read where it exists and written anew; None keeps nothing.
        progress: show a progress bar.
        headers_only: believe the headers and read no samples: no levels, no hash.

    Returns:
        One row a file in the order given, columns as `AudioCheck`.
    """
    names = list(map(str, paths))
    found = pd.DataFrame([(name, *_stat(name)) for name in names], columns=[*_KEY, "problem"])
    found = found.astype({name: _TYPES[name] for name in found})
    known = _load(cache)
    usable = known if headers_only else known[known["decoded"]]
    # a file that can't be opened is not remembered: it may be there next time
    result = found[_KEY].merge(usable, how="left", on=_KEY)[COLUMNS]
    todo = np.flatnonzero(result["decoded"].isna())
    if not len(todo):
        return result.astype(_TYPES)

    rows = found.iloc[todo].astype(object).where(found.iloc[todo].notna(), None)
    new: list[AudioCheck] = []
    written, pause = monotonic(), FLUSH_S
    try:
        with progress_bar(total=len(todo), desc="audio", unit="file", show=progress) as bar:
            for one in _look(rows, headers_only):
                new.append(one)
                bar.update()
                if cache is not None and monotonic() - written > pause:
                    started = monotonic()
                    _save(cache, known, new)
                    written = monotonic()
                    pause = max(pause, 20 * (written - started))  # at most 5 % of the time goes into this
    finally:
        if cache is not None:
            _save(cache, known, new)
    fresh = _frame(new).set_index(result.index[todo])
    remembered = result.drop(index=fresh.index).astype(_TYPES)
    return pd.concat([remembered, fresh]).sort_index()


def _look(rows: pd.DataFrame, headers_only: bool) -> Iterator[AudioCheck]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), 4096):  # millions of waiting tasks would fill the memory
            batch = rows.iloc[start : start + 4096].itertuples(index=False, name=None)
            yield from pool.map(lambda row: _check(*row, headers_only), batch)


def _frame(checks: Sequence[AudioCheck]) -> pd.DataFrame:
    rows = [tuple(getattr(one, column) for column in COLUMNS) for one in checks]
    return pd.DataFrame(rows, columns=COLUMNS).astype(_TYPES)


def _load(cache: Path | None) -> pd.DataFrame:
    if cache is None or not cache.exists():
        return _frame([])
    try:
        known = pd.read_parquet(cache)
    except (OSError, pa.ArrowException) as error:
        warnings.warn(f"{cache} can't be read ({error}): every file is checked again", stacklevel=3)
        return _frame([])
    return known.astype(_TYPES) if list(known) == COLUMNS else _frame([])  # of another version: checked again


def _save(cache: Path, known: pd.DataFrame, new: Sequence[AudioCheck]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    temporary = cache.with_name(f"{cache.name}.{os.getpid()}.tmp")  # chapters run side by side share a cache
    pd.concat([known, _frame(new)]).drop_duplicates("path", keep="last").to_parquet(temporary, index=False)
    temporary.replace(cache)
