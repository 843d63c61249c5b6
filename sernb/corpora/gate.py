"""The one door to a corpus's tables, YAML and JSON: a regular file inside its folder, of bearable size, as text."""

import codecs
import os
import stat
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from sernb.corpora.base import TableError

MAX_BYTES = 1 << 30
"""Largest table, 1 GiB; the largest of Common Voice (English, validated.tsv) has about 650 MiB."""
MAX_CELLS = 1 << 26
"""Most cells a table may hold once read, 67 million: the memory it takes grows with its cells, not with its bytes."""
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def shown(path: Path) -> str:
    """A table's name for messages, with its folder: "my-corpus/corpus.csv"."""
    return f"{path.parent.name}/{path.name}"


def open_inside(path: Path, folder: Path, limit: int = MAX_BYTES) -> BinaryIO:
    """Open a file of a corpus for reading.

    Args:
        path: the file.
        folder: the corpus's folder, which the file must not leave, by link or otherwise.
        limit: the most bytes it may have.

    Raises:
        TableError: not there, not a regular file (a FIFO never ends), outside the folder, or too large.
    """
    try:
        if not os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), "")):
            raise TableError(f"{shown(path)} leads out of the corpus's folder: put the file itself there")
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise TableError(f"{shown(path)} is not a regular file: replace it")
        if found.st_size > limit:
            raise TableError(f"{shown(path)} is larger than {limit >> 20} MiB: cut it into several corpora")
        return path.open("rb")
    except OSError as error:
        raise TableError(f"{shown(path)} can't be read ({error.strerror})") from error


def read_bytes(path: Path, folder: Path, limit: int = MAX_BYTES) -> tuple[bytes, str]:
    """Content and encoding of a text file in UTF-8, or in UTF-16 with its byte order mark as Excel writes it.

    Code pages of one byte a character are not guessed: on a table's few words the guess is often wrong, and a wrong
    one reads names and labels that nobody wrote.

    Raises:
        TableError: see `open_inside`, or in another encoding.
    """
    with open_inside(path, folder, limit) as file:
        data = file.read(limit)
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), "utf-8")
    try:
        for _ in codecs.iterdecode(BytesIO(data), encoding):  # line by line: the whole would take memory twice
            pass
    except UnicodeError as error:
        raise TableError(
            f'{shown(path)} is not UTF-8: save it as UTF-8, in Excel as "CSV UTF-8", in LibreOffice with the character '
            'set "Unicode (UTF-8)"'
        ) from error
    return data, encoding


def read_text(path: Path, folder: Path, limit: int = MAX_BYTES) -> str:
    """Text of a file, see `read_bytes`."""
    data, encoding = read_bytes(path, folder, limit)
    return data.decode(encoding).removeprefix("\ufeff")


def check_cells(path: Path, rows: int, columns: int) -> None:
    """Refuse a table that holds more than its reader's memory.

    Raises:
        TableError: more than `MAX_CELLS`.
    """
    if rows * columns > MAX_CELLS:
        raise TableError(f"{shown(path)} claims {rows} rows of {columns} columns: cut it into several corpora")
