"""What the audio itself says: duration, level, and a hash of the decoded samples, remembered between runs."""

import hashlib
import os
import stat
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd

from sernb.data.decode import AudioError, decode, read_header
from sernb.data.disk import naming_full_disk
from sernb.data.escape import one_line, printable
from sernb.data.files import read_table, replacing
from sernb.progress import progress_bar

CLIPPED_AT = 0.999
"""A sample of at least this size, full scale 1, counts as clipped."""

CANCELLED = 0.01
"""Nothing is left of a clip where its mono mix reaches less than this share of its peak: 40 dB."""

MIN_RATE = 4_000
"""Fewer samples a second, Hz, are a mistake in the header: telephones have 8,000."""

FLUSH_S = 5.0
"""Seconds of work that a killed run may lose."""


@dataclass(frozen=True)
class AudioCheck:
    """What was found in one file; `problem` is None for a file that can be used.

    Attributes:
        path: the file.
        size: bytes; with the two times it tells whether the file changed since.
        mtime_ns: time of last change, nanoseconds since 1970.
        ctime_ns: the same of the inode: it tells of a change after which size and `mtime_ns` were put back.
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
    ctime_ns: int
    duration_s: float = float("nan")
    sample_rate: int = 0
    channels: int = 0
    peak: float = float("nan")
    rms: float = float("nan")
    clipped: float = float("nan")
    audio_hash: str | None = None
    decoded: bool = False
    problem: str | None = None


Look = Callable[[pd.DataFrame, bool], Iterator[AudioCheck]]
"""Opens files, rows of arguments of `check_found`, and describes each, in their order; the second: headers only."""

COLUMNS = [field.name for field in fields(AudioCheck)]
_KEY = ["path", "size", "mtime_ns", "ctime_ns"]
_TYPES = {
    **dict.fromkeys(["path", "audio_hash", "problem"], "string"),
    **dict.fromkeys(["size", "mtime_ns", "ctime_ns", "sample_rate", "channels"], "int64"),
    **dict.fromkeys(["duration_s", "peak", "rms", "clipped"], "float64"),
    "decoded": "bool",
}


def check_audio(path: str | Path, headers_only: bool = False) -> AudioCheck:
    """Look at one file and describe it; a broken or missing file is described too, never an exception."""
    return check_found(headers_only, str(path), *_stat(path))


def check_found(
    headers_only: bool, path: str, size: int, mtime_ns: int, ctime_ns: int, problem: str | None
) -> AudioCheck:
    """As `check_audio`, of a file that was found with this size and these times, or with a problem."""
    now = (path, size, mtime_ns, ctime_ns)
    if problem is not None:
        return AudioCheck(*now, problem=problem)
    try:
        if headers_only:
            header = read_header(path)
            seconds = header.frames / header.rate
            return AudioCheck(*now, seconds, header.rate, header.channels, problem=slow(header.rate))
        samples, rate = decode(path)
    except AudioError as error:
        return AudioCheck(*now, decoded=not headers_only, problem=str(error).removeprefix(f"{printable(path)}: "))
    except Exception as error:  # of a kind nobody has met: this one file is refused, the others are read
        problem = one_line(f"can't be checked ({type(error).__name__}: {error}); convert, replace or remove the file")
        return AudioCheck(*now, decoded=not headers_only, problem=problem)
    audio_hash = hashlib.sha1(samples.data)
    audio_hash.update(rate.to_bytes(4, "little"))
    levels = np.abs(samples)
    finite = bool(np.isfinite(levels.max()))  # a NaN or infinity among the samples is the maximum
    return AudioCheck(
        *now,
        duration_s=len(samples) / rate,
        sample_rate=rate,
        channels=samples.shape[1],
        peak=float(levels.max()) if finite else float("nan"),
        rms=float(np.sqrt(np.square(samples).mean(dtype=np.float64))) if finite else float("nan"),
        clipped=float(np.mean(levels >= CLIPPED_AT)) if finite else float("nan"),
        audio_hash=audio_hash.hexdigest(),
        decoded=True,
        problem=slow(rate) or spoiled(samples, levels),
    )


def slow(rate: int) -> str | None:
    """Why no speech is in samples at this rate, Hz."""
    return None if rate >= MIN_RATE else f"{rate} samples a second can't hold speech; get the file again"


def spoiled(samples: np.ndarray, levels: np.ndarray) -> str | None:
    """Why samples can't be used, at whatever level; all that is heard of them is the mean of their channels."""
    if not np.isfinite(levels.max()):
        return "holds samples that are not numbers; replace or remove the file"
    mono, faint = samples.mean(axis=1), CANCELLED * levels.max()
    if samples.shape[1] > 1 and np.abs(mono).max() < faint:
        return "its channels cancel out when they are mixed to one; keep one of them"
    if len(mono) > 1 and np.ptp(mono) < faint:
        return "silent: its samples are all alike"
    return None


