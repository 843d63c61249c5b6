"""Memory that training has used once stays with the process, so that no step waits for it to be handed out anew.

A step frees what it computed, and glibc gives so large a piece back to the system at once. The next step gets it
anew, page by page, each one zeroed: on a CPU that was up to a third of a run's time.
"""

import ctypes
import platform

# numbers and names of glibc's malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8
HEAP = {
    M_MMAP_MAX: 0,  # nothing lies outside the heap, from where it would return to the system when freed
    M_TRIM_THRESHOLD: 2**31 - 1,  # bytes free at the heap's end before they return
    M_TOP_PAD: 2**28,  # bytes the heap grows by at least
    M_ARENA_MAX: 1,  # one heap for all threads: what one frees, another uses
}


def keep_freed_memory() -> bool:
    """Have the C library keep what is freed for the next allocation, for the rest of this process.

    Returns:
        Whether it took the settings: True under glibc (Linux), False elsewhere, where nothing is changed.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return all([library.mallopt(setting, value) for setting, value in HEAP.items()])
