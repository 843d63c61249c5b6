"""The tables corpora ship: read as text, or refused with a reason; and the many spellings of one thing in them."""

import csv
import math
from functools import lru_cache
from pathlib import Path

import iso639
import pandas as pd

from sernb.corpora.base import TableError

_GENDER_OF = {
    "f": "female",
    "female": "female",
    "woman": "female",
    "female_feminine": "female",  # Common Voice since version 17
    "m": "male",
    "male": "male",
    "man": "male",
    "male_masculine": "male",
}
_SPLIT_OF = {
    "train": "train",
    "training": "train",
    "dev": "validation",
    "devel": "validation",
    "development": "validation",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "eval": "test",
}
# the names a column goes by in datasets people share
COLUMN_OF = {
    "speaker": ("speaker", "speaker_id", "client_id", "actor"),
    "emotion": ("emotion", "label", "major_emotion"),
    "gender": ("gender", "sex"),
    "language": ("language", "locale", "lang"),
    "split": ("split",),
    "session": ("session",),
    "activation": ("activation", "arousal"),
    "valence": ("valence",),
    "dominance": ("dominance",),
    "corpus": ("dataset", "corpus"),
}


def read_table(path: Path, separator: str = ",", quoted: bool = True, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """A table with every value as text, None where a cell is empty; names of columns stripped of spaces.

    Args:
        path: the table, UTF-8.
        separator: between cells.
        quoted: whether double quotes around a cell are syntax or content.
        columns: the columns needed; others are left out. Empty: all columns, none needed.

    Raises:
        TableError: not there, not text, not a table, or without a needed column.
    """
    try:
        frame = pd.read_csv(
            path,
            sep=separator,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            dtype=str,
            keep_default_na=False,  # a speaker may be called NA
            encoding="utf-8-sig",
            usecols=(lambda name: name.strip() in columns) if columns else None,
        )
    except (OSError, ValueError, OverflowError) as error:  # pandas' own errors are ValueErrors
        raise TableError(f"{path.name} can't be read as a table ({error})") from error
    frame.columns = frame.columns.str.strip()
    missing = [column for column in columns if column not in frame]
    if missing:
        raise TableError(f"{path.name} has no column {', '.join(missing)}")
    frame = frame.apply(lambda column: column.str.strip())
    return frame.astype(object).where(frame != "", None)


def gender(text: str | None) -> str | None:
    """ "female" or "male", however spelled; None for unknown and for every other gender."""
    return None if text is None else _GENDER_OF.get(text.strip().lower())


def split(text: str | None) -> str | None:
    """ "train", "validation" or "test", however spelled; None for anything else."""
    return None if text is None else _SPLIT_OF.get(text.strip().lower())


@lru_cache(1024)
def language(text: str | None) -> str:
    """ISO 639-1 code of a language's name, code or locale ("Bengali", "ben", "zh-CN").

    A language without such a code keeps the text given; "und", undetermined, stands for none given.
    """
    if not text:
        return "und"
    stem = text.strip().replace("_", "-").split("-")[0]
    try:
        return iso639.Lang(stem.title() if len(stem) > 3 else stem.lower()).pt1 or stem
    except iso639.exceptions.InvalidLanguageValue:
        return text.strip()


def number(text: str | None) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def text(value: object) -> str | None:
    """A cell as text without spaces around it; None for every kind of missing or empty."""
    missing = value is None or value is pd.NA or value is pd.NaT or value != value
    return None if missing else str(value).strip() or None


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of a shared dataset under the names of COLUMN_OF; a column that isn't there holds None."""
    lower = {str(column).lower(): column for column in reversed(list(frame.columns))}
    chosen = {}
    for name, spellings in COLUMN_OF.items():
        column = next((lower[spelling] for spelling in spellings if spelling in lower), None)
        chosen[name] = [None] * len(frame) if column is None else list(map(text, frame[column]))
    return pd.DataFrame(chosen, index=frame.index, dtype=object)
