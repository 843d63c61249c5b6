"""Exercises of the chapter on the baseline."""

import numpy as np

from sernb.teaching.exercises.base import compared

CHAPTER = "03-baseline"


def uar(true, predicted):
    """Unweighted average recall: the mean, over the classes that occur, of the share of its clips named right.

    Args:
        true: one class per clip, array of strings of shape (clips,).
        predicted: what a model said, array of strings of shape (clips,).

    Returns:
        A number from 0 to 1.
    """
    recalls = []
    for emotion in sorted(set(true)):
        right = total = 0
        for truth, guess in zip(true, predicted, strict=True):
            if truth == emotion:
                total += 1
                right += guess == emotion
        recalls.append(right / total)
    return sum(recalls) / len(recalls)


def pool_speech(frames, lengths):
    """The mean of each clip's frames that hold speech; the padding after them doesn't count.

    Args:
        frames: array of shape (clips, time, width).
        lengths: how many of each clip's frames hold speech, at least 1, array of shape (clips,).

    Returns:
        Array of shape (clips, width).
    """
    rows = []
    for clip, length in zip(frames, lengths, strict=True):
        total = np.zeros(frames.shape[2])
        for frame in range(length):
            total += clip[frame]
        rows.append(total / length)
    return np.array(rows)


def windows(samples, size):
    """A long clip cut into windows that don't overlap, the last one padded with zeros.

    Args:
        samples: array of shape (samples,), at least one sample.
        size: samples per window.

    Returns:
        Array of shape (windows, size), as few windows as hold the whole clip.
    """
    rows = []
    for start in range(0, len(samples), size):
        row = np.zeros(size)
        for place, sample in enumerate(samples[start : start + size]):
            row[place] = sample
        rows.append(row)
    return np.array(rows)


def _answers():
    generator, names = np.random.default_rng(5), np.array(["angry", "happy", "neutral", "sad"])
    for size, weights in ((40, [0.25] * 4), (60, [0.8, 0.1, 0.05, 0.05]), (20, [0.5, 0.5, 0, 0])):
        yield generator.choice(names, size, p=weights), generator.choice(names, size)
    yield np.array(["sad", "sad", "angry"]), np.array(["sad", "sad", "sad"])


def _frames():
    generator = np.random.default_rng(6)
    for clips, time, width in ((3, 10, 4), (1, 5, 2), (8, 50, 6)):
        yield generator.normal(size=(clips, time, width)), generator.integers(1, time + 1, size=clips)


EXERCISES = (
    compared(CHAPTER, uar, _answers()),
    compared(CHAPTER, pool_speech, _frames()),
    compared(
        CHAPTER, windows, ((np.arange(1.0, count + 1), size) for count, size in ((12, 4), (13, 4), (3, 4), (1, 1)))
    ),
)
