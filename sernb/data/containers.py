"""What RIFF (WAV) and Ogg say of where a file ends; libsndfile reads what is there and doesn't complain."""

import io
import os
from pathlib import Path

PLACEHOLDER = 0x7FFF0000
"""Programs that stream can't go back to the header and leave this size or a larger one, or 0; no clip is so long."""
LARGEST = 1 << 29  # bytes read into memory
_LAST_PAGE = 4  # bit of an Ogg page's flags
_PAGE_HEADER = 27  # bytes, the last of them the number of segments, whose lengths follow


def missing_bytes(path: Path) -> int:
    """Bytes a RIFF file's header promises beyond its end."""
    start, size = _data_chunk(path)
    return 0 if size >= PLACEHOLDER else max(0, start + size - path.stat().st_size)


def with_size(path: Path) -> io.BytesIO | None:
    """A RIFF file whose size of samples was left at 0 by a program that streams, with its size; None for any other.

    A file that truly holds no samples differs: its RIFF chunk reaches to the file's end.
    """
    start, size = _data_chunk(path)
    rest = path.stat().st_size - start
    if not start or size or not 0 < rest <= LARGEST:
        return None
    data = bytearray(path.read_bytes())
    if start - 8 < int.from_bytes(data[4:8], "little") < PLACEHOLDER:
        return None
    data[4:8] = (len(data) - 8).to_bytes(4, "little")
    data[start - 4 : start] = rest.to_bytes(4, "little")
    return io.BytesIO(data)


def _data_chunk(path: Path) -> tuple[int, int]:
    """Where the samples of a RIFF file start, and their size in bytes as promised; 0, 0 for any other file."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return 0, 0
        file.seek(12)
        while len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"data":
                return file.tell(), size
            file.seek(size + size % 2, os.SEEK_CUR)
    return 0, 0


def ends_early(path: Path) -> bool:
    """Whether an Ogg file ends within a page, or with a page that isn't marked as the last."""
    size, start, flags = path.stat().st_size, 0, _LAST_PAGE
    with path.open("rb") as file:
        while (header := file.read(_PAGE_HEADER)).startswith(b"OggS"):
            lengths = file.read(header[-1]) if len(header) == _PAGE_HEADER else b""
            start += len(header) + len(lengths) + sum(lengths)
            if len(header) < _PAGE_HEADER or len(lengths) < header[-1] or start > size:
                return True
            flags = header[5]
            file.seek(start)
    return not flags & _LAST_PAGE
