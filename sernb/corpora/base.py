"""What a corpus is: a description, a layout to recognise it by, and a function from its folder to rows."""

import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# those of the second line can't be read by libsndfile: they are listed so that such a file is rejected, not overlooked
AUDIO_SUFFIXES = frozenset(
    (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".sph")
    + (".m4a", ".aac", ".wma", ".webm", ".amr", ".3gp")
)
VIDEO_SUFFIXES = frozenset((".mp4", ".m4v", ".mov", ".mkv", ".avi", ".wmv", ".flv", ".mpg", ".mpeg"))
"""Never a corpus's clips, but speech may be in them: such files are counted, and named with what to do."""
MAX_DEPTH = 50
"""Folders within one another that are searched for audio; at several hundred a path has no valid name any more."""


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
        note: what its table says of it and could not be read as meant, one line each; None for nothing.
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
    note: str | None = None


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
        example: the layout as a few files: path relative to the corpus's folder -> text, empty for audio.
        read: the folder -> its clips and rejects, one for every audio file and for every file its tables list.
        names: for corpora whose file names say everything: those names, by which a file is found in any folder.
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
    example: Mapping[str, str]
    read: Callable[[Path], Iterable[Clip | Reject]]
    names: "FileNames | None" = None
    unpack: Callable[[Path, Path], Path] | None = None
    recognise: Callable[[Path], bool] = lambda folder: True

    def lies_in(self, folder: Path) -> bool:
        """Whether `folder` is laid out as this corpus is."""
        return any(next(folder.glob(pattern), None) is not None for pattern in self.layout) and self.recognise(folder)


def audio_names(folder: Path) -> list[str]:
    """Every audio file below a folder as a full path, sorted; hidden files and linked folders left out.

    Raises:
        TableError: folders nested deeper than `MAX_DEPTH`, or a folder that can't be read.
    """
    found, unsearched = search_audio(folder)
    if unsearched:
        raise TableError(next(iter(unsearched.values())))
    return found


def search_audio(
    folder: Path, without: Container[str] = (), suffixes: Container[str] = AUDIO_SUFFIXES
) -> tuple[list[str], dict[str, str]]:
    """Every audio file below a folder as a full path, sorted, and the folders that couldn't be searched, with why.

    Args:
        folder: where to search; hidden files and linked folders are left out.
        without: full paths to leave out.
        suffixes: of the files to find, in lower case.
    """
    found, unsearched, waiting = [], {}, [str(folder)]
    deepest = str(folder).count(os.sep) + MAX_DEPTH
    while waiting:
        below = waiting.pop()
        if below.count(os.sep) > deepest:
            unsearched[below] = f"{folder.name} nests folders more than {MAX_DEPTH} deep: move them up"
            continue
        try:
            with os.scandir(below) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.path in without:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif os.path.splitext(entry.name)[1].lower() in suffixes:
                        found.append(entry.path)
        except OSError as error:
            unsearched[below] = f"folder {os.path.relpath(below, folder.parent)} can't be read ({error.strerror})"
    return sorted(found), unsearched


def audio_files(folder: Path) -> Iterator[Path]:
    """Every audio file below a folder, sorted; hidden files and linked folders left out."""
    return map(Path, audio_names(folder))


def unlisted(folder: Path, listed: Iterable[Path | str], table: str, corpus: str | None = None) -> Iterator[Reject]:
    """A Reject for every audio file below `folder` that a corpus's table doesn't name."""
    known = set(map(str, listed))
    for name in audio_names(folder):
        if name not in known:
            yield Reject(name, f"there, but not listed in {table}", corpus)


@dataclass(frozen=True)
class FileNames:
    """File names that say everything, wherever the file lies and however the name is decorated.

    Attributes:
        pattern: what is searched for in the part of a path that `naming` gives.
        describe: the match -> the fields of a Clip; raises ValueError, with the reason, for a name that
            matches but means nothing (an emotion code the corpus doesn't have).
        naming: the part of a path that is searched.
        refuse: why a file is refused although it is named so, or None.
    """

    pattern: re.Pattern[str]
    describe: Callable[[re.Match[str]], dict[str, Any]]
    naming: Callable[[Path], str] = lambda path: path.stem
    refuse: Callable[[Path], str | None] = lambda path: None

    def match(self, path: Path) -> re.Match[str] | None:
        """The name's parts; None where a file isn't named so."""
        return self.pattern.search(self.naming(path))

    def rows(self, paths: Iterable[Path]) -> Iterator[Clip | Reject]:
        """A row for every file, a Reject where its name means nothing."""
        for path in paths:
            match = self.match(path)
            if match is None:
                yield Reject(path, "not named like this corpus's files (`sernb corpora NAME` shows them)")
                continue
            if reason := self.refuse(path):
                yield Reject(path, reason)
                continue
            try:
                yield Clip(path, **self.describe(match))
            except ValueError as error:
                yield Reject(path, str(error))

    def read(self, folder: Path) -> Iterator[Clip | Reject]:
        """A row for every audio file below a folder."""
        return self.rows(audio_files(folder))


def from_names(
    folder: Path, name: re.Pattern[str], describe: Callable[[re.Match[str]], dict[str, Any]]
) -> Iterator[Clip | Reject]:
    """Rows of a corpus whose file names say everything, but are told from other names by the folders they lie in.

    Args:
        folder: the corpus's folder.
        name: what a file's stem must match in full.
        describe: the match -> the fields of a Clip; raises ValueError, with the reason, for a name that
            matches but means nothing (an emotion code the corpus doesn't have).
    """
    return FileNames(re.compile(rf"\A(?:{name.pattern})\Z"), describe).read(folder)


def decode(codes: dict[str, str], code: str, what: str) -> str:
    """The meaning of a code in a file name.

    Raises:
        ValueError: names the code and the known ones.

    Examples:
        >>> decode({"W": "anger", "T": "sadness"}, "W", "emotion letter")
        'anger'
        >>> decode({"W": "anger", "T": "sadness"}, "X", "emotion letter")
        Traceback (most recent call last):
        ValueError: unknown emotion letter 'X'; known are T, W
    """
    if code not in codes:
        raise ValueError(f"unknown {what} {code!r}; known are {', '.join(sorted(codes))}")
    return codes[code]
