"""Modules of this package, and of others, run in a process of their own that takes no code from data folders."""

import sys
from pathlib import Path

_START = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); runpy.run_module(sys.argv.pop(1), None, '__main__', True)"
)


def command(module: str, *arguments: str | Path) -> list[str]:
    """What `python -m module arguments` does, but in isolated mode: a `numpy.py` in the current folder isn't imported.

    The folder this package lies in comes last on the path: it may be one that isolated mode leaves out, the user's
    own site-packages.
    """
    installed = str(Path(__file__).resolve().parents[2])
    return [sys.executable, "-I", "-c", _START, installed, module, *map(str, arguments)]
