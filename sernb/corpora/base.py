"""What a corpus is: a description, a layout to recognise it by, and a function from its folder to rows."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg"})


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance as its corpus describes it; nothing here was read from the audio.

    Attributes:
        path: the audio file.
        speaker: the speaker's name within the corpus, None when the corpus doesn't know.
        source_label: the emotion in the corpus's own vocabulary, in English and lower case ("boredom").
        gender: "female", "male" or None.
        language: ISO 639-1 code; None stands for the corpus's only language.
        session: recording session, where the corpus has any.
        split: the corpus's official split ("train", "validation", "test", ...), where it has any.
        activation: perceived activation (arousal), on the corpus's own scale.
        valence: perceived valence, on the corpus's own scale.
    """

    path: Path
    speaker: str | None = None
    source_label: str | None = None
    gender: str | None = None
    language: str | None = None
    session: str | None = None
    split: str | None = None
    activation: float | None = None
    valence: float | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A file that can't be used, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Corpus:
    """A corpus this package can read.

    Attributes:
        name: short lower-case name, the `corpus` column of the manifest.
        title: the name people know it by.
        languages: ISO 639-1 codes.
        speakers: number of speakers its authors state, None where it depends on the release.
        licence: terms of use.
        citation: where it was published.
        obtain: how to get it.
        layout: glob patterns, relative to the corpus's folder, at least one of which a real copy matches.
        read: the folder -> its clips and rejects, one for every audio file.
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

    def lies_in(self, folder: Path) -> bool:
        """Whether `folder` is laid out as this corpus is."""
        return any(next(folder.glob(pattern), None) is not None for pattern in self.layout)


def audio_files(folder: Path) -> Iterator[Path]:
    """Every audio file below a folder, sorted, hidden files left out."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith("."):
            yield path


def from_names(
    folder: Path, name: re.Pattern[str], describe: Callable[[re.Match[str]], dict[str, Any]]
) -> Iterator[Clip | Reject]:
    """Rows of a corpus whose file names say everything.

    Args:
        folder: the corpus's folder.
        name: what a file's stem must match in full.
        describe: the match -> the fields of a Clip; raises ValueError, with the reason, for a name that
            matches but means nothing (an emotion code the corpus doesn't have).
    """
    for path in audio_files(folder):
        match = name.fullmatch(path.stem)
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
