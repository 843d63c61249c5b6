"""A recording of any length as windows of speech, each with what speaks against hearing it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr

from sernb.data.decode import AudioError, decode_blocks
from sernb.data.inspection import CLIPPED_AT, slow, spoiled
from sernb.data.rules import broken_rule
from sernb.speech.audio import SAMPLE_RATE


class Window(NamedTuple):
    """Where in a recording a window lies, and what is known of it before it is heard.

    Attributes:
        start_s: seconds from the recording's start.
        end_s: where the window ends, or the recording before it.
        level: half the distance from the lowest to the highest sample of the mix, full scale 1.
        problem: why it can't be heard, or None.
    """

    start_s: float
    end_s: float
    level: float
    problem: str | None


@dataclass(frozen=True)
class Windows:
    """Windows of one recording, one after the other.

    Attributes:
        samples: float32, shape (windows, longest window * 16000), mono, zeros after the recording's end.
        rows: one for each window.
        top_hz: half of the file's sampling rate: nothing higher is in it.
    """

    samples: np.ndarray
    rows: list[Window]
    top_hz: float


def windows(path: str | Path, seconds: float, step: float, longest: float) -> Iterator[Windows]:
    """Read a recording a little at a time.

    A window starts every `step` seconds until one reaches the recording's end; so a clip no longer than a window is
    one of them.

    Args:
        path: any format libsndfile reads.
        seconds: length of a window.
        step: from the start of a window to that of the next, at most `seconds`.
        longest: what each is padded to: the model's window.

    Raises:
        AudioError: as `decode_blocks`, or too few samples a second for speech; windows of a file that is cut short
            may come before.
    """
    if os.path.lexists(path) and not os.path.isfile(path):
        raise AudioError(f"{path}: not a regular file; give an audio file")
    if not os.path.exists(path):
        raise AudioError(f"{path}: no such file")
    cutter: _Cutter | None = None
    for samples, rate in decode_blocks(path):
        if cutter is None:
            if (problem := slow(rate)) is not None:
                raise AudioError(f"{path}: {problem}")
            cutter = _Cutter(rate, samples.shape[1], seconds, step, longest)
        cutter.take(samples)
        if cutter.ready(ended=False):
            yield cutter.cut(ended=False)
    if cutter is None:
        raise AudioError(f"{path}: holds no samples; get the file again")
    yield cutter.cut(ended=True)


class _Cutter:
    """What was read and not yet cut, as stored and as heard, from the start of the next window on."""

    def __init__(self, rate: int, channels: int, seconds: float, step: float, longest: float) -> None:
        self.rate, self.seconds, self.step = rate, seconds, step
        self.size = round(longest * SAMPLE_RATE)
        self.number = 0  # of the next window
        self.stored = np.zeros((0, channels), np.float32)
        self.heard = np.zeros(0, np.float32)
        self.resample = soxr.ResampleStream(rate, SAMPLE_RATE, 1) if rate != SAMPLE_RATE else None

    def take(self, samples: np.ndarray) -> None:
        """Add a block."""
        self.stored = np.concatenate([self.stored, samples]) if len(self.stored) else samples
        # resampled, what is no number would spoil its neighbours; the windows it is in are marked
        self._hear(np.nan_to_num(samples.mean(axis=1), nan=0.0, posinf=0.0, neginf=0.0), last=False)

    def _hear(self, mono: np.ndarray, last: bool) -> None:
        new = mono if self.resample is None else self.resample.resample_chunk(mono, last)
        self.heard = np.concatenate([self.heard, new]) if len(self.heard) else new

    def _place(self, number: int, rate: int, end: bool = False) -> int:
        """First sample of a window, or the one after its last, from the start of what is kept."""
        return round((number * self.step + self.seconds * end) * rate) - round(self.number * self.step * rate)

    def ready(self, ended: bool) -> int:
        """How many windows can be cut."""
        if ended:
            left = len(self.stored) - self._place(self.number, self.rate, end=True)
            return 1 + max(0, int(np.ceil(left / self.rate / self.step - 1e-9)))
        count = 0
        while (
            # one more sample: what ends with this window is cut at the end, as its last
            self._place(self.number + count, self.rate, end=True) < len(self.stored)
            and self._place(self.number + count, SAMPLE_RATE, end=True) <= len(self.heard)
        ):
            count += 1
        return count

    def cut(self, ended: bool) -> Windows:
        """Every window there is enough of; at the end what is left, too."""
        if ended and self.resample is not None:
            self._hear(np.zeros(0, np.float32), last=True)
        count = self.ready(ended)
        rows, samples = [], np.zeros((count, self.size), np.float32)
        for index in range(count):
            number = self.number + index
            stored = self.stored[self._place(number, self.rate) : self._place(number, self.rate, end=True)]
            heard = self.heard[self._place(number, SAMPLE_RATE) : self._place(number, SAMPLE_RATE, end=True)]
            samples[index, : len(heard)] = heard[: self.size]
            start = number * self.step
            rows.append(Window(start, start + len(stored) / self.rate, *_look(stored, self.rate)))
        kept = [self._place(self.number + count, rate) for rate in (self.rate, SAMPLE_RATE)]
        self.stored, self.heard = self.stored[kept[0] :].copy(), self.heard[kept[1] :].copy()
        self.number += count
        return Windows(samples, rows, self.rate / 2)


def _look(stored: np.ndarray, rate: int) -> tuple[float, str | None]:
    """Level of a window's mix, and why it can't be heard, or None."""
    if not len(stored):
        return 0.0, "holds no samples"
    levels = np.abs(stored)
    peak = float(levels.max())
    problem = spoiled(stored, levels)
    if problem is None:
        problem = broken_rule(len(stored) / rate, peak, float(np.mean(levels >= CLIPPED_AT)))
    return float(np.ptp(stored.mean(axis=1)) / 2) if np.isfinite(peak) else float("nan"), problem
