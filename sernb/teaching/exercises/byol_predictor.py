"""Exercises of the chapter on BYOL."""

import math

import numpy as np

from sernb.teaching.exercises.base import compared

CHAPTER = "06-byol"


def follow(target, online, momentum):
    """The target's weights after one step behind the online network.

    Args:
        target: weights before the step, array of any shape.
        online: the online network's weights, same shape.
        momentum: share of itself the target keeps, 0 to 1.

    Returns:
        A new array of that shape.
    """
    pairs = zip(target.ravel(), online.ravel(), strict=True)
    return np.array([momentum * own + (1 - momentum) * leading for own, leading in pairs]).reshape(target.shape)


def half_life(momentum):
    """Steps after which at least half of a change of the online network has arrived in the target.

    Args:
        momentum: share of itself the target keeps at each step, over 0 and under 1.

    Returns:
        The smallest such number of steps, an integer of at least 1.
    """
    kept, steps = 1.0, 0
    while kept > 0.5:
        kept *= momentum
        steps += 1
    return steps


def lambda_at(step, total, start, end):
    """The weight of BYOL's loss: `start` at the first step, `end` at the last, a straight line between.

    Args:
        step: from 0 to total - 1.
        total: steps of the run, at least 2.
        start: weight at step 0.
        end: weight at step total - 1.

    Returns:
        A number.
    """
    done = step / (total - 1)
    return (1 - done) * start + done * end


def byol_loss(prediction, target):
    """BYOL's loss of one view: 2 - 2 cos between prediction and target, averaged over the clips.

    Args:
        prediction: of the online network's predictor, array of shape (clips, width).
        target: of the target network's projector, array of shape (clips, width).

    Returns:
        A number from 0 to 4.
    """
    losses = []
    for p, t in zip(prediction, target, strict=True):
        product = sum(a * b for a, b in zip(p, t, strict=True))
        losses.append(2 - 2 * product / math.sqrt(sum(a * a for a in p) * sum(b * b for b in t)))
    return sum(losses) / len(losses)


def _pairs(count: int, *shape: int):
    generator = np.random.default_rng(11)
    return [(generator.normal(size=shape), generator.normal(size=shape)) for _ in range(count)]


EXERCISES = (
    compared(CHAPTER, follow, ((*pair, momentum) for pair in _pairs(1, 3, 4) for momentum in (0.0, 0.9, 0.996, 1.0))),
    compared(CHAPTER, half_life, ((momentum,) for momentum in (0.1, 0.5, 0.7, 0.9, 0.99, 0.996, 0.9999))),
    compared(CHAPTER, lambda_at, ((step, 80, 0.8, 0.2) for step in (0, 1, 40, 79))),
    compared(CHAPTER, byol_loss, [*_pairs(3, 5, 8), (np.ones((2, 3)), 7 * np.ones((2, 3)))]),
)
