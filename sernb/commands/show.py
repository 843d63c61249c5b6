"""A frame as a table in the terminal."""

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table


def show(frame: pd.DataFrame, title: str) -> None:
    """Print a frame: numbers right, shares with three decimals, markup in the data left as it is."""
    table = Table(title=escape(title), title_justify="left")
    for column, dtype in frame.dtypes.items():
        table.add_column(escape(str(column)), justify="right" if pd.api.types.is_numeric_dtype(dtype) else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else escape(str(value)) for value in row))
    Console().print(table)
