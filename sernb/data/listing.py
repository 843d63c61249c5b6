"""From the corpora's folders to one frame of what they say they hold; nothing in it can lead outside its folder."""

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd

from sernb.corpora.base import Clip, Corpus, Reject, TableError, audio_names
from sernb.corpora.discovery import Place
from sernb.corpora.unread import unread_tables

FIELDS = [field.name for field in fields(Clip)]
NUMBERS = {"activation", "valence", "dominance", "duration_s"}


def listing(found: Iterable[Place], unpacked: Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What corpora say they hold.

    Args:
        found: each corpus, the folder it lies in and, where its parser doesn't choose them, its files.
        unpacked: folder for audio inside other files, see `Corpus.unpack`.

    Returns:
        Clips, columns as Clip plus utterance_id and problem (why a clip can't be used, as far as its path tells),
        and rejects: corpus, path, source_label, reason. Every file found or listed is in one of the two.
    """
    clips: list[tuple] = []
    rejects: list[tuple] = []
    for corpus, folder, files in found:
        before = len(clips), len(rejects)
        try:
            if corpus.unpack is not None:
                if unpacked is None:
                    raise TableError("its audio is inside Parquet files: give a folder to unpack it into")
                folder = corpus.unpack(folder, unpacked)
            clip = _clip_row(corpus, folder)
            if files is not None and (note := unread_tables(Place(corpus, folder, files))):
                clip = _noted(clip, note)
            names = corpus.names
            for row in corpus.read(folder) if files is None or names is None else names.rows(files):
                if isinstance(row, Reject):
                    rejects.append((row.corpus or corpus.name, str(row.path), None, row.reason))
                else:
                    clips.append(clip(row))
        except (TableError, OSError) as error:  # one corpus that can't be read keeps no other from being read
            del clips[before[0] :], rejects[before[1] :]
            reason = f"the corpus's table is unusable: {error}"
            rejects += [(corpus.name, name, None, reason) for name in _names(folder)]
    return (
        _frame(clips, [*FIELDS, "utterance_id", "problem"]),
        _frame(rejects, ["corpus", "path", "source_label", "reason"]),
    )


def _noted(clip: Callable[[Clip], tuple], note: str) -> Callable[[Clip], tuple]:
    """The row of a clip with one more note."""
    return lambda one: clip(replace(one, note="\n".join(filter(None, (one.note, note)))))


def _names(folder: Path) -> list[str]:
    """The audio files of a corpus that can't be read, or its folder where they can't be listed either."""
    try:
        return audio_names(folder) or [str(folder)]
    except (TableError, OSError):
        return [str(folder)]


def _clip_row(corpus: Corpus, folder: Path) -> Callable[[Clip], tuple]:
    """From a clip to its row: the corpus's defaults filled in, names made unique over corpora, the path looked at."""
    problem = _Gate(folder)
    prefix = f"{folder}/"
    language = next(iter(corpus.languages), "und")

    def row(clip: Clip) -> tuple:
        path = str(clip.path)
        name = clip.corpus or corpus.name
        # in the order of FIELDS, written out: this runs for every clip of millions
        return (
            path,
            None if clip.speaker is None else f"{name}/{clip.speaker}",
            clip.source_label,
            clip.gender,
            clip.language or language,
            clip.session,
            clip.split,
            clip.activation,
            clip.valence,
            clip.dominance,
            clip.style,
            clip.duration_s,
            name,
            clip.note,
            f"{name}/{os.path.splitext(path.removeprefix(prefix))[0]}",
            problem(path),
        )

    return row


class _Gate:
    """Why a listed file must not be opened: missing, not a file, outside the corpus's folder; None where it may."""

    def __init__(self, folder: Path) -> None:
        self.inside = str(folder.resolve()) + os.sep
        self.real: dict[str, str] = {}

    def __call__(self, path: str) -> str | None:
        try:
            path.encode()
            parent = path.rpartition("/")[0]
            if parent not in self.real:
                self.real[parent] = os.path.realpath(parent) + os.sep
            if not self.real[parent].startswith(self.inside):
                return "path leaves the corpus's folder: refused"
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                if not os.path.realpath(path).startswith(self.inside):
                    return "a link out of the corpus's folder: refused"
                mode = os.stat(path).st_mode
            return None if stat.S_ISREG(mode) else "not a regular file"
        except UnicodeEncodeError:
            return "name is not valid UTF-8: rename the file"
        except (OSError, ValueError):  # a ValueError: a name no file can have
            return "listed, but missing"


def _frame(rows: list[tuple], columns: list[str]) -> pd.DataFrame:
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    return pd.DataFrame({name: _typed(name, list(value)) for name, value in zip(columns, values, strict=True)})


def _typed(name: str, values: list) -> pd.Series:
    if name in NUMBERS:
        return pd.Series(values, dtype="float64")
    try:
        return pd.Series(values, dtype="string")
    except UnicodeEncodeError:  # names of files, and JSON, can hold what no file format stores: written out
        sound = [text if text is None else text.encode(errors="backslashreplace").decode() for text in values]
        return pd.Series(sound, dtype="string")
