"""The command `sernb`."""

import sys

import typer

from sernb.commands import book, data, learn, metric, pools, results, sweep, teach, template
from sernb.decode import AudioError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__import__("sernb").__doc__)
for group in (data, learn, sweep, pools, metric, results, book, teach, template):
    group.add_to(app)


def main() -> None:
    """Run the command line; an error a user can mend ends in one line, not in a traceback."""
    try:
        app()
    except (AudioError, OSError, ValueError) as error:
        sys.exit(f"sernb: {error}")
