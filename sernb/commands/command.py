"""What every command does alike: refuses a folder it can't write to, and says after Ctrl-C that it can go on."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

WRITTEN = ("out", "runs", "keep")
"""Names of options that are folders to write to."""
RESUMED = ("harmonize", "train", "adapt", "leak", "sweep", "pool", "metric")
"""Commands that go on where they were when they are given again."""


class Command(TyperCommand):
    """A command of `sernb`."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            ValueError, OSError: a folder can't be written to.
        """
        for name in WRITTEN:
            if ctx.params.get(name) is not None and ctx.get_parameter_source(name).name == "COMMANDLINE":
                check_writable(ctx.params[name])
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            again = "; the same command goes on where it was" if ctx.info_name in RESUMED else ""
            print(f"\nsernb: stopped{again}", file=sys.stderr)
            sys.exit(130)


def check_writable(folder: Path) -> None:
    """Refuse a folder in which nothing can be made, by making a file where it lies or would lie.

    Raises:
        ValueError: says what is in the way.
    """
    there = folder.expanduser().absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise ValueError(f"{folder}: {there} is no folder; choose another place")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise ValueError(f"{folder}: can't be written to ({error.strerror}); choose another place") from error
