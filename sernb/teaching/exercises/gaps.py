"""Exercises of the chapter on bias."""

import numpy as np

from sernb.teaching.exercises.base import compared

CHAPTER = "09-bias"


def gap(true, predicted, gender):
    """How much more accurate a model is for women than for men.

    Args:
        true: one class a clip, array of strings of shape (clips,).
        predicted: what a model said, same shape.
        gender: "female" or "male", same shape; both occur.

    Returns:
        Accuracy on women's clips less that on men's, from -1 to 1.
    """
    right: dict[str, list[bool]] = {"female": [], "male": []}
    for truth, guess, who in zip(true, predicted, gender, strict=True):
        right[who].append(bool(truth == guess))
    return sum(right["female"]) / len(right["female"]) - sum(right["male"]) / len(right["male"])


def one_vote(true, predicted, speakers):
    """Accuracy in which each speaker has one vote, however many clips they have.

    Args:
        true: one class a clip, array of strings of shape (clips,).
        predicted: what a model said, same shape.
        speakers: one name a clip, same shape.

    Returns:
        The mean over speakers of the share of their clips named right.
    """
    shares: dict[str, list[bool]] = {}
    for truth, guess, speaker in zip(true, predicted, speakers, strict=True):
        shares.setdefault(speaker, []).append(bool(truth == guess))
    return sum(sum(right) / len(right) for right in shares.values()) / len(shares)


def same_mix(true, predicted, gender):
    """The gap that would be left if women and men had the same mix of classes.

    Args:
        true: one class a clip, array of strings of shape (clips,); every class has clips of both genders.
        predicted: what a model said, same shape.
        gender: "female" or "male", same shape.

    Returns:
        The mean over the classes of (recall on women's clips less recall on men's).
    """
    gaps = []
    for emotion in sorted(set(true)):
        recalls = {}
        for who in ("female", "male"):
            clips = [n for n in range(len(true)) if true[n] == emotion and gender[n] == who]
            recalls[who] = sum(bool(predicted[n] == emotion) for n in clips) / len(clips)
        gaps.append(recalls["female"] - recalls["male"])
    return sum(gaps) / len(gaps)


def _judged(size: int, seed: int):
    generator, names = np.random.default_rng(seed), np.array(["angry", "happy", "neutral", "sad"])
    gender = generator.choice(["female", "male"], size, p=[0.2, 0.8])
    true = np.where(
        gender == "female", generator.choice(names, size, p=[0.1, 0.7, 0.1, 0.1]), generator.choice(names, size)
    )
    predicted = np.where(generator.random(size) < 0.5, true, generator.choice(names, size))
    speakers = np.array([f"{who[0]}{number}" for who, number in zip(gender, generator.zipf(2, size) % 9, strict=True)])
    return true, predicted, gender, speakers


_TABLES = [_judged(200, 15), _judged(400, 16)]

EXERCISES = (
    compared(CHAPTER, gap, ((true, said, gender) for true, said, gender, _ in _TABLES)),
    compared(CHAPTER, one_vote, ((true, said, speakers) for true, said, _, speakers in _TABLES)),
    compared(CHAPTER, same_mix, ((true, said, gender) for true, said, gender, _ in _TABLES)),
)
