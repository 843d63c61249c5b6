"""Slaney's mel scale and its triangular filters, as Whisper hears (Slaney, Auditory Toolbox, 1998).

The same numbers as transformers.audio_utils gives, whose import would take a quarter of a prediction's start.
"""

import numpy as np

_KNEE_HZ, _KNEE_MEL = 1000.0, 15.0
"""Linear below, logarithmic above."""
_STEP = np.log(6.4) / 27.0


def mel_of(hertz: float) -> float:
    """Mel of a frequency, Hz."""
    if hertz < _KNEE_HZ:
        return 3.0 * hertz / 200.0
    return _KNEE_MEL + float(np.log(hertz / _KNEE_HZ)) / _STEP


def hertz_of(mel: np.ndarray) -> np.ndarray:
    """Frequency, Hz, of mels of any shape."""
    above = _KNEE_HZ * np.exp(_STEP * (mel - _KNEE_MEL))
    return np.where(mel >= _KNEE_MEL, above, 200.0 * mel / 3.0)


def band_edges(bins: int, highest_hz: float) -> np.ndarray:
    """Where bands from 0 Hz on begin, centre and end, each centre the next one's beginning; Hz, shape (bins + 2,)."""
    return hertz_of(np.linspace(0.0, mel_of(highest_hz), bins + 2))


def mel_filters(bins: int, frequencies: int, highest_hz: float) -> np.ndarray:
    """Triangles of equal area over the bands.

    Args:
        bins: mel bands.
        frequencies: of the spectrum, evenly from 0 Hz to `highest_hz`.
        highest_hz: half the sampling rate.

    Returns:
        float64, shape (frequencies, bins).
    """
    edges = band_edges(bins, highest_hz)
    away = edges[None] - np.linspace(0, highest_hz, frequencies)[:, None]
    width = np.diff(edges)
    rising, falling = -away[:, :-2] / width[:-1], away[:, 2:] / width[1:]
    return np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))
