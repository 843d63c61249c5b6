"""Every corpus the package can read, and where each lies below a folder."""

import os
from pathlib import Path

from sernb.corpora import (
    aesdd,
    audformat,
    audiofolder,
    banglaser,
    cafe,
    commonvoice,
    cremad,
    demo,
    emodb,
    hfparquet,
    iemocap,
    msppodcast,
    plaincsv,
    ravdess,
    savee,
    subesco,
    tess,
    urdu,
)
from sernb.corpora.base import Corpus

CORPORA: dict[str, Corpus] = {
    module.CORPUS.name: module.CORPUS
    for module in (
        aesdd,
        banglaser,
        cafe,
        commonvoice,
        cremad,
        demo,
        emodb,
        iemocap,
        msppodcast,
        ravdess,
        savee,
        subesco,
        tess,
        urdu,
        audformat,
        audiofolder,
        hfparquet,
        plaincsv,
    )
}


def discover(root: Path) -> list[tuple[Corpus, Path]]:
    """The corpora below a folder, each with its own folder, sorted by path.

    A folder that is a corpus is not searched for others inside it, and is one corpus only: one known by name before a
    general format, so that an EMO-DB with an audformat header is EMO-DB. Linked folders are followed where they lie
    in `root` itself (a reader's own collection of links), nowhere deeper.

    Raises:
        FileNotFoundError: `root` is not a folder, or no corpus lies in it.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is not a folder; give the folder that holds the corpora")
    linked = sorted(child.resolve() for child in root.iterdir() if child.is_symlink() and child.is_dir())
    found = []
    for start in dict.fromkeys((root, *linked)):
        for parent, folders, _ in os.walk(start):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            corpus = next((corpus for corpus in CORPORA.values() if corpus.lies_in(Path(parent))), None)
            if corpus is not None:
                found.append((corpus, Path(parent)))
                folders.clear()
    if not found:
        raise FileNotFoundError(
            f"no corpus found below {root}; known are {', '.join(CORPORA)} in the layout they are published in "
            "(`sernb corpora` says where to get them)"
        )
    return found
