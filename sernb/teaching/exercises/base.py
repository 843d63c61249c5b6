"""What an exercise is: a function a student writes, and what judges it."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

LARGEST = 24
"""Values of an array that a message shows."""


class WrongAnswer(AssertionError):
    """An answer differs from what was asked for; the message says in which case, and how."""


@dataclass(frozen=True)
class Exercise:
    """One function to be written.

    Attributes:
        chapter: the notebook's name without its ending.
        model: slow and readable; its name, signature and docstring are the task.
        judge: given an answer, raises WrongAnswer, or returns how many cases it stood.
    """

    chapter: str
    model: Callable
    judge: Callable[[Callable], int]

    @property
    def name(self) -> str:
        """The name the answer must have."""
        return self.model.__name__

    @property
    def task(self) -> str:
        """What the function must do."""
        return inspect.getdoc(self.model) or ""

    def check(self, answer: Callable) -> str:
        """Judge an answer.

        Returns:
            One line of praise, with the number of cases.

        Raises:
            WrongAnswer: in the first case that fails.
            NotImplementedError: the function is still the skeleton's.
        """
        return f"{self.name}: right in all {self.judge(answer)} cases"


def compared(chapter: str, model: Callable, cases: Iterable[tuple], tolerance: float = 1e-6) -> Exercise:
    """An exercise with one right result for every input: that of the readable form.

    Args:
        chapter: see Exercise.
        model: see Exercise.
        cases: arguments of each call.
        tolerance: of numbers, absolute and relative.
    """
    cases = sorted(cases, key=_size)  # what fails first is the smallest: it can be followed by hand

    def judge(answer: Callable) -> int:
        for case in cases:
            expected, given = model(*case), call(answer, case, model.__name__)
            if not _equal(given, expected, tolerance):
                raise WrongAnswer(
                    f"{model.__name__}({_shown(case)}) must be {_brief(expected)}, the answer says {_brief(given)}"
                )
        return len(cases)

    return Exercise(chapter, model, judge)


def call(answer: Callable, case: tuple, name: str) -> Any:
    """The answer's result, on copies of the arguments; an error of its own becomes a WrongAnswer that names the call.

    Raises:
        WrongAnswer: the answer raised an error, or changed an array it was given.
        NotImplementedError: the function is still the skeleton's.
    """
    copies = tuple(argument.copy() if isinstance(argument, np.ndarray) else argument for argument in case)
    try:
        result = answer(*copies)
    except NotImplementedError:
        raise
    except Exception as error:  # whatever a student's function raises is the finding
        raise WrongAnswer(f"{name}({_shown(case)}) raised {type(error).__name__}: {error}") from error
    if not all(
        np.array_equal(one, other) for one, other in zip(copies, case, strict=True) if isinstance(one, np.ndarray)
    ):
        raise WrongAnswer(f"{name}({_shown(case)}) changes the array it is given")
    return result


def _equal(given: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, tuple):
        return (
            isinstance(given, tuple | list)
            and len(given) == len(expected)
            and all(_equal(one, other, tolerance) for one, other in zip(given, expected, strict=True))
        )
    if expected is None or isinstance(expected, str | set):
        return given == expected
    try:
        numbers = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        return False
    wanted = np.asarray(expected, dtype=float)
    return numbers.shape == wanted.shape and np.allclose(numbers, wanted, tolerance, tolerance, equal_nan=True)


def _shown(case: tuple) -> str:
    return ", ".join(map(_brief, case))


def _size(case: tuple) -> int:
    return sum(np.size(argument) for argument in case)


def _brief(value: Any) -> str:
    """A value in one line, to be typed or pasted again; large arrays by their shape."""
    if isinstance(value, np.ndarray) and value.size > LARGEST:
        return f"<array of shape {value.shape}>"
    if isinstance(value, np.ndarray):
        shown = np.array2string(value, precision=4, separator=", ", threshold=LARGEST, max_line_width=10_000)
        return f"np.array({' '.join(shown.split())})"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
