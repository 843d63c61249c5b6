"""Bars move where somebody watches."""

import subprocess
import sys

import pytest

COUNT = """
from sernb.progress import progress_bar

for _ in progress_bar(range(3), desc="count", ncols=80, nrows=20):
    pass
"""


def test_a_log_gets_no_bar():
    assert subprocess.run([sys.executable, "-c", COUNT], capture_output=True, check=True).stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("setting", "shown"), [({}, True), ({"TQDM_DISABLE": "1"}, False)])
def test_a_terminal_gets_one_unless_the_environment_forbids_it(setting, shown, monkeypatch):
    import os
    import pty

    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    here, there = pty.openpty()
    subprocess.run([sys.executable, "-c", COUNT], stderr=there, check=True)
    os.write(there, b".")
    seen = b""
    while not seen.endswith(b"."):
        seen += os.read(here, 10_000)
    assert (b"count" in seen) == shown
