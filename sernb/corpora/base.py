"""What a corpus is: a description, a layout to recognise it by, and a function from its folder to rows."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# the last four can't be read by libsndfile: they are listed so that such a file is rejected, not overlooked
AUDIO_SUFFIXES = frozenset(
    (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au", ".m4a", ".aac", ".wma", ".webm")
)


class TableError(ValueError):
    """A corpus's own table (csv, tsv, yaml, Parquet) that can't be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance as its corpus describes it; nothing here was read from the audio.

    Attributes:
        path: the audio file; plain text where a corpus has millions.
        speaker: the speaker's name within the corpus, None when the corpus doesn't know.
        source_label: the emotion in the corpus's own vocabulary, in English and lower case ("boredom").
        gender: "female", "male" or None.
        language: ISO 639-1 code; None stands for the corpus's only language.
        session: recording session, where the corpus has any.
        split: the corpus's official split ("train", "validation", "test", ...), where it has any.
        activation: perceived activation (arousal), on the corpus's own scale.
        valence: perceived valence, on the corpus's own scale.
        dominance: perceived dominance, on the corpus's own scale.
        style: how the speech came about ("improvised", "scripted"), where a corpus has more than one.
        duration_s: seconds, where a table of the corpus states them; taken on trust in a headers-only run.
        corpus: the corpus's name, where one format holds many corpora; None stands for the parser's own name.
    """

    path: Path | str
    speaker: str | None = None
    source_label: str | None = None
    gender: str | None = None
    language: str | None = None
    session: str | None = None
    split: str | None = None
    activation: float | None = None
    valence: float | None = None
    dominance: float | None = None
    style: str | None = None
    duration_s: float | None = None
    corpus: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A file that can't be used, and why; `corpus` as in Clip."""

    path: Path | str
    reason: str
    corpus: str | None = None


@dataclass(frozen=True)
class Corpus:
    """A corpus this package can read.

    Attributes:
        name: short lower-case name, the `corpus` column of the manifest.
        title: the name people know it by.
        languages: ISO 639-1 codes; empty where every clip states its own.
        speakers: number of speakers its authors state, None where it depends on the release.
        licence: terms of use.
        citation: where it was published.
        obtain: how to get it.
        layout: glob patterns, relative to the corpus's folder, at least one of which a real copy matches.
        read: the folder -> its clips and rejects, one for every audio file and for every file its tables list.
        unpack: for formats with audio inside other files: (the folder, a folder to write) -> the folder `read` gets.
        recognise: a second look at a folder whose layout fits, for layouts that other things share.
    """

    name: str
    title: str
    languages: tuple[str, ...]
    speakers: int | None
    licence: str
    citation: str
    obtain: str
    layout: tuple[str, ...]
    read: Callable[[Path], Iterable[Clip | Reject]]
    unpack: Callable[[Path, Path], Path] | None = None
    recognise: Callable[[Path], bool] = lambda folder: True

    def lies_in(self, folder: Path) -> bool:
        """Whether `folder` is laid out as this corpus is."""
        return any(next(folder.glob(pattern), None) is not None for pattern in self.layout) and self.recognise(folder)


def audio_names(folder: Path) -> list[str]:
    """Every audio file below a folder as a full path, sorted; hidden files and linked folders left out."""
    found, waiting = [], [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif os.path.splitext(entry.name)[1].lower() in AUDIO_SUFFIXES:
                    found.append(entry.path)
    return sorted(found)


def audio_files(folder: Path) -> Iterator[Path]:
    """Every audio file below a folder, sorted; hidden files and linked folders left out."""
    return map(Path, audio_names(folder))


def unlisted(folder: Path, listed: Iterable[Path | str], table: str, corpus: str | None = None) -> Iterator[Reject]:
    """A Reject for every audio file below `folder` that a corpus's table doesn't name."""
    known = set(map(str, listed))
    for name in audio_names(folder):
        if name not in known:
            yield Reject(name, f"there, but not listed in {table}", corpus)


def from_names(
    folder: Path,
    name: re.Pattern[str],
    describe: Callable[[re.Match[str]], dict[str, Any]],
    naming: Callable[[Path], str] = lambda path: path.stem,
) -> Iterator[Clip | Reject]:
    """Rows of a corpus whose file names say everything.

    Args:
        folder: the corpus's folder.
        name: what a file's stem must match in full.
        describe: the match -> the fields of a Clip; raises ValueError, with the reason, for a name that
            matches but means nothing (an emotion code the corpus doesn't have).
        naming: the part of a path that is matched.
    """
    for path in audio_files(folder):
        match = name.fullmatch(naming(path))
        if match is None:
            yield Reject(path, f"name does not follow the corpus's scheme {name.pattern}")
            continue
        try:
            yield Clip(path, **describe(match))
        except ValueError as error:
            yield Reject(path, str(error))


def decode(codes: dict[str, str], code: str, what: str) -> str:
    """The meaning of a code in a file name; ValueError names the code and the known ones."""
    if code not in codes:
        raise ValueError(f"unknown {what} {code!r}; known are {', '.join(sorted(codes))}")
    return codes[code]
