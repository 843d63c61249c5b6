"""Activation and valence of Das et al. 2022 for URDU, EMO-DB, CaFE and AESDD: labels without audio, joined by name.

One rater, 1 to 5 in steps of 0.5. As published the headers carry spaces, empty first columns and a misspelling, and
one AESDD row has no values.
"""

import os
from pathlib import Path

import pandas as pd

from sernb.corpora.base import TableError
from sernb.corpora.gate import open_inside, shown
from sernb.corpora.tables import number, read_table

FILES = {"URDU.csv": "urdu", "EMO_DB.csv": "emodb", "CAFE.csv": "cafe", "AESD.csv": "aesdd"}


def find(root: Path) -> list[Path]:
    """The label files below a folder."""
    return [
        Path(parent, name)
        for parent, _, names in os.walk(root)
        for name in sorted(FILES.keys() & set(names))
        if is_labels(Path(parent, name))
    ]


def is_labels(path: Path) -> bool:
    """Whether the first line names activation and valence."""
    try:
        with open_inside(path, path.parent) as lines:
            header = lines.readline(1000)
    except TableError:
        return False  # a FIFO or a link to elsewhere, not one of the published files
    return b"activation" in header and b"valence" in header


def read(path: Path) -> pd.DataFrame:
    """Columns stem (the audio file's name without suffix), activation, valence; rows without both are left out.

    Raises:
        TableError: not a label file.
    """
    table = read_table(path).rename(columns={"filname": "filename"})
    if not {"filename", "activation", "valence"} <= set(table):
        raise TableError(f"{shown(path)} has no columns filename, activation, valence")
    labels = pd.DataFrame(
        {
            "stem": [os.path.splitext(name or "")[0] for name in table["filename"]],
            "activation": table["activation"].map(number),
            "valence": table["valence"].map(number),
        }
    )
    return labels.dropna().drop_duplicates("stem")


def join(clips: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put the labels of every label file below `root` where a corpus has none of its own.

    Returns:
        The clips, activation and valence filled, and label files that can't be used: corpus, path, source_label,
        reason.
    """
    unusable = []
    for path in find(root):
        own = clips.loc[clips["corpus"] == FILES[path.name], "path"]
        if own.empty:
            continue
        try:
            labels = read(path)
        except TableError as error:
            unusable.append((FILES[path.name], str(path), None, str(error)))
            continue
        stems = [os.path.splitext(os.path.basename(name))[0] for name in own]
        for column in ("activation", "valence"):
            known = dict(zip(labels["stem"], labels[column], strict=True))
            stated = pd.Series([known.get(stem) for stem in stems], index=own.index, dtype="float64")
            clips.loc[own.index, column] = clips.loc[own.index, column].fillna(stated)
    return clips, pd.DataFrame(unusable, columns=["corpus", "path", "source_label", "reason"], dtype="string")
