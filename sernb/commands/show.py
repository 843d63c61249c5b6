"""A frame as a table in the terminal."""

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sernb.escape import printable


def show(frame: pd.DataFrame, title: str, decimals: int = 3) -> None:
    """Print a frame, numbers right; text from a corpus is shown, never read as markup."""
    table = Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, padding=0, collapse_padding=True)
    for column, dtype in frame.dtypes.items():
        numeric = pd.api.types.is_numeric_dtype(dtype)
        # a cell that is too wide goes on in the next line: cut off, a number would be wrong
        table.add_column(Text(str(column)), justify="right" if numeric else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(
            *(Text(f"{value:.{decimals}f}" if isinstance(value, float) else printable(value)) for value in row)
        )
    Console().print(table)
