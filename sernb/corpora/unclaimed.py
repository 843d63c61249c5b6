"""Audio files no parser claims: which, the nearest parser's layout, and how a table of one's own takes them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from sernb.corpora.base import AUDIO_SUFFIXES, VIDEO_SUFFIXES, Corpus, search_audio
from sernb.corpora.discovery import Place, like, said_by, starts
from sernb.corpora.registry import CORPORA

TABLE = "list them in a corpus.csv there, columns path,speaker,emotion,gender,language (`sernb corpora csv`)"
VIDEO = "only sound is read: take it out of them, as with `ffmpeg -i IN OUT.wav`"


def unclaimed(root: Path, places: Sequence[Place], accounted: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Path, folder and advice of every audio or video file below `root` that is not among `accounted`."""
    known = set(accounted)
    advice: dict[tuple[str, ...], str] = {}
    for start in starts(root):
        # without what is known: a corpus refused as a whole stands there by its folder
        files, unsearched = search_audio(start, known, AUDIO_SUFFIXES | VIDEO_SUFFIXES)
        for path in files:
            # as it stands in the tables: a name that no file format stores is written out
            path = path.encode(errors="backslashreplace").decode()
            if path in known:
                continue
            folder = os.path.dirname(path)
            if is_video(path):
                yield path, folder, VIDEO
                continue
            names = like(Path(path))
            key = (folder, *names)
            if key not in advice:
                advice[key] = _advice(root, folder, names, places)
            yield path, folder, advice[key]
        for path, why in unsearched.items():
            yield path, os.path.dirname(path), f"not searched: {why}"


def is_video(path: str) -> bool:
    """Whether a file's name says that it is a video."""
    return os.path.splitext(path)[1].lower() in VIDEO_SUFFIXES


def _advice(root: Path, folder: str, names: list[str], places: Sequence[Place]) -> str:
    if len(names) > 1:
        titles = " and like ".join(CORPORA[name].title for name in names)
        options = " or ".join(f"`--as {name}=FOLDER`" for name in names)
        layout = "; ".join(f"{CORPORA[name].title} has {first_file(CORPORA[name])}" for name in names)
        return (
            f"named like {titles}, and neither codes nor folders tell which: say {options}, give the folder the "
            f"corpus's name, or {TABLE} ({layout})"
        )
    corpus = _nearest(root, folder, places)
    if corpus is None:
        return f"no parser knows such files (`sernb corpora` shows what each wants): {TABLE}"
    return f"nearest is {corpus.title}, laid out as {first_file(corpus)} (`sernb corpora {corpus.name}`); or {TABLE}"


def _nearest(root: Path, folder: str, places: Sequence[Place]) -> Corpus | None:
    """The corpus the files lie in, or the one a folder's name says, or the only one beside them."""
    inside = [place for place in places if f"{folder}/".startswith(f"{place.folder}/") and place.files is None]
    if inside:
        return max(inside, key=lambda place: len(place.folder.parts)).corpus
    for part in reversed(Path(folder).relative_to(root.parent).parts):
        if name := said_by(part, CORPORA):
            return CORPORA[name]
    beside = {place.corpus.name for place in places if str(place.folder).startswith(f"{os.path.dirname(folder)}/")}
    return CORPORA[beside.pop()] if len(beside) == 1 else None


def first_file(corpus: Corpus) -> str:
    """The first file of a corpus's example, an audio file where it has any."""
    return next((path for path, text in corpus.example.items() if not text), next(iter(corpus.example)))


def no_corpus(root: Path, others: pd.DataFrame) -> str:
    """What to say where no parser claims anything: the files that lie there, or that none does."""
    lines = "".join(f"\n  {line}" for line in by_folder(others)) or " and no audio lies there"
    return f"no corpus found below {root};{lines}\nknown are {', '.join(CORPORA)}; `sernb corpora NAME` shows a layout"


def by_folder(unclaimed: pd.DataFrame) -> list[str]:
    """A line for each folder with files no parser claims: how many, and what would take them."""
    kinds = unclaimed["path"].map(lambda path: "video" if is_video(path) else "audio file")
    groups = unclaimed.groupby(["folder", "reason", kinds.rename("kind")], sort=True).size()
    return [
        f"{count} {kind}{'s'[: count > 1]} in {folder}: {reason}" for (folder, reason, kind), count in groups.items()
    ]
