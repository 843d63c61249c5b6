"""A clip of the demo corpus: what eSpeak says, and how that is recorded."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from sernb.corpora.espeak import Speech

SAMPLING_RATE = 16_000
LOWEST_HZ = 125.0  # below it a voice's spectrum is not tilted any further


@dataclass(frozen=True, slots=True)
class Take:
    """A clip to make: its file in the corpus's folder, what eSpeak says, and how that is then recorded.

    Attributes:
        path: within the corpus's folder.
        speech: what eSpeak says.
        level: RMS, dB full scale.
        brightness: dB per octave.
        noise: of the room, dB beside the clip's level.
    """

    path: Path
    speech: Speech
    level: float
    brightness: float
    noise: float


def recorded(samples: np.ndarray, rate: int, take: Take) -> np.ndarray:
    """What eSpeak said as `take` has it recorded: 16-bit samples at 16 kHz, as near to its level as clips nothing."""
    wave = tilted(soxr.resample(samples / 32768.0, rate, SAMPLING_RATE), take.brightness)
    power = np.mean(wave**2)
    room = np.random.default_rng(list(str(take.path).encode()))
    wave += room.normal(scale=np.sqrt(power) * 10 ** (take.noise / 20), size=len(wave))
    gain = 10 ** (take.level / 20) / np.sqrt(power)
    wave *= min(gain, 0.98 / np.abs(wave).max())
    return np.round(wave * 32767).astype(np.int16)


def tilted(wave: np.ndarray, brightness: float) -> np.ndarray:
    """A waveform (samples,) at 16 kHz whose spectrum rises by `brightness` dB per octave, turned about 1 kHz."""
    hertz = np.fft.rfftfreq(len(wave), 1 / SAMPLING_RATE)
    octaves = np.log2(hertz.clip(min=LOWEST_HZ) / 1000)
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (brightness * octaves / 20), len(wave))
