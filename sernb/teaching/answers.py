"""A student's file of functions, judged exercise by exercise."""

from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from sernb.teaching.exercises import EXERCISES, WrongAnswer


@dataclass(frozen=True)
class Verdict:
    """What became of one exercise.

    Attributes:
        name: of the exercise.
        chapter: it belongs to.
        outcome: "right", "wrong" or "open" (not there, or still the skeleton).
        message: how many cases it stood, or in which it is wrong.
    """

    name: str
    chapter: str
    outcome: str
    message: str


def judge(path: Path) -> list[Verdict]:
    """One verdict for every exercise, in the order of the book. Runs the file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file can't be run, or holds no function named as an exercise.
    """
    answers = _load(path)
    if not any(callable(getattr(answers, name, None)) for name in EXERCISES):
        raise ValueError(f"{path} holds no function that an exercise asks for: {', '.join(EXERCISES)}")
    return [_verdict(exercise, getattr(answers, name, None)) for name, exercise in EXERCISES.items()]


def _verdict(exercise, answer) -> Verdict:
    about = (exercise.name, exercise.chapter)
    if answer is None:
        return Verdict(*about, "open", "not in the file")
    try:
        return Verdict(*about, "right", exercise.check(answer))
    except NotImplementedError:
        return Verdict(*about, "open", "not written yet")
    except WrongAnswer as error:
        return Verdict(*about, "wrong", str(error))


def _load(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; `sernb student` writes one to start from")
    spec = spec_from_file_location("answers", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is not a Python file: give one whose name ends in .py")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a student's file raises is the finding
        raise ValueError(f"{path} can't be run: {type(error).__name__}: {error}") from error
    return module
