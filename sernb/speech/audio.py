"""From a file to the encoder's input: mono 16 kHz samples, then Whisper's log-mel spectrogram on the device."""

from pathlib import Path

import numpy as np
import soxr
import torch
from torch import nn

from sernb.data.decode import decode
from sernb.speech.mel import band_edges, mel_filters

SAMPLE_RATE = 16_000
WINDOW = 400  # samples: 25 ms
HOP = 160  # samples: 10 ms
FLOOR = 2.0  # of Whisper's scale: 80 dB under a clip's maximum, where its log-mel ends


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


def speech_frames(samples: torch.Tensor) -> torch.Tensor:
    """How many log-mel frames so many samples of speech fill, at least one; any shape."""
    return samples.div(HOP, rounding_mode="floor").clamp(min=1)


def band_centres(bins: int = 80) -> np.ndarray:
    """Centre of each of Whisper's mel bands, Hz, shape (bins,)."""
    return band_edges(bins, SAMPLE_RATE / 2)[1:-1]


class LogMel(nn.Module):
    """Log-mel spectrograms equal to transformers' WhisperFeatureExtractor, for a whole batch on its device.

    Whisper's front end (Radford et al. 2022, section 2.2): 25 ms Hann windows every 10 ms, Slaney mel filters
    between 0 and 8 kHz, log10 floored 8 (that is 80 dB) under each clip's own maximum, then (x + 4) / 4.

    Args:
        bins: mel bands.
        highest_hz: what lies above it is not heard, as if every recording ended there; None hears all.
    """

    filters: torch.Tensor
    window: torch.Tensor

    def __init__(self, bins: int = 80, highest_hz: float | None = None) -> None:
        super().__init__()
        filters = mel_filters(bins, WINDOW // 2 + 1, SAMPLE_RATE / 2)
        if highest_hz is not None:
            filters[:, band_centres(bins) > highest_hz] = 0.0
        self.highest_hz = highest_hz
        self.register_buffer("filters", torch.from_numpy(filters.T).float().contiguous(), persistent=False)
        # its device is named: on "meta", where a model is sketched, torch would import its compiler for it
        self.register_buffer("window", torch.hann_window(WINDOW, device="cpu"), persistent=False)

    @torch.autocast("cuda", enabled=False)
    @torch.autocast("cpu", enabled=False)
    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Waveforms (batch, samples) at 16 kHz -> log-mels (batch, bins, samples / 160)."""
        padded = nn.functional.pad(waveforms[:, None], (WINDOW // 2, WINDOW // 2), mode="reflect")[:, 0]
        # what torch.stft does, whose result lies transposed in memory and takes twice as long to square
        spectrum = torch.fft.rfft(padded.unfold(1, WINDOW, HOP)[:, :-1] * self.window)
        power = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)  # abs() would take a root to square it
        mel = (self.filters @ power.mT).clamp_(min=1e-10).log10_()
        mel = torch.maximum(mel, mel.amax((-2, -1), keepdim=True) - 4 * FLOOR)
        return mel.add_(4.0).div_(4.0)
