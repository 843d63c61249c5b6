"""From a file to the encoder's input: mono 16 kHz samples, then Whisper's log-mel spectrogram on the device."""

from pathlib import Path

import numpy as np
import soxr
import torch
from torch import nn
from transformers.audio_utils import mel_filter_bank

from sernb.decode import decode

SAMPLE_RATE = 16_000
WINDOW = 400  # samples: 25 ms
HOP = 160  # samples: 10 ms


def load(path: str | Path) -> np.ndarray:
    """One clip as mono speech at 16 kHz.

    Returns:
        Samples, float32, shape (samples,).

    Raises:
        AudioError: the file can't be read as audio.
    """
    samples, rate = decode(path)
    mono = samples.mean(axis=1)
    return mono if rate == SAMPLE_RATE else soxr.resample(mono, rate, SAMPLE_RATE)


def fit_length(samples: np.ndarray, seconds: float, start: int = 0) -> tuple[np.ndarray, int]:
    """Cut or zero-pad a clip to the encoder's window.

    Args:
        samples: shape (samples,), 16 kHz.
        seconds: length of the window.
        start: first sample kept.

    Returns:
        The window, shape (seconds * 16000,), and how many of its samples hold speech.
    """
    size = round(seconds * SAMPLE_RATE)
    kept = samples[start : start + size]
    return np.pad(kept, (0, size - len(kept))), len(kept)


class LogMel(nn.Module):
    """Log-mel spectrograms equal to transformers' WhisperFeatureExtractor, for a whole batch on its device.

    Whisper's front end (Radford et al. 2022, section 2.2): 25 ms Hann windows every 10 ms, Slaney mel filters
    between 0 and 8 kHz, log10 floored 8 (that is 80 dB) under each clip's own maximum, then (x + 4) / 4.
    """

    def __init__(self, bins: int = 80) -> None:
        super().__init__()
        filters = mel_filter_bank(
            num_frequency_bins=WINDOW // 2 + 1,
            num_mel_filters=bins,
            min_frequency=0.0,
            max_frequency=SAMPLE_RATE / 2,
            sampling_rate=SAMPLE_RATE,
            norm="slaney",
            mel_scale="slaney",
        )
        self.register_buffer("filters", torch.from_numpy(filters.T).float().contiguous(), persistent=False)
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)

    @torch.autocast("cuda", enabled=False)
    @torch.autocast("cpu", enabled=False)
    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Waveforms (batch, samples) at 16 kHz -> log-mels (batch, bins, samples / 160)."""
        spectrum = torch.stft(waveforms, WINDOW, HOP, window=self.window, return_complex=True)[..., :-1]
        power = spectrum.real.square() + spectrum.imag.square()  # abs() would take a root to square it again
        mel = (self.filters @ power).clamp_(min=1e-10).log10_()
        mel = torch.maximum(mel, mel.amax((-2, -1), keepdim=True) - 8.0)
        return mel.add_(4.0).div_(4.0)
