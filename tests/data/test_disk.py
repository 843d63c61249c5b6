"""A full disk is named, whoever was writing.

The errors are raised, not provoked: a writer that is given a device, /dev/full, may remove or replace it.
"""

import errno
import os

import pytest
from safetensors import SafetensorError

from sernb.data.disk import DiskFullError, naming_full_disk

ERRORS = {
    "system": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    "arrow": OSError("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device"),
    "torch": RuntimeError("[enforce fail at inline_container.cc:858] . unexpected pos 576 vs 470"),
    "safetensors": SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize(("needed", "lack"), [(0, "MB were left"), (1 << 60, "MB are missing")])
def test_each_library_has_an_error_of_its_own(error, needed, lack, tmp_path):
    with pytest.raises(DiskFullError) as raised, naming_full_disk(tmp_path, lambda: needed):
        raise error
    assert str(raised.value).startswith(f"{tmp_path}: the disk is full") and lack in str(raised.value)


def test_another_error_is_left_alone(tmp_path):
    with pytest.raises(RuntimeError, match="shapes"), naming_full_disk(tmp_path):
        raise RuntimeError("shapes differ")
