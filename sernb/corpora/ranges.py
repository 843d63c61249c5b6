"""What values the fields of a config may have: said beside each field, checked when the config is made."""

import math
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Interval

Seed = Annotated[int, Interval(ge=0, lt=2**32)]  # what numpy takes
Count = Annotated[int, Interval(ge=1)]
CountOrZero = Annotated[int, Interval(ge=0)]
Share = Annotated[float, Interval(ge=0, le=1)]
PartialShare = Annotated[float, Interval(gt=0, lt=1)]
Positive = Annotated[float, Interval(gt=0)]
NotNegative = Annotated[float, Interval(ge=0)]
Window = Annotated[float, Interval(ge=0.1, le=30)]  # seconds; Whisper hears no more than 30
Folds = Annotated[int, Interval(ge=2)]
Decibels = tuple[Annotated[float, Interval(ge=-60, le=100)], Annotated[float, Interval(ge=-60, le=100)]]
Factors = tuple[Positive, Positive]
Pooling = Literal["speech", "all"]

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a word", NoneType: "none"}


class Checked:
    """Base of a config: a dataclass whose fields are checked against their types as it is made.

    A type is int, float, bool, str, a `Literal` of words, another config, `Annotated` with an
    `annotated_types.Interval`, a union of these, or a tuple of these; `tuple[float, float]` is a range, lower end
    first. Values are left as they are given, so a run keeps its hash.

    Raises:
        ValueError: a value that its field can't have; says what it can have.
    """

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self), include_extras=True)
        for field in fields(self):  # type: ignore[arg-type]  # every config is a dataclass
            check_value(f"{type(self).__name__}.{field.name}", getattr(self, field.name), hints[field.name])


def check_value(name: str, value: Any, kind: Any) -> None:
    """Refuse a value that is not of a kind, as `Checked` knows kinds.

    Raises:
        ValueError: names the value and what it can be.

    Examples:
        >>> check_value("dropout", 0.1, Share)
        >>> check_value("dropout", 2, Share)
        Traceback (most recent call last):
        ValueError: dropout is 2; give a number, at least 0 and at most 1
    """
    if not _fits(value, kind):
        raise ValueError(f"{name} is {value!r}; give {_words(kind)}")


def from_plain(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a config from values as TOML and JSON have them: a table for a config within, a list for a tuple.

    Raises:
        ValueError: a field the config doesn't have; lists those it has.
    """
    known, hints, found = {field.name: field for field in fields(kind)}, get_type_hints(kind), {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{kind.__name__}: {unknown('field', name, known)}")
        if isinstance(value, dict) and is_dataclass(hints[name]):
            default = known[name].default_factory()  # type: ignore[operator]  # a config within has one
            value = replace(default, **from_plain(hints[name], value))
        found[name] = tuple(value) if isinstance(value, list) else value
    return found


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """What to say of a name nobody knows: the nearest one that is known, and all of them."""
    known = list(known)
    near = get_close_matches(name, known, n=1)
    question = f"; did you mean {near[0]}?" if near else ";"
    return f"unknown {what} {name!r}{question} known are {', '.join(known)}"


def _fits(value: Any, kind: Any) -> bool:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _fits(value, inner[0]) and _inside(value, inner[1])
    if origin is Literal:
        return value in inner
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if inner[-1] is Ellipsis:
            return bool(value) and all(_fits(one, inner[0]) for one in value)
        return len(value) == len(inner) and all(map(_fits, value, inner)) and list(value) == sorted(value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _inside(value: Any, interval: Interval) -> bool:
    return not (
        (interval.ge is not None and value < interval.ge)
        or (interval.gt is not None and value <= interval.gt)
        or (interval.le is not None and value > interval.le)
        or (interval.lt is not None and value >= interval.lt)
    )


def _words(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        interval = inner[1]
        ends = (("at least", interval.ge), ("over", interval.gt), ("at most", interval.le), ("under", interval.lt))
        return f"{_words(inner[0])}, {' and '.join(f'{word} {end}' for word, end in ends if end is not None)}"
    if origin is Literal:
        return " or ".join(inner)
    if origin in (Union, UnionType):
        return ", or ".join(map(_words, inner))
    if origin is tuple and inner[-1] is Ellipsis:
        return f"a list of one or more, each {_words(inner[0])}"
    if origin is tuple:
        return f"a range [low, high], each {_words(inner[0])}"
    return _WORDS.get(kind, f"a {kind.__name__}")
