"""Stored predictions, checked before anything is computed from them."""

from pathlib import Path

import pandas as pd

from sernb.data.files import FileError, read_table
from sernb.labels import EMOTIONS

PREDICTED = (
    "utterance_id",
    "corpus",
    "language",
    "speaker",
    "gender",
    "emotion",
    "part",
    *(f"p_{name}" for name in EMOTIONS),
)


def read_predictions(file: Path) -> pd.DataFrame:
    """A table of predictions.

    Raises:
        FileError: a column is missing, a class unknown, or a probability none.
    """
    table = read_table(file)
    lacks = [column for column in PREDICTED if column not in table]
    if lacks:
        raise FileError(file, f"lacks the column {', '.join(lacks)}; get it again, or remove it")
    shares = table[[f"p_{emotion}" for emotion in EMOTIONS]]
    if not all(map(pd.api.types.is_float_dtype, shares.dtypes)) or not ((shares >= 0) & (shares <= 1)).all(axis=None):
        raise FileError(file, "holds a probability outside 0 to 1; get it again, or remove it")
    if not table["emotion"].isin(EMOTIONS).all():
        raise FileError(file, f"holds a class other than {', '.join(EMOTIONS)}; get it again, or remove it")
    return table
