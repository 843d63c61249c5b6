"""Predictions in the format of audformat, which audb, opensmile's and audEERING's other tools read."""

from pathlib import Path

import audformat
import pandas as pd

from sernb.evaluation.inference import Predictions
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.models.confidence import UNSURE


def as_audformat(found: Predictions, model: str) -> audformat.Database:
    """A database with a table "files", by file, and a table "windows", by file, start and end.

    Audio is not copied: files are named as they were given.

    Args:
        found: of `predict`.
        model: its name, which the tables' rater gets.
    """
    db = audformat.Database(
        name="predictions",
        source="sernb predict",
        usage=audformat.define.Usage.RESEARCH,
        description="Emotion as a model hears it; nobody listened.",
    )
    db.raters["model"] = audformat.Rater(audformat.define.RaterType.MACHINE, description=model)
    db.schemes["emotion"] = audformat.Scheme(labels=[*EMOTIONS, UNSURE])
    db.schemes["probability"] = audformat.Scheme(audformat.define.DataType.FLOAT, minimum=0, maximum=1)
    db.schemes["problem"] = audformat.Scheme(audformat.define.DataType.STRING)
    windows = found.windows
    spans = audformat.segmented_index(
        windows["file"].to_list(),
        pd.to_timedelta(windows["start_s"].astype(float), unit="s").to_list(),
        pd.to_timedelta(windows["end_s"].astype(float), unit="s").to_list(),
    )
    files = found.files.drop_duplicates("file")  # an index holds a file once
    for name, index, table in (
        ("files", audformat.filewise_index(files["file"].to_list()), files),
        ("windows", spans[~spans.duplicated()], windows[~spans.duplicated()]),
    ):
        db[name] = audformat.Table(index)
        for column in ("label", *PROBABILITIES, "problem"):
            scheme = "emotion" if column == "label" else "probability" if column in PROBABILITIES else column
            db[name][column] = audformat.Column(scheme_id=scheme, rater_id="model")
            db[name][column].set(table[column].astype(object).where(table[column].notna(), None).to_numpy())
    return db


def save_audformat(found: Predictions, model: str, folder: Path) -> None:
    """Write `as_audformat`; `audformat.Database.load` reads it."""
    as_audformat(found, model).save(str(folder), storage_format=audformat.define.TableStorageFormat.PARQUET)
