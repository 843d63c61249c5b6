"""From a file to samples, or to an error that says what is wrong with the file."""

import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from sernb.data.containers import ends_early, missing_bytes, with_size
from sernb.data.escape import printable
from sernb.data.mpeg import MpegStream

MAX_SAMPLES = 1 << 27
"""Most samples, over all channels, a file may hold: 512 MiB decoded, 46 minutes of 48 kHz mono."""
MAX_BLOCK = 1 << 24
"""Most samples, over all channels, that `decode_blocks` reads at once."""
MPEG_PADDING = 2 * 1152
"""Samples of encoder delay and padding, two MPEG frames, that an MP3's own count may include."""
MAX_EXPANSION = 256
"""Most bytes of samples for each byte of a file; speech, however compressed, gives a tenth of that."""
EXPANSION_FLOOR = 1 << 26
"""Bytes of samples any file may hold: 64 MiB, 6 minutes of 48 kHz mono."""
RATES = (1_000, 1_000_000)
"""Lowest and highest sampling rate, Hz: what lies outside is no speech, and resampled would fill the memory."""
UNKNOWN = (1 << 63) - 1
"""Frames that libsndfile states where the header states none."""

_CONTAINERS = (  # what libsndfile doesn't read: where in the file, the bytes there, and what it is
    (4, b"ftyp", "MP4 or M4A (AAC)"),
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska"),
    (0, b"0&\xb2u\x8ef", "Windows Media"),
    (0, b"#!AMR", "AMR"),
    (0, b"\xff\xf1", "raw AAC"),
    (0, b"\xff\xf9", "raw AAC"),
    (0, b"ADIF", "raw AAC"),
    (28, b"\x7fFLAC", "FLAC inside Ogg"),
)

_CLEARER: dict[int | None, str] = {  # of libsndfile's messages by code, two that mislead
    7: "no audio format is recognised in it",  # "does not exist or is not a regular file"
    24: "its header states no rate, channels or encoding",  # "SF_INFO struct incomplete"
}