def _stat(path: str | Path) -> tuple[int, int, int, str | None]:
    """Size, times of last change, and why the path is no file to open, or None."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # a ValueError: a name no file can have
        return 0, 0, 0, "no such file"
    problem = None if stat.S_ISREG(found.st_mode) else "not a regular file; give an audio file"
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, problem


def check_all(
    paths: Iterable[str | Path],
    cache: Path | None = None,
    progress: bool = True,
    headers_only: bool = False,
    look: Look | None = None,
) -> pd.DataFrame:
    """Check many files in parallel, opening only those that changed since the last time.

    The cache is written while the work goes on: a run that was stopped goes on where it was.

    Args:
        paths: the files.
        cache: Parquet file of earlier checks, read where it exists and written anew; None keeps nothing.
        progress: show a progress bar.
        headers_only: believe the headers and read no samples: no levels, no hash.
        look: opens those that have to be; None does it here, in threads.

    Returns:
        One row a file in the order given, columns as `AudioCheck`.
    """
    names = list(map(str, paths))
    found = pd.DataFrame([(name, *_stat(name)) for name in names], columns=[*_KEY, "problem"])
    found = found.astype({name: _TYPES[name] for name in found})
    known = _load(cache)
    # what can't be used is not remembered: a missing file may be there next time, a later version may read a broken one
    known = known[known["problem"].isna()]
    usable = known if headers_only else known[known["decoded"]]
    result = found[_KEY].merge(usable, how="left", on=_KEY)[COLUMNS]
    todo = np.flatnonzero(result["decoded"].isna())
    if not len(todo):
        return result.astype(_TYPES)

    rows = found.iloc[todo].astype(object).where(found.iloc[todo].notna(), None)
    new: list[AudioCheck] = []
    written, pause = monotonic(), FLUSH_S
    try:
        with progress_bar(total=len(todo), desc="audio", unit="file", show=progress) as bar:
            for one in (look or look_here)(rows, headers_only):
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


def look_here(rows: pd.DataFrame, headers_only: bool) -> Iterator[AudioCheck]:
    """Open files in threads; a `Look`."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), 4096):  # millions of waiting tasks would fill the memory
            batch = rows.iloc[start : start + 4096].itertuples(index=False, name=None)
            yield from pool.map(lambda row: check_found(headers_only, *row), batch)


def _frame(checks: Sequence[AudioCheck]) -> pd.DataFrame:
    rows = [tuple(getattr(one, column) for column in COLUMNS) for one in checks]
    return pd.DataFrame(rows, columns=COLUMNS).astype(_TYPES)


def _load(cache: Path | None) -> pd.DataFrame:
    if cache is None or not cache.exists():
        return _frame([])
    try:
        known = read_table(cache)
        return known.astype(_TYPES) if list(known) == COLUMNS else _frame([])  # of another version: checked again
    except (OSError, ValueError, TypeError) as error:
        warnings.warn(one_line(f"{cache} can't be used ({error}): every file is checked again"), stacklevel=3)
        return _frame([])


def _save(cache: Path, known: pd.DataFrame, new: Sequence[AudioCheck]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    # chapters run side by side share a cache
    with naming_full_disk(cache.parent), replacing(cache, f".{os.getpid()}.tmp") as temporary:
        pd.concat([known, _frame(new)]).drop_duplicates("path", keep="last").to_parquet(temporary, index=False)
