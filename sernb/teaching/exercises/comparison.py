"""Exercises of the chapter on the second stage of contrastive learning."""

import statistics
from collections.abc import Callable

import numpy as np

from sernb.teaching.exercises.base import Exercise, WrongAnswer, call, compared

CHAPTER = "05-cl-stage-2"


def paired_gain(baseline, method):
    """Mean and standard deviation of a method's gain over the baseline, seed by seed.

    Args:
        baseline: one score per seed, array of shape (seeds,), at least two.
        method: scores of the same seeds, in the same order.

    Returns:
        A pair of numbers; the deviation divides by the number of seeds less one.
    """
    gains = [new - old for old, new in zip(baseline, method, strict=True)]
    return statistics.mean(gains), statistics.stdev(gains)


def discordant(true, first, second):
    """Clips that only one of two models names right: what a paired comparison rests on.

    Args:
        true: one class per clip, array of strings of shape (clips,).
        first: what the first model said, same shape.
        second: what the second model said, same shape.

    Returns:
        A pair of integers: clips that only the first names right, and clips that only the second does.
    """
    only_first = only_second = 0
    for truth, one, other in zip(true, first, second, strict=True):
        only_first += bool(one == truth and other != truth)
        only_second += bool(other == truth and one != truth)
    return only_first, only_second


def balanced_batch(labels, size, generator):
    """Numbers of the clips of one batch with equally many clips of every class, no clip twice.

    Args:
        labels: one class per clip, array of strings of shape (clips,); each class has enough clips.
        size: clips per batch, a multiple of the number of classes.
        generator: a numpy Generator, from which all that is random must come.

    Returns:
        Array of integers of shape (size,).
    """
    chosen = []
    for label in sorted(set(labels)):
        members = [number for number, other in enumerate(labels) if other == label]
        chosen.extend(generator.permutation(members)[: size // len(set(labels))])
    return np.array(chosen)


def _judge_batch(answer: Callable) -> int:
    labels = np.random.default_rng(8).choice(["angry", "happy", "neutral", "sad"], 200, p=[0.6, 0.2, 0.1, 0.1])
    sizes = (4, 8, 32)
    for size in sizes:
        case = (labels, size, np.random.default_rng(size))
        batch = np.asarray(call(answer, case, "balanced_batch"))
        about = f"balanced_batch of {size} of {len(labels)} clips"
        if batch.shape != (size,):
            raise WrongAnswer(f"{about} must have shape ({size},), not {batch.shape}")
        if len(set(batch.tolist())) < size:
            raise WrongAnswer(f"{about} holds a clip twice")
        counts = {label: int((labels[batch] == label).sum()) for label in sorted(set(labels))}
        if len(set(counts.values())) > 1:
            raise WrongAnswer(f"{about} is not balanced: {counts}")
        again, other = (
            np.asarray(call(answer, (labels, size, np.random.default_rng(n)), "balanced_batch"))
            for n in (size, size + 1)
        )
        if not np.array_equal(batch, again):
            raise WrongAnswer(
                f"{about} differs for two generators with one seed: something random comes from elsewhere"
            )
        if np.array_equal(np.sort(batch), np.sort(other)):
            raise WrongAnswer(f"{about} is the same whatever the generator's seed: nothing is drawn")
    return len(sizes)


def _scores():
    generator = np.random.default_rng(9)
    for seeds in (2, 3, 5):
        yield generator.random(seeds), generator.random(seeds)


def _answers():
    generator = np.random.default_rng(10)
    for size in (10, 60):
        yield tuple(generator.choice(["angry", "happy", "neutral", "sad"], size) for _ in range(3))


EXERCISES = (
    compared(CHAPTER, paired_gain, _scores()),
    compared(CHAPTER, discordant, _answers()),
    Exercise(CHAPTER, balanced_batch, _judge_batch),
)
