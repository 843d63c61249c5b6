"""The one writer of Markdown tables."""

from collections.abc import Callable

import pandas as pd

from sernb.data.escape import markdown


def markdown_table(frame: pd.DataFrame, decimals: int = 2, escape: Callable[[object], str] = markdown) -> str:
    """A frame as a Markdown table without its index; a dash stands for what is missing.

    Args:
        frame: its headings are written as they are.
        decimals: of numbers that aren't whole.
        escape: what a text passes through; by default it is never read as markup.

    Examples:
        >>> print(markdown_table(pd.DataFrame({"corpus": ["my_corpus"], "UAR": [0.5]})))
        | corpus | UAR |
        | --- | --- |
        | my\\_corpus | 0.50 |
    """

    def cell(value: object) -> str:
        if pd.isna(value):
            return "–"
        return f"{value:.{decimals}f}" if isinstance(value, float) else escape(value)

    rows = [frame.columns, ["---"] * len(frame.columns), *map(list, frame.astype(object).map(cell).to_numpy())]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
