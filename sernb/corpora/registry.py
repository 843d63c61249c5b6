"""Every corpus the package can read, and where each lies below a folder."""

import os
from pathlib import Path

from sernb.corpora import banglaser, demo, emodb, ravdess, tess, urdu
from sernb.corpora.base import Corpus

CORPORA: dict[str, Corpus] = {
    module.CORPUS.name: module.CORPUS
    for module in (
        banglaser,
        demo,
        emodb,
        ravdess,
        tess,
        urdu,
    )
}


def discover(root: Path) -> list[tuple[Corpus, Path]]:
    """The corpora below a folder, each with its own folder, sorted by path.

    A folder that is a corpus is not searched for others inside it.

    Raises:
        FileNotFoundError: `root` is not a folder, or no corpus lies in it.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is not a folder; give the folder that holds the corpora")
    found = []
    for parent, folders, _ in os.walk(root):
        folders.sort()
        here = [(corpus, Path(parent)) for corpus in CORPORA.values() if corpus.lies_in(Path(parent))]
        if here:
            found += here
            folders.clear()
    if not found:
        raise FileNotFoundError(
            f"no corpus found below {root}; known are {', '.join(CORPORA)} in the layout they are published in "
            "(`sernb corpora` says where to get them)"
        )
    return found
