"""From a file to samples, or to an error that says what is wrong with the file."""

from pathlib import Path

import numpy as np
import soundfile


class AudioError(ValueError):
    """An audio file that can't be used; the message names the file, the problem and the remedy."""


def decode(path: str | Path) -> tuple[np.ndarray, int]:
    """Every sample of an audio file, as stored: no resampling, no mixing.

    Args:
        path: any format libsndfile reads (wav, flac, mp3, ogg, aiff, ...), recognised by content.

    Returns:
        Samples, float32 in [-1, 1], shape (samples, channels), and the sampling rate in Hz.

    Raises:
        AudioError: no such file, not audio, or no samples in it.
    """
    try:
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioError(f"{path}: cannot be read as audio ({error}); replace or remove the file") from error
    if len(samples) == 0:
        raise AudioError(f"{path}: holds no samples; replace or remove the file")
    return samples, rate
