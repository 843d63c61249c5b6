"""Whether what one step frees, the next one uses: counted in pages that the system hands out."""

import platform
import subprocess
import sys

import pytest

from sernb.data.escape import printable
from sernb.training import memory

COUNTED = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
import torch
from sernb.training.memory import keep_freed_memory

def step():
    torch.ones(1000, 1000, 16).exp().sum()  # 64 MB, twice

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

assert keep_freed_memory()
with ThreadPoolExecutor(1) as pool:
    take = (lambda: pool.submit(step).result()) if sys.argv[1] == "thread" else step
    for _ in range(30):
        take()
    before = pages()
    for _ in range(5):
        take()
    print(pages() - before)
"""
NEEDED = 5 * 2 * 64_000_000 // 4096  # pages, if each step got its memory anew


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are glibc's")
@pytest.mark.parametrize("where", ["main", "thread"])
def test_a_step_uses_again_what_the_one_before_it_freed(where):
    done = subprocess.run([sys.executable, "-c", COUNTED, where], capture_output=True, text=True)
    assert done.returncode == 0, printable(done.stderr)
    assert int(done.stdout) < NEEDED / 10


def test_another_c_library_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(memory.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: pytest.fail("asked the library all the same"))
    assert memory.keep_freed_memory() is False
