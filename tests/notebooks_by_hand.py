"""Notebooks written by hand, as papermill would leave them."""

import nbformat


def notebook(*cells) -> nbformat.NotebookNode:
    """A notebook of Markdown (strings) and code cells ((source, tags, html) triples)."""
    book = nbformat.v4.new_notebook()
    for cell in cells:
        if isinstance(cell, str):
            book.cells.append(nbformat.v4.new_markdown_cell(cell))
        else:
            source, tags, shown = cell
            outputs = [nbformat.v4.new_output("display_data", {"text/html": shown})] if shown else []
            book.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}, outputs=outputs))
    return book
