"""Exercises of the chapter on data harmonization."""

from collections.abc import Callable

import numpy as np

from sernb.teaching.exercises.base import Exercise, WrongAnswer, call, compared

CHAPTER = "01-harmonization"
GERMAN = {"W": "angry", "F": "happy", "N": "neutral", "T": "sad"}  # Wut, Freude, neutral, Trauer


def emodb_label(stem):
    """Speaker and class of a file of EMO-DB.

    A stem such as "03a01Fa" holds two digits of the speaker, a letter and two digits of the sentence, the first letter
    of the emotion in German (W, F, N, T for angry, happy, neutral, sad; others exist) and perhaps a letter of the take.

    Args:
        stem: file name without its ending.

    Returns:
        A pair: the speaker's two digits as a string, and the class, or None for any other emotion.
    """
    return stem[:2], GERMAN.get(stem[5])


def leaked_speakers(speakers, folds):
    """How many speakers have clips in more than one fold.

    Args:
        speakers: one name per clip, array of shape (clips,).
        folds: one fold number per clip, array of shape (clips,).

    Returns:
        An integer.
    """
    places: dict[str, set[int]] = {}
    for speaker, fold in zip(speakers, folds, strict=True):
        places.setdefault(speaker, set()).add(fold)
    return sum(len(where) > 1 for where in places.values())


def speaker_folds(speakers, folds):
    """Deal clips into folds so that no speaker is in two, and the folds are about equally large.

    The largest fold may not hold more clips than the smallest and the most talkative speaker together.

    Args:
        speakers: one name per clip, array of shape (clips,).
        folds: number of folds, at most the number of speakers.

    Returns:
        one fold number per clip, 0 to folds - 1, array of shape (clips,); every number occurs.
    """
    size, place = [0] * folds, {}
    names, clips = np.unique(speakers, return_counts=True)
    for clip, name in sorted(zip(clips, names, strict=True), reverse=True):  # the most talkative first
        place[name] = size.index(min(size))
        size[place[name]] += clip
    return np.array([place[speaker] for speaker in speakers])


def _judge_folds(answer: Callable) -> int:
    cases = list(_deals())
    for speakers, folds in cases:
        dealt = np.asarray(call(answer, (speakers, folds), "speaker_folds"))
        about = f"speaker_folds of {len(speakers)} clips by {len(set(speakers))} speakers into {folds} folds"
        if dealt.shape != speakers.shape:
            raise WrongAnswer(f"{about} must have shape {speakers.shape}, not {dealt.shape}")
        if set(dealt.tolist()) != set(range(folds)):
            raise WrongAnswer(f"{about} must use every number from 0 to {folds - 1}, not {sorted(set(dealt.tolist()))}")
        leaks = leaked_speakers(speakers, dealt)
        if leaks:
            raise WrongAnswer(f"{about} puts {leaks} speakers into more than one fold")
        sizes, loudest = np.bincount(dealt, minlength=folds), np.unique(speakers, return_counts=True)[1].max()
        if sizes.max() > sizes.min() + loudest:
            raise WrongAnswer(
                f"{about} is unbalanced: folds of {sizes.tolist()} clips, {loudest} by one speaker at most"
            )
    return len(cases)


def _deals():
    generator = np.random.default_rng(1)
    for people, folds in ((5, 5), (12, 5), (40, 3), (7, 2)):
        clips = generator.integers(1, 30, size=people)
        names = np.array([f"speaker {number}" for number in range(people)])
        yield generator.permutation(np.repeat(names, clips)), folds


def _assignments():
    generator = np.random.default_rng(2)
    for people, folds in ((4, 2), (20, 5), (3, 3)):
        speakers = generator.integers(people, size=60).astype(str)
        yield speakers, generator.integers(folds, size=60)
    yield np.array(["a", "a", "b"]), np.array([0, 0, 1])


EXERCISES = (
    compared(CHAPTER, emodb_label, [("03a01Fa",), ("16b10Wb",), ("08a02Na",), ("13a05Tc",), ("11a04Lb",), ("09b01E",)]),
    compared(CHAPTER, leaked_speakers, _assignments()),
    Exercise(CHAPTER, speaker_folds, _judge_folds),
)
