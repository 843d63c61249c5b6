"""Exercises of the chapter on the shift between languages."""

import numpy as np

from sernb.teaching.exercises.base import compared

CHAPTER = "shift"


def recentre(target, source):
    """The target's embeddings with the source's mean and deviation in every dimension.

    Args:
        target: array of shape (clips, width); no dimension is constant.
        source: array of shape (others, width).

    Returns:
        Array of the target's shape.
    """
    result = np.zeros(target.shape)
    for dimension in range(target.shape[1]):
        own, theirs = target[:, dimension], source[:, dimension]
        for clip in range(len(target)):
            standard = (own[clip] - own.mean()) / own.std()
            result[clip, dimension] = standard * theirs.std() + theirs.mean()
    return result


def shift_length(target, source, emotion):
    """How far two languages lie apart: the distance of their means, in mean lengths of the source's emotion vectors.

    An emotion's vector is the mean of its clips less the mean of all clips of the source.

    Args:
        target: array of shape (clips, width).
        source: array of shape (others, width).
        emotion: one class per clip of the source, array of strings of shape (others,).

    Returns:
        A number, 0 where the means are the same.
    """
    lengths = []
    for name in sorted(set(emotion)):
        vector = source[emotion == name].mean(axis=0) - source.mean(axis=0)
        lengths.append(sum(value**2 for value in vector) ** 0.5)
    between = target.mean(axis=0) - source.mean(axis=0)
    return sum(value**2 for value in between) ** 0.5 / (sum(lengths) / len(lengths))


def soft_vote(probabilities):
    """The class that several models name together: that of the largest mean probability.

    Args:
        probabilities: of every model, clip and class, array of shape (models, clips, classes).

    Returns:
        The number of a class per clip, array of shape (clips,); the first one where two are equal.
    """
    models, clips, classes = probabilities.shape
    named = []
    for clip in range(clips):
        means = [sum(probabilities[model, clip, one] for model in range(models)) / models for one in range(classes)]
        named.append(means.index(max(means)))
    return np.array(named)


def _clouds():
    generator = np.random.default_rng(11)
    for clips, others, width in ((5, 7, 3), (20, 12, 6)):
        target = generator.normal(3, 2, (clips, width))
        yield target, generator.normal(-1, 0.5, (others, width))


def _shifted():
    generator, names = np.random.default_rng(12), np.array(["angry", "sad"])
    for target, source in _clouds():
        yield target, source, names[generator.permutation(len(source)) % 2]
    yield np.array([[3.0, 4.0]]), np.array([[1.0, 0.0], [-1.0, 0.0]]), names


def _judgements():
    generator = np.random.default_rng(13)
    for models, clips in ((1, 4), (3, 10), (5, 20)):
        yield (generator.dirichlet(np.ones(4), (models, clips)),)
    # two are nearly undecided, and the third is sure: no vote, a mean
    yield (np.array([[[0.4, 0.3, 0.2, 0.1]], [[0.4, 0.3, 0.2, 0.1]], [[0.0, 0.9, 0.1, 0.0]]]),)


EXERCISES = (
    compared(CHAPTER, recentre, _clouds()),
    compared(CHAPTER, shift_length, _shifted()),
    compared(CHAPTER, soft_vote, _judgements()),
)
