"""A full disk said in one line: the system, torch, safetensors and Arrow each have an error of their own for it."""

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_SIGNS = ("No space left on device", "Disk quota exceeded", "inline_container")  # the last: torch, writing an archive


class DiskFullError(OSError):
    """No room to write; the message names the folder, what is missing where that is known, and the remedy."""


@contextmanager
def naming_full_disk(folder: Path, needed: Callable[[], int] = lambda: 0) -> Iterator[None]:
    """Within, an error that comes of a full disk is raised as one that says so.

    Args:
        folder: where things are written; it exists.
        needed: how many bytes are written at least; asked only when they don't fit.

    Raises:
        DiskFullError: the disk is full.
    """
    free = shutil.disk_usage(folder).free
    try:
        yield
    except DiskFullError:
        raise
    except Exception as error:
        if not _of_full_disk(error):
            raise
        missing = needed() - free
        lack = f"{missing / 1e6:.1f} MB are missing" if missing > 0 else f"{free / 1e6:.1f} MB were left"
        raise DiskFullError(
            f"{folder}: the disk is full, {lack}; make room and give the same command again, it goes on where it was"
        ) from error


def _of_full_disk(error: Exception) -> bool:
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or any(sign in str(error) for sign in _SIGNS)