class AudioError(ValueError):
    """An audio file that can't be used; the message names the file, the problem and the remedy.

    Control characters of the file's name are replaced.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


@dataclass(frozen=True)
class Header:
    """What a file says of itself: sampling rate in Hz, number of channels, samples a channel."""

    rate: int
    channels: int
    frames: int


def read_header(path: str | Path) -> Header:
    """What an audio file says of itself, without its samples.

    Raises:
        AudioError: not audio, no samples promised, or more than `MAX_SAMPLES` or `MAX_EXPANSION` allow.
    """
    with _opened(path) as (_, header):
        return header


def decode(path: str | Path) -> tuple[np.ndarray, int]:
    """Every sample of an audio file, as stored: no resampling, no mixing.

    Args:
        path: any format libsndfile reads (wav, flac, mp3, ogg, aiff, ...), recognised by content.

    Returns:
        Samples, float32, full scale 1 (a float file may exceed it), shape (samples, channels), and the sampling
        rate in Hz.

    Raises:
        AudioError: no such file, not audio, cut short, without samples, or with more than `MAX_SAMPLES` or
            `MAX_EXPANSION` allow.
    """
    with _opened(path) as (file, header):
        # some codecs, GSM's among them, can't be sought in, and are then read by their count
        frames = -1 if file.seekable() else header.frames
        samples = file.read(frames, dtype="float32", always_2d=True)
    _check_complete(path, file, header, len(samples))
    return samples, header.rate


def decode_blocks(path: str | Path, seconds: float = 60.0) -> Iterator[tuple[np.ndarray, int]]:
    """`decode`, a little at a time: a recording may be as long as it likes, only a block of it is in memory.

    Args:
        path: as `decode` takes it.
        seconds: length of a block; the last is shorter, as all are with very many channels.

    Yields:
        Samples, float32, shape (samples, channels), and the sampling rate in Hz.

    Raises:
        AudioError: as `decode`, but for `MAX_SAMPLES`; a file cut short is found after its last block.
    """
    with _opened(path, whole=False) as (file, header):
        size = max(1, min(round(seconds * header.rate), MAX_BLOCK // header.channels))
        read = 0
        while len(samples := file.read(size, dtype="float32", always_2d=True)):
            read += len(samples)
            yield samples, header.rate
    _check_complete(path, file, header, read)


def _check_complete(path: str | Path, file: soundfile.SoundFile, header: Header, read: int) -> None:
    """Raise unless as many samples were read as the header promises."""
    # in WAV as well, the length of MPEG sound is a guess
    slack = MPEG_PADDING if file.format == "MP3" else math.inf if file.subtype.startswith("MPEG") else 0
    missing = missing_bytes(Path(path))
    if read + slack < header.frames or missing:
        lack = f"{missing} bytes" if missing else f"{header.frames - read} samples"
        raise AudioError(f"{path}: truncated, {lack} short of what its header promises; get the file again")


@contextmanager
def _opened(path: str | Path, whole: bool = True) -> Iterator[tuple[soundfile.SoundFile, Header]]:
    """The open file, to be read from its start to its end, at once or in blocks, and what is to be found there."""
    kind = soundfile.SoundFile if whole else _Stream
    most = _most_bytes(path, whole) if os.path.isfile(path) else 0
    if os.path.exists(path) and not os.path.isfile(path):  # opening would wait for a FIFO, and never end for a device
        raise AudioError(f"{path}: not a regular file; give an audio file")
    try:
        with kind(str(path)) as file:
            if file.format == "OGG" and ends_early(Path(path)):
                raise AudioError(
                    f"{path}: truncated, its last Ogg page is cut or not marked as the last; get the file again"
                )
            filled_in = with_size(Path(path)) if file.frames == 0 else None
            if filled_in is not None:
                with kind(filled_in) as sized:
                    yield sized, _usable(path, sized, sized.frames, most)
                return
            stream = MpegStream(Path(path)) if file.format == "MP3" else None
            if file.frames == UNKNOWN:
                with _Stream(str(path)) as counted:
                    header = _usable(path, counted, _count(counted, most), most)
                with _Stream(str(path)) as counted:
                    yield counted, header
                return
            if stream is None or stream.counted or not stream.frames:
                yield file, _usable(path, file, file.frames, most)
                return
            if stream.cut:
                raise AudioError(f"{path}: truncated, it ends within an MPEG frame; get the file again")
            header = _usable(path, file, stream.samples, most)
            if not stream.variable:
                yield file, header
                return
            with kind(stream.with_count()) as counted:
                yield counted, header
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(f"{path}: {_unreadable(path, error)}") from error


class _Stream(soundfile.SoundFile):
    """Read from its start to its end, without a seek between two reads, which soundfile makes where it can.

    After a seek an MP3 decoder lacks bits that frames before hold, and the next samples are wrong; within samples
    nobody counted, libsndfile can't seek at all.
    """

    def seekable(self) -> bool:
        return False


def _count(file: _Stream, most: int) -> int:
    """Samples a channel, found by reading on until nothing is left or more than a file may hold."""
    frames = 0
    while frames <= most // (4 * file.channels) and len(block := file.read(1 << 16, dtype="float32")):
        frames += len(block)
    return frames


def _most_bytes(path: str | Path, whole: bool) -> int:
    """Most bytes of samples a file of this size may hold, where it is read whole or a little at a time."""
    expanded = max(EXPANSION_FLOOR, MAX_EXPANSION * os.path.getsize(path))
    return min(4 * MAX_SAMPLES, expanded) if whole else expanded


def _usable(path: str | Path, file: soundfile.SoundFile, frames: int, most: int) -> Header:
    header = Header(file.samplerate, file.channels, frames)
    if header.frames <= 0:
        raise AudioError(f"{path}: holds no samples; replace or remove the file")
    if not RATES[0] <= header.rate <= RATES[1]:
        raise AudioError(f"{path}: a sampling rate of {header.rate} Hz; replace or remove the file")
    size = 4 * header.frames * header.channels
    if size > most:
        raise AudioError(f"{path}: claims {size / 1e9:.1f} GB of samples; cut it into utterances or remove the file")
    return header


def _unreadable(path: str | Path, error: Exception) -> str:
    with_content = Path(path).is_file()
    if with_content and Path(path).stat().st_size == 0:
        return "empty file; replace or remove it"
    if with_content:
        try:
            with open(path, "rb") as file:
                head = file.read(40)
        except OSError as unopened:
            return f"cannot be opened ({unopened.strerror}); change its permissions"
        if head.startswith(b"version https://git-lfs"):
            return "a Git LFS pointer, not audio; run `git lfs pull` where it was cloned"
        for start, magic, name in _CONTAINERS:
            if head[start:].startswith(magic):
                return f"{name}, which libsndfile doesn't read; convert it, as with `ffmpeg -i IN OUT.wav`"
        if head.startswith(b"fLaC"):
            return "truncated or damaged FLAC; get the file again"
        if head.startswith(b"ID3") or re.match(rb"\xff[\xe2-\xff]", head):
            return "damaged MP3, decoding stops on the way; get the file again"
    known = _CLEARER.get(getattr(error, "code", None)) if with_content else None
    reason = known or getattr(error, "error_string", None) or getattr(error, "strerror", None) or type(error).__name__
    return f"cannot be read as audio ({reason.rstrip('.')}); replace or remove the file"
