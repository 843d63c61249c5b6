"""Tables beside files whose names say everything: the names are read, and such a table is named, not passed over."""

import os
from pathlib import Path

from sernb.corpora.base import TableError
from sernb.corpora.discovery import Place
from sernb.corpora.tables import is_of_labels

KINDS = (".csv", ".tsv", ".jsonl")


def unread_tables(place: Place) -> str | None:
    """A note on the tables of labels that lie with a corpus's named files, up to its folder; None where none does."""
    folders = {place.folder}
    for file in place.files or ():
        folder = file.parent
        while folder not in folders and place.folder in folder.parents:
            folders.add(folder)
            folder = folder.parent
    found = []
    for folder in sorted(folders):
        with os.scandir(folder) as entries:
            tables = sorted(entry.name for entry in entries if entry.name.lower().endswith(KINDS))
        found += [os.path.relpath(folder / name, place.folder) for name in tables if _holds_labels(folder, name)]
    if not found:
        return None
    return (
        f"not read: {', '.join(map(repr, found))}; {place.corpus.title}'s file names say speaker and emotion; to "
        "take a table's word instead, call it corpus.csv and say `--as csv=FOLDER`"
    )


def _holds_labels(folder: Path, name: str) -> bool:
    try:
        return is_of_labels(folder / name, folder)
    except TableError:
        return False  # a link that leads elsewhere, a FIFO: no table of anybody's
