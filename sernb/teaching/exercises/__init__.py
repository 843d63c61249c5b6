"""Exercises of the chapters whose answer is a function: each is judged against a slow, readable form of itself.

In a notebook, `check(uar)` judges the function named `uar`; from the command line, `sernb check answers.py` judges
every function of a file whose name is an exercise's.
"""

import inspect
from collections.abc import Callable

from sernb.teaching.exercises import (
    augmentation,
    baseline,
    byol_predictor,
    comparison,
    gaps,
    harmonization,
    intervals,
    metric,
    shift,
    speakers,
)
from sernb.teaching.exercises.base import Exercise, WrongAnswer
from sernb.teaching.exercises.hints import HELP

__all__ = ["EXERCISES", "Exercise", "WrongAnswer", "check", "hint", "task"]

MODULES = (harmonization, augmentation, baseline, speakers, comparison, byol_predictor, metric, shift, intervals, gaps)
EXERCISES = {exercise.name: exercise for module in MODULES for exercise in module.EXERCISES}


def task(name: str) -> str:
    """What an exercise asks for: the function's signature, and what it takes and returns.

    Raises:
        ValueError: no such exercise; names those there are.
    """
    exercise = _find(name)
    return f"{exercise.name}{inspect.signature(exercise.model)}\n\n{exercise.task}"


def hint(name: str, number: int = 1) -> str:
    """A hint: the first says what to think of, the second how to write it.

    Raises:
        ValueError: no such exercise, or a number other than 1 and 2.
    """
    hints = HELP[_find(name).name].hints
    if number not in (1, 2):
        raise ValueError(f"{name} has hints 1 and 2, not {number!r}")
    return hints[number - 1]


def check(answer: Callable, name: str | None = None) -> str:
    """Judge a function.

    Args:
        answer: the function.
        name: the exercise, where the function's own name is another.

    Returns:
        One line that says the answer is right.

    Raises:
        ValueError: no such exercise; names those there are.
        WrongAnswer: in which case the answer is wrong, and how.
        NotImplementedError: nothing has been written yet.
    """
    return _find(name or answer.__name__).check(answer)


def _find(name: str) -> Exercise:
    if name not in EXERCISES:
        raise ValueError(f"no exercise is called {name!r}; there are {', '.join(EXERCISES)}")
    return EXERCISES[name]
