"""What took how long, on which machine: read from stored runs and from executed chapters, never typed."""

from pathlib import Path

import nbformat
import pandas as pd

from sernb.experiments.stored import open_stored
from sernb.results.report import FOLDER


def run_minutes(root: Path = FOLDER) -> pd.DataFrame:
    """The stored reference runs, a row a group and machine.

    Returns:
        Columns group, runs, encoder, device, minutes (the median) and longest.
    """
    grouped = open_stored(root).runs.groupby(["group", "encoder", "device"])["minutes"]
    return grouped.agg(runs="size", minutes="median", longest="max").reset_index()


def chapter_seconds(executed: Path) -> pd.DataFrame:
    """Seconds that papermill noted for each chapter, a column a language; no row where nothing was executed.

    Args:
        executed: folder of executed notebooks, LANGUAGE/CHAPTER.ipynb.
    """
    rows = []
    for path in sorted(executed.glob("*/*.ipynb")):
        noted = nbformat.read(path, as_version=4).metadata.get("papermill", {})
        if noted.get("duration") is not None:  # missing while a chapter runs, or where one was stopped
            rows.append((path.stem, path.parent.name, noted["duration"]))
    table = pd.DataFrame(rows, columns=["chapter", "language", "seconds"])
    return table.pivot(index="chapter", columns="language", values="seconds").rename_axis(columns=None).reset_index()
