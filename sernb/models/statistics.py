"""Mean and deviation of embeddings, by which those of other recordings are re-centred without labels."""

from dataclasses import dataclass

import numpy as np

LEAST = 1e-6
"""Smallest deviation that is divided by."""


@dataclass(frozen=True)
class Statistics:
    """Mean and deviation of every dimension, each of shape (width,)."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, embeddings: np.ndarray) -> "Statistics":
        """Those of embeddings of shape (clips, width), two clips at least."""
        return cls(embeddings.mean(0), embeddings.std(0))

    def standard_scores(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings, shape (clips, width), less the mean, in deviations."""
        return (embeddings - self.mean) / self.deviation.clip(min=LEAST)


def recentred(embeddings: np.ndarray, own: Statistics, source: Statistics) -> np.ndarray:
    """Embeddings shifted and scaled, in every dimension, from their own statistics to those the head was trained on.

    Args:
        embeddings: shape (clips, width).
        own: of the recordings they come from.
        source: of the clips the head was trained on.
    """
    return own.standard_scores(embeddings) * source.deviation + source.mean
