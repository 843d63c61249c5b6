"""Where corpora lie below a folder, whatever the folders are called, and which audio files none of them claims."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from sernb.corpora import banglaser, ravdess
from sernb.corpora.base import AUDIO_SUFFIXES, Corpus, audio_names
from sernb.corpora.registry import CORPORA

CorpusByFolder = Mapping[Path, str] | Mapping[str, str]
NAMED = [corpus for corpus in CORPORA.values() if corpus.names is not None]
# words in a folder's name that say a corpus, beside its own name
WORDS = {"banglaser": ("bangla", "bengali"), "cremad": ("crema-d", "crema"), "emodb": ("emo-db",)}
RAVDESS, BANGLASER = ravdess.CORPUS.name, banglaser.CORPUS.name
STRAYS = 0.1  # share of files that may lie in a wrong folder
MANY = 50  # files named like RAVDESS and BanglaSER from which what never occurs says something


class Place(NamedTuple):
    """A corpus, the folder it lies in, and the files that are its; None: those its parser finds there."""

    corpus: Corpus
    folder: Path
    files: tuple[Path, ...] | None = None


def discover(root: Path, taken_as: CorpusByFolder | None = None) -> list[Place]:
    """The corpora below a folder, sorted by path.

    A folder laid out as a corpus with tables is that corpus, and is not searched for others inside it. A corpus whose
    file names say everything is found by these names in any folder. Linked folders are followed where they lie in
    `root` itself (a reader's own collection of links), nowhere deeper.

    Args:
        root: the folder.
        taken_as: folders to be taken as a corpus, its name by folder, absolute or relative to `root`.

    Raises:
        FileNotFoundError: `root` or a folder of `taken_as` is not a folder.
        ValueError: `taken_as` names an unknown corpus, or a folder outside `root`.
    """
    forced = {folder: corpus for folder, corpus in _forced(root, taken_as or {})}
    places = [Place(corpus, folder, _all_files(corpus, folder)) for folder, corpus in forced.items()]
    for start in starts(root):
        homes: dict[Path, Corpus] = {}
        files: list[tuple[Path, Path | None]] = []
        for parent, folders, names in os.walk(start):
            here = Path(parent)
            corpus = None if here in forced else next((one for one in CORPORA.values() if one.lies_in(here)), None)
            if here in forced or (corpus is not None and corpus.names is None):
                folders.clear()
                if corpus is not None:
                    places.append(Place(corpus, here))
                continue
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            if corpus is not None:
                homes[here] = corpus
            home = next((folder for folder in (here, *here.parents) if folder in homes), None)
            files += [(here / name, home) for name in sorted(names) if _is_audio(name)]
        places += _by_name(start, homes, files)
    return sorted(places, key=lambda place: (str(place.folder), place.corpus.name))


def starts(root: Path) -> list[Path]:
    """The folder itself and the linked folders in it, each under its link's name, whatever is there already left out.

    Raises:
        FileNotFoundError: not a folder.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is not a folder; give the folder that holds the corpora")
    real = root.resolve()
    found: dict[Path, Path] = {}
    for child in sorted(root.iterdir()):
        if child.is_symlink() and child.is_dir() and not child.name.startswith("."):
            target = child.resolve()
            if not target.is_relative_to(real) and not real.is_relative_to(target):
                found.setdefault(target, child)
    return [root, *found.values()]


def _is_audio(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in AUDIO_SUFFIXES


def _all_files(corpus: Corpus, folder: Path) -> tuple[Path, ...] | None:
    return None if corpus.names is None else tuple(map(Path, audio_names(folder)))


def _forced(root: Path, taken_as: CorpusByFolder) -> Iterator[tuple[Path, Corpus]]:
    for folder, name in taken_as.items():
        if name not in CORPORA:
            nearest = get_close_matches(name, CORPORA, n=1)
            hint = f"did you mean {nearest[0]}? " if nearest else ""
            raise ValueError(f"{folder} taken as {name!r}: no such corpus; {hint}known are {', '.join(CORPORA)}")
        place = Path(os.path.abspath(root / folder))
        if not place.is_dir():
            raise FileNotFoundError(f"{folder} taken as {name}: {place} is not a folder")
        if not place.is_relative_to(root):
            raise ValueError(f"{folder} taken as {name}: it doesn't lie in {root}; give a folder inside it")
        yield place, CORPORA[name]


def _by_name(start: Path, homes: dict[Path, Corpus], files: Iterable[tuple[Path, Path | None]]) -> Iterator[Place]:
    """Files by the corpus they are named like; a misnamed file goes to the corpus whose folder it lies in, if any."""
    claimed: dict[tuple[str, Path], list[Path]] = defaultdict(list)
    open_files: list[Path] = []
    for path, home in files:
        fits = like(path)
        at_home = homes[home].name if home else None
        said = _said(path, home or start.parent, fits) if len(fits) > 1 else None
        if said:
            claimed[said, home if home and at_home == said else start].append(path)
        elif home and at_home and (at_home in fits or not fits):
            claimed[at_home, home].append(path)
        elif len(fits) == 1:
            claimed[fits[0], start].append(path)
        elif fits:
            open_files.append(path)
    for path, name in _decided(start, open_files):
        claimed[name, start].append(path)
    for name, folder in [key for key in claimed if key[0] in (RAVDESS, BANGLASER)]:
        # codes tell more than the names of folders: read as the other, every emotion would be wrong
        decided = ravdess_or_banglaser(claimed[name, folder])
        if decided is not None and decided != name:
            claimed[decided, folder] += claimed.pop((name, folder))
    for (name, folder), paths in claimed.items():
        yield Place(CORPORA[name], folder, tuple(sorted(paths)))


def like(path: Path) -> list[str]:
    """The corpora a file is named like."""
    return [corpus.name for corpus in NAMED if corpus.names and corpus.names.match(path)]


def said_by(folder: str, names: Iterable[str]) -> str | None:
    """The corpus a folder's name says, of those named."""
    lower = folder.lower()
    return next((name for name in names if any(word in lower for word in (name, *WORDS.get(name, ())))), None)


def _said(path: Path, above: Path, names: list[str]) -> str | None:
    said = (said_by(part, names) for part in reversed(path.relative_to(above).parts[:-1]))
    return next(filter(None, said), None)


def _decided(start: Path, paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Files named like RAVDESS and like BanglaSER, with the one it is; all together, or folder by folder."""
    name = _by_count(paths)
    if name is not None:
        yield from ((path, name) for path in paths)
        return
    folders: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        folders[path.relative_to(start).parts[0]].append(path)
    for group in folders.values():
        name = _by_count(group)
        yield from ((path, name) for path in group if name is not None)


def _by_count(paths: list[Path]) -> str | None:
    """A third of BanglaSER's sentences and of its takes are the third: many files without any are RAVDESS's."""
    bangla, english = _code_evidence(paths)
    return ravdess_or_banglaser(paths) or (RAVDESS if len(paths) >= MANY and not bangla and not english else None)


def ravdess_or_banglaser(paths: list[Path]) -> str | None:
    """Which of the two files are by their codes; None where these don't tell, or speak for both.

    Only BanglaSER has third sentences, third takes and actors above 24 (five of nine files have one of these); only
    RAVDESS has emotions above 05 and songs (three of eight). A file or two in a hundred may be a stray.
    """
    bangla, english = (count > STRAYS * len(paths) for count in _code_evidence(paths))
    if bangla == english:
        return None
    return BANGLASER if bangla else RAVDESS


def _code_evidence(paths: list[Path]) -> tuple[int, int]:
    """Files only BanglaSER can hold, and files only RAVDESS can hold."""
    names = [match for path in paths if (match := ravdess.NAMES.match(path))]
    bangla = sum(
        name["statement"] == "03" or name["repetition"] == "03" or int(name["actor"]) > ravdess.ACTORS for name in names
    )
    return bangla, sum(name["channel"] == "02" or name["emotion"] > max(banglaser.EMOTIONS) for name in names)
