"""The augmentation gallery: one clip, changed by sliders, heard and seen at once."""

import base64
import io
from typing import Any

import numpy as np
import soundfile
import torch

from sernb.figures.captioned import picture
from sernb.figures.plots import log_mel
from sernb.figures.widgets.container import Widget
from sernb.speech.audio import SAMPLE_RATE, LogMel

SECONDS = 1.5
"""Of a clip that the page carries, at most."""


def augmentation(
    clip: np.ndarray | None = None, other: np.ndarray | None = None, words: str = "", anchor: str = ""
) -> Widget:
    """Sliders for noise, gain, speed, masks, mixup and crop, with the log-mel spectrogram and the sound.

    Args:
        clip: samples (n,) at 16 kHz; None lets the page make a short vowel.
        other: the clip that mixup mixes in; None lets the page make a vowel of another pitch.
        words: what is heard, such as "Urdu, angry".
        anchor: see `Widget`.
    """
    data: dict[str, Any] = {"words": words or "a vowel made in the page"}
    for name, samples in (("clip", clip), ("other", other)):
        if samples is not None:
            data[name] = _flac(samples[: round(SECONDS * SAMPLE_RATE)])
    heard = vowel(110) if clip is None else clip[: round(SECONDS * SAMPLE_RATE)]
    features = LogMel()(torch.from_numpy(np.ascontiguousarray(heard, np.float32))[None])[0].numpy()
    return Widget(
        "augmentation",
        "Augmentation, to be moved",
        picture(
            log_mel(features),
            f"Log-mel spectrogram of {data['words']}: {len(heard) / SAMPLE_RATE:.1f} s from left to right, low bands "
            "at the bottom, as Whisper is given it.",
        ),
        "What each augmentation does to a clip: move a slider, look, listen.",
        data,
        anchor,
        ("sound",),
    )


def vowel(pitch: float, seconds: float = 1.2) -> np.ndarray:
    """A vowel like "ah", float32, shape (samples,): harmonics of a falling pitch (Hz) under three formants."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tone = pitch * (1.15 - 0.3 * time / seconds)
    phase = 2 * np.pi * np.cumsum(tone) / SAMPLE_RATE
    samples = np.zeros_like(time)
    for harmonic in range(1, 31):
        hertz = harmonic * pitch
        level = sum(gain / (1 + ((hertz - centre) / 90) ** 2) for centre, gain in ((730, 1), (1090, 0.6), (2440, 0.2)))
        samples += level * np.sin(harmonic * phase)
    samples *= np.sin(np.pi * np.minimum(time / seconds, 1)) ** 0.5
    return (0.3 * samples / np.abs(samples).max()).astype(np.float32)


def _flac(samples: np.ndarray) -> str:
    """Samples as base64 of 16-bit FLAC, which every browser decodes without loss."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return base64.b64encode(buffer.getvalue()).decode()
