"""Waveform transforms: clip by clip in loader workers, with audiomentations (Gong et al. 2025, section 2.1)."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import audiomentations
import numpy as np

from sernb.audio import SAMPLE_RATE

Range = tuple[float, float]


@dataclass(frozen=True)
class WaveformAugmentation:
    """Strengths of the waveform transforms.

    Attributes:
        snr_db: Gaussian noise at a signal-to-noise ratio drawn uniformly from this range, dB (paper: 10-20).
        gain_db: gain, dB; sensible within -18 to 18. The paper gives no range.
        speed: speed factor, which moves pitch and tempo together; sensible within 0.8 to 1.25. No range in the paper.
        probability: chance of each transform, polarity inversion's included. Not in the paper.
    """

    snr_db: Range = (10.0, 20.0)
    gain_db: Range = (-6.0, 6.0)
    speed: Range = (0.9, 1.1)
    probability: float = 0.5


def augment_waveform(samples: np.ndarray, config: WaveformAugmentation, seed: int) -> np.ndarray:
    """One augmented view of a clip.

    Args:
        samples: float32, shape (samples,), 16 kHz.
        config: strengths.
        seed: same seed, same view, in whichever worker.

    Returns:
        float32, shape (samples / speed,).
    """
    rates = sorted(round(SAMPLE_RATE / factor) for factor in config.speed)
    chain = audiomentations.Compose(
        [
            audiomentations.Resample(*rates, p=config.probability),
            audiomentations.Gain(*config.gain_db, p=config.probability),
            audiomentations.PolarityInversion(p=config.probability),
            audiomentations.AddGaussianSNR(*config.snr_db, p=config.probability),
        ]
    )
    with seeded(seed):
        return chain(samples, sample_rate=SAMPLE_RATE)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global generators audiomentations draws from, and give them back as they were."""
    python, legacy = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
