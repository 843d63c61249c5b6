"""A frame as a table in the terminal."""

import os
import sys
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sernb.data.escape import printable

if TYPE_CHECKING:
    import pandas as pd

PIPED_WIDTH = 10_000


def new_console() -> Console:
    """Where commands print: as wide as the terminal, or as COLUMNS says; in a pipe or file no line is broken."""
    return Console() if sys.stdout.isatty() or "COLUMNS" in os.environ else Console(width=PIPED_WIDTH)


def show(frame: "pd.DataFrame", title: str, decimals: int = 3) -> None:
    """Print a frame, numbers right; text from a corpus is shown, never read as markup."""
    from pandas.api.types import is_numeric_dtype

    table = Table(title=Text(printable(title)), title_justify="left", box=SIMPLE_HEAD, padding=0, collapse_padding=True)
    for column, dtype in frame.dtypes.items():
        # a cell that is too wide goes on in the next line: cut off, a number would be wrong
        heading = Text("\n".join(map(printable, str(column).split("\n"))))
        table.add_column(heading, justify="right" if is_numeric_dtype(dtype) else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(
            *(Text(f"{value:.{decimals}f}" if isinstance(value, float) else printable(value)) for value in row)
        )
    new_console().print(table)
