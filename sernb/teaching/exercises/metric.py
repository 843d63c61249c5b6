"""Exercises of the chapter on continuous metric learning."""

import numpy as np

from sernb.teaching.exercises.base import compared

CHAPTER = "07-metric-learning"


def metric_loss(latents, labels):
    """The continuous metric's loss, over all pairs of clips i < j.

    n is the mean difference of two latents, x the difference of their labels, b = sum of x n over sum of x x; the loss
    is |b - 1| plus the mean of (b x - n) squared.

    Args:
        latents: array of shape (clips, values).
        labels: one rating per clip, array of shape (clips,), not all equal.

    Returns:
        A number of at least 0.
    """
    x, n = [], []
    for i in range(len(labels)):
        for j in range(i + 1, len(labels)):
            x.append(labels[i] - labels[j])
            n.append(sum(latents[i][d] - latents[j][d] for d in range(latents.shape[1])) / latents.shape[1])
    b = sum(p * q for p, q in zip(x, n, strict=True)) / sum(p * p for p in x)
    return abs(b - 1) + sum((b * p - q) ** 2 for p, q in zip(x, n, strict=True)) / len(x)


def concordance(x, y):
    """Lin's concordance correlation: 2 cov(x, y) / (var x + var y + (mean x - mean y) squared).

    Covariance and variances divide by the number of values.

    Args:
        x: array of shape (clips,).
        y: array of shape (clips,).

    Returns:
        A number from -1 to 1.
    """
    count = len(x)
    mean_x, mean_y = sum(x) / count, sum(y) / count
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / count
    spread = sum((a - mean_x) ** 2 for a in x) / count + sum((b - mean_y) ** 2 for b in y) / count
    return 2 * covariance / (spread + (mean_x - mean_y) ** 2)


def standardize(train, other):
    """Features z-scored by the training clips' mean and deviation, and by nothing else.

    Args:
        train: features of the clips learnt from, array of shape (clips, features), no feature constant.
        other: features of other clips, array of shape (others, features).

    Returns:
        `other`, less the mean of `train` and over its deviation (which divides by the number of clips), shape
        (others, features).
    """
    columns = []
    for feature in range(train.shape[1]):
        values = train[:, feature]
        mean = sum(values) / len(values)
        deviation = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
        columns.append([(value - mean) / deviation for value in other[:, feature]])
    return np.array(columns).T


def _generator() -> np.random.Generator:
    return np.random.default_rng(12)


EXERCISES = (
    compared(
        CHAPTER,
        metric_loss,
        (
            (_generator().normal(size=(clips, values)), _generator().integers(2, 11, size=clips) / 2)
            for clips, values in ((4, 2), (12, 1), (30, 6))
        ),
    ),
    compared(
        CHAPTER,
        concordance,
        ((_generator().normal(size=n), shift + _generator().random(n)) for n, shift in ((5, 0), (40, 3))),
    ),
    compared(CHAPTER, standardize, [(_generator().normal(3, 2, (20, 4)), _generator().normal(1, 5, (7, 4)))]),
)
