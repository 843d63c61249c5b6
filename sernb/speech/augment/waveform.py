"""Waveform transforms: clip by clip in loader workers, with audiomentations (Gong et al. 2025, section 2.1)."""

import audiomentations
import numpy as np
from audiomentations.core.transforms_interface import BaseWaveformTransform
from audiomentations.core.utils import (
    calculate_desired_noise_rms,
    calculate_rms,
    convert_decibels_to_amplitude_ratio,
)

from sernb.speech.audio import SAMPLE_RATE
from sernb.speech.strengths import WaveformAugmentation


class GaussianNoise(audiomentations.AddGaussianSNR):
    """audiomentations' noise, drawn from a generator of its own.

    Args:
        generator: drawn from at every call.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        super().__init__()
        self.generator = generator

    def apply(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Samples with noise, shape and type as given."""
        return samples + self.parameters["noise_std"] * self.generator.standard_normal(samples.shape, np.float32)


def augment_waveform(samples: np.ndarray, config: WaveformAugmentation, seed: int) -> np.ndarray:
    """One augmented view of a clip.

    All that is random is drawn here, from one generator: audiomentations would draw from Python's and NumPy's global
    ones, which any other thread of the process may draw from too.

    Args:
        samples: float32, shape (samples,), 16 kHz.
        config: strengths.
        seed: same seed, same view, in whichever worker, process or thread.

    Returns:
        float32, shape (samples / speed,).
    """
    generator = np.random.default_rng(seed)
    # drawn whether or not they are used, so that leaving one transform out leaves the others as they were
    speed_up, amplify, invert, add_noise = generator.random(4) < config.probability
    limits = [chosen or (0.0, 0.0) for chosen in (config.speed, config.gain_db, config.snr_db)]
    speed, gain_db, snr_db = (generator.uniform(*pair) for pair in limits)
    if config.speed and speed_up:
        rate = round(SAMPLE_RATE / speed)
        samples = _apply(audiomentations.Resample(), samples, target_sample_rate=rate)
    if config.gain_db and amplify:
        samples = _apply(audiomentations.Gain(), samples, amplitude_ratio=convert_decibels_to_amplitude_ratio(gain_db))
    if config.polarity and invert:
        samples = _apply(audiomentations.PolarityInversion(), samples)
    if config.snr_db and add_noise:
        noise_std = calculate_desired_noise_rms(calculate_rms(samples), snr_db)
        samples = _apply(GaussianNoise(generator), samples, noise_std=noise_std)
    return samples


def _apply(transform: BaseWaveformTransform, samples: np.ndarray, **parameters: float) -> np.ndarray:
    """The transform with these parameters, none of them drawn by the transform itself."""
    transform.parameters = {"should_apply": True, **parameters}
    transform.freeze_parameters()
    return transform(samples, sample_rate=SAMPLE_RATE)
