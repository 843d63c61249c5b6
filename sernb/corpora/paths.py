"""From a path as a table has it to the file it means: other separators, other Unicode, another computer's folders."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path


def located(names: Iterable[str | None], folder: Path, audio: Iterable[str]) -> tuple[list[str], str | None]:
    """Where the files of a table lie.

    A file is found under another spelling of its name where only one file has it: backslashes, composed or decomposed
    Unicode, capitals, no suffix. Where not one row's file is there, folders that every path begins with are left
    out one by one, until some are: a table often keeps the paths of the computer it was written on.

    Args:
        names: the path of each row, None for none.
        folder: what they are relative to.
        audio: full paths of the audio files below `folder`.

    Returns:
        A full path for each row, whether or not a file lies there, and a note on the folders left out, or None.
    """
    inside = os.path.join(folder, "")
    known = set(audio)
    index = cache(lambda: _index(folder, known))  # most tables need none

    def find(name: str | None) -> str:
        # one spelling a file: "./a.wav" is a.wav
        path = os.path.normpath(os.path.join(folder, name or "no file named"))
        if path in known:
            return path
        slashes = os.path.normpath(os.path.join(folder, name.replace("\\", "/"))) if name else path
        for spelling in (path, slashes):
            if is_there(spelling):
                return spelling
            others = index().get(_key(os.path.relpath(spelling, folder)), ())
            if len(others) == 1:
                return others[0]
        return slashes

    def is_there(path: str) -> bool:
        return path.startswith(inside) and os.path.lexists(path)

    names = list(names)
    paths = list(map(find, names))
    if any(map(is_there, paths)):
        return paths, None
    parts = [name.replace("\\", "/").split("/") for name in names if name]
    for count in range(1, len(_common(parts)) + 1):
        if any(is_there(find("/".join(some[count:]))) for some in parts):
            fewer = [find(name and "/".join(name.replace("\\", "/").split("/")[count:])) for name in names]
            return fewer, f"paths begin with {'/'.join(parts[0][:count])!r}, which isn't here: read without it"
    return paths, None


def _index(folder: Path, audio: Iterable[str]) -> dict[str, list[str]]:
    there = defaultdict(list)
    for path in audio:
        key = _key(os.path.relpath(path, folder))
        there[key].append(path)
        there[os.path.splitext(key)[0]].append(path)
    return there


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _common(parts: list[list[str]]) -> list[str]:
    """The folders all of these paths begin with."""
    first, last = (min(parts)[:-1], max(parts)[:-1]) if parts else ([], [])
    return first[: next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]
