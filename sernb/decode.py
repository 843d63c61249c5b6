"""From a file to samples, or to an error that says what is wrong with the file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

MAX_SAMPLES = 1 << 27
"""Most samples, over all channels, a file may hold: 512 MiB decoded, 46 minutes of 48 kHz mono."""
_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)  # written by programs that stream and can't go back to the header


class AudioError(ValueError):
    """An audio file that can't be used; the message names the file, the problem and the remedy."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself: sampling rate in Hz, number of channels, samples a channel."""

    rate: int
    channels: int
    frames: int


def read_header(path: str | Path) -> Header:
    """What an audio file says of itself, without its samples.

    Raises:
        AudioError: not audio, no samples promised, or more than `MAX_SAMPLES`.
    """
    try:
        with soundfile.SoundFile(str(path)) as file:
            return _usable(path, file)
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(f"{path}: {_unreadable(path, error)}") from error


def decode(path: str | Path) -> tuple[np.ndarray, int]:
    """Every sample of an audio file, as stored: no resampling, no mixing.

    Args:
        path: any format libsndfile reads (wav, flac, mp3, ogg, aiff, ...), recognised by content.

    Returns:
        Samples, float32, full scale 1 (a float file may exceed it), shape (samples, channels), and the sampling
        rate in Hz.

    Raises:
        AudioError: no such file, not audio, cut short, without samples, or with more than `MAX_SAMPLES`.
    """
    try:
        with soundfile.SoundFile(str(path)) as file:
            header = _usable(path, file)
            samples = file.read(dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(f"{path}: {_unreadable(path, error)}") from error
    missing = _missing_bytes(Path(path))
    if len(samples) < header.frames or missing:
        lack = f"{missing} bytes" if missing else f"{header.frames - len(samples)} samples"
        raise AudioError(f"{path}: truncated, {lack} short of what its header promises; get the file again")
    return samples, header.rate


def _usable(path: str | Path, file: soundfile.SoundFile) -> Header:
    header = Header(file.samplerate, file.channels, file.frames)
    if header.frames <= 0:
        raise AudioError(f"{path}: holds no samples; replace or remove the file")
    if header.frames * header.channels > MAX_SAMPLES:
        size = 4 * header.frames * header.channels / 1e9
        raise AudioError(f"{path}: claims {size:.1f} GB of samples; cut it into utterances or remove the file")
    return header


def _unreadable(path: str | Path, error: Exception) -> str:
    with_content = Path(path).is_file()
    if with_content and Path(path).stat().st_size == 0:
        return "empty file; replace or remove it"
    if with_content:
        with open(path, "rb") as file:
            if file.read(30).startswith(b"version https://git-lfs"):
                return "a Git LFS pointer, not audio; run `git lfs pull` where it was cloned"
    reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or type(error).__name__
    return f"cannot be read as audio ({reason.rstrip('.')}); replace or remove the file"


def _missing_bytes(path: Path) -> int:
    """Bytes a RIFF file's header promises beyond its end; libsndfile reads such a file without complaint."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return 0
        file.seek(12)
        while len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"data":
                return 0 if size in _UNKNOWN_SIZES else max(0, file.tell() + size - path.stat().st_size)
            file.seek(size + size % 2, 1)
    return 0
