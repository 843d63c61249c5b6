"""Exercises of the chapter on results."""

from collections.abc import Callable

import numpy as np

from sernb.teaching.exercises.base import Exercise, WrongAnswer, call, compared

CHAPTER = "08-results"


def interval(values, level):
    """The middle of what redraws gave: a percentile interval.

    Args:
        values: one figure a redraw, array of shape (redraws,).
        level: share of the redraws that lie in the interval, over 0 and under 1; 0.95 leaves 2.5 % out on either side.

    Returns:
        A pair of numbers, lower and upper end, interpolated between neighbouring values.
    """
    ordered, ends = sorted(values), []
    for share in ((1 - level) / 2, (1 + level) / 2):
        place = share * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        ends.append(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
    return tuple(ends)


def redraw(speakers, generator):
    """Clips of one redraw of a bootstrap over speakers: as many speakers as there are, drawn with replacement.

    A speaker drawn twice brings all of their clips twice.

    Args:
        speakers: one name a clip, array of strings of shape (clips,).
        generator: a numpy Generator, from which all that is random must come.

    Returns:
        Clip numbers, array of integers.
    """
    names = sorted(set(speakers))
    chosen: list[int] = []
    for name in generator.choice(names, size=len(names)):
        chosen.extend(number for number, speaker in enumerate(speakers) if speaker == name)
    return np.array(chosen)


def win_share(gains):
    """Share of the redraws in which a method is better than the baseline; a tie counts half.

    Args:
        gains: method less baseline, one a redraw, array of shape (redraws,).

    Returns:
        A number from 0 to 1.
    """
    wins = 0.0
    for gain in gains:
        wins += 1.0 if gain > 0 else 0.5 if gain == 0 else 0.0
    return wins / len(gains)


def _judge_redraw(answer: Callable) -> int:
    generator = np.random.default_rng(13)
    people = [f"s{number:02}" for number in range(12)]
    speakers = generator.permutation(np.repeat(people, generator.integers(1, 9, size=len(people))))
    clips = {name: np.flatnonzero(speakers == name) for name in people}
    drawn = []
    for seed in range(20):
        chosen, again = (np.asarray(call(answer, (speakers, np.random.default_rng(seed)), "redraw")) for _ in range(2))
        if not np.array_equal(chosen, again):
            raise WrongAnswer("redraw differs for two generators with one seed: something random comes from elsewhere")
        times = np.bincount(chosen, minlength=len(speakers))
        for numbers in clips.values():
            if len(set(times[numbers].tolist())) > 1:
                raise WrongAnswer(
                    f"redraw must take all clips of a speaker equally often, not {times[numbers].tolist()}"
                )
        counts = [int(times[numbers[0]]) for numbers in clips.values()]
        if sum(counts) != len(people):
            raise WrongAnswer(f"redraw must draw {len(people)} speakers, with replacement, not {sum(counts)}")
        drawn.append(tuple(counts))
    if all(set(counts) == {1} for counts in drawn):
        raise WrongAnswer("redraw must draw with replacement: some speakers twice, some not at all")
    if len(set(drawn)) == 1:
        raise WrongAnswer("redraw is the same whatever the generator's seed: nothing is drawn")
    return len(drawn)


def _figures():
    generator = np.random.default_rng(14)
    return [(generator.normal(size=size), level) for size, level in ((40, 0.95), (101, 0.8), (7, 0.5))]


EXERCISES = (
    compared(CHAPTER, interval, _figures()),
    Exercise(CHAPTER, redraw, _judge_redraw),
    compared(CHAPTER, win_share, [(np.round(values, 0),) for values, _ in _figures()]),
)
