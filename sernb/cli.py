"""The command `sernb`."""

import os
import sys

import typer

from sernb.commands import (
    adapt,
    book,
    data,
    demo,
    layers,
    learn,
    metric,
    onnx_file,
    pools,
    predict,
    results,
    sweep,
    teach,
    template,
)
from sernb.commands.command import Command
from sernb.data.escape import one_line

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__import__("sernb").__doc__)
GROUPS = (
    data, learn, adapt, predict, demo, onnx_file, sweep, pools, layers, metric, results, book, teach, template
)  # fmt: skip
for group in GROUPS:
    group.add_to(app)
for command in app.registered_commands:
    command.cls = Command


def main() -> None:
    """Run the command line; an error a user can mend ends in one line, not in a traceback."""
    # no process started here (DataLoader's, Dask's, Jupyter's) imports from the current folder
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        app()
    except (OSError, ValueError) as error:
        sys.exit(f"sernb: {one_line(error)}")
