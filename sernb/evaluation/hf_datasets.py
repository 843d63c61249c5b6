"""Predictions for a `datasets.Dataset`: audio in, the same dataset with labels and probabilities out."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from sernb.evaluation.inference import predict
from sernb.labels import PROBABILITIES
from sernb.models.ensemble import Ensemble

BATCH = 256
"""Clips whose encoded audio is held at once."""
PREDICTED = "predicted"
"""Column of the labels: "label" is often taken."""


def label_dataset(model: Ensemble, dataset: Any, column: str = "audio", **options) -> Any:
    """A dataset with the columns `predicted`, p_angry, p_happy, p_neutral, p_sad and problem beside its own.

    Its audio is decoded as files are, not by the library, and stays as it is.

    Args:
        model: from `Ensemble.load`.
        dataset: a `datasets.Dataset`.
        column: of its feature `Audio`.
        options: of `predict`.

    Raises:
        ValueError: no such column of audio, or a column of the dataset has a name that one of these needs.
    """
    feature = dataset.features.get(column)
    if type(feature).__name__ != "Audio":
        raise ValueError(f"{column!r} is no column of audio; there are {', '.join(dataset.column_names)}")
    taken = sorted({PREDICTED, *PROBABILITIES, "problem"} & set(dataset.column_names))
    if taken:
        raise ValueError(f"the dataset has the columns {', '.join(taken)} already; rename them first")
    encoded = dataset.select_columns([column]).cast_column(column, type(feature)(decode=False))
    tables = [_heard(model, batch[column], options) for batch in encoded.iter(BATCH)]
    found = pd.concat(tables, ignore_index=True) if tables else _heard(model, [], options)
    for name in (PREDICTED, *PROBABILITIES, "problem"):
        values = found["label" if name == PREDICTED else name]
        dataset = dataset.add_column(name, values.astype(object).where(values.notna(), None).to_list())
    return dataset


def _heard(model: Ensemble, rows: list[dict[str, Any] | None], options: dict[str, Any]) -> pd.DataFrame:
    """The table of files of encoded clips, each bytes or a path."""
    with TemporaryDirectory() as folder:
        files = []
        for number, row in enumerate(rows):
            data, path = (row or {}).get("bytes"), (row or {}).get("path")
            if data is None and path is not None and os.path.exists(path):
                files.append(path)
            else:
                files.append(os.path.join(folder, str(number)))
                if data is not None:
                    Path(files[-1]).write_bytes(data)
        return predict(model, files, **options).files
