"""Exercises of the chapter on augmentation."""

import math

import numpy as np

from sernb.teaching.exercises.base import compared

CHAPTER = "02-augmentation"


def snr(clean, noisy):
    """Signal-to-noise ratio of a noisy clip, in decibels.

    Args:
        clean: samples without the noise, array of shape (samples,).
        noisy: the same samples with noise added, array of shape (samples,).

    Returns:
        10 log10 of the speech's power over the noise's, where power is the mean square.
    """
    speech = sum(sample * sample for sample in clean) / len(clean)
    noise = sum((b - a) ** 2 for a, b in zip(clean, noisy, strict=True)) / len(clean)
    return 10 * math.log10(speech / noise)


def mix_at_snr(speech, noise, snr_db):
    """Speech with noise added at a wanted signal-to-noise ratio.

    Args:
        speech: samples, array of shape (samples,).
        noise: as many samples, of any loudness.
        snr_db: decibels by which the speech's power must exceed the noise's after the noise was scaled.

    Returns:
        Samples, array of shape (samples,): the speech as it was, plus the scaled noise.
    """
    power = sum(sample * sample for sample in speech) / len(speech)
    loudness = sum(sample * sample for sample in noise) / len(noise)
    wanted = power / 10 ** (snr_db / 10)
    scale = math.sqrt(wanted / loudness)
    return np.array([a + scale * b for a, b in zip(speech, noise, strict=True)])


def mask_time(log_mel, start, width):
    """A spectrogram with a stretch of time hidden behind its own mean, as SpecAugment does.

    Args:
        log_mel: array of shape (bins, frames).
        start: first frame hidden.
        width: frames hidden; those beyond the end don't count.

    Returns:
        A new array of shape (bins, frames); the one given stays as it is.
    """
    hidden, fill = log_mel.copy(), log_mel.mean()
    for band in range(log_mel.shape[0]):
        for frame in range(start, min(start + width, log_mel.shape[1])):
            hidden[band, frame] = fill
    return hidden


def _sounds():
    generator = np.random.default_rng(3)
    for size, scale in ((50, 1.0), (200, 0.01)):
        yield generator.normal(0, 0.1, size), generator.normal(0, scale, size)


EXERCISES = (
    compared(CHAPTER, snr, ((speech, speech + noise) for speech, noise in _sounds())),
    compared(CHAPTER, mix_at_snr, ((speech, noise, db) for speech, noise in _sounds() for db in (20.0, 0.0, -5.0))),
    compared(
        CHAPTER,
        mask_time,
        ((np.random.default_rng(4).normal(size=(6, 20)), *place) for place in ((3, 5), (18, 10), (0, 20), (4, 0))),
    ),
)
