"""What is done to an executed notebook before it is rendered: its parameters merged, its figures numbered.

Every function takes notebooks or text and returns new text or changes the notebook it is given; none reads a file.
"""

import re
from collections.abc import Sequence
from html import escape

import nbformat

FIGURE = re.compile(r'<figure class="sernb-figure"(?: id="(?P<name>[^"]*)")?>.*?</figure>', re.DOTALL)
WIDGET = "application/vnd.jupyter.widget-view+json"


def forget_machine(notebook: nbformat.NotebookNode) -> None:
    """Drop what papermill notes about where and when a notebook ran: a reader's download needs none of it."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)


def drop_widgets(notebook: nbformat.NotebookNode) -> None:
    """Drop widgets, which are progress bars that were done: a page would show them as text, each at its beginning."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]


def merge_parameters(notebook: nbformat.NotebookNode, but: Sequence[str] = ("runs", "language")) -> None:
    """Write papermill's parameters into the chapter's own cell of defaults, and drop the cell it injected.

    Args:
        notebook: an executed chapter.
        but: parameters left at their default: where the build keeps runs says nothing to a reader, and a page shows
            several languages.
    """
    tagged = {tag: cell for cell in notebook.cells for tag in cell.metadata.get("tags", [])}
    if "injected-parameters" not in tagged:
        return
    lines = tagged["injected-parameters"].source.splitlines()
    given = dict(line.split(" = ", 1) for line in lines if " = " in line)
    defaults = tagged["parameters"]
    for name, value in given.items():
        if name not in but:
            line = f"{name} = {value}".replace("\\", r"\\")  # literal where re.sub sees a pattern
            defaults.source = re.sub(rf"^{name} = .*?(  #|$)", rf"{line}\1", defaults.source, flags=re.M)
    notebook.cells.remove(tagged["injected-parameters"])


def number_figures(notebooks: Sequence[nbformat.NotebookNode]) -> None:
    """Put "Figure N: " before every caption, and the number into links: `<a href="#name">Figure</a>`.

    Args:
        notebooks: executions of one chapter, a language each. A figure has the same number in all of them.
    """
    numbers: dict[str, int] = {}
    total = 0
    for cells in zip(*(notebook.cells for notebook in notebooks), strict=True):
        counts = [_number(cell, numbers, total) for cell in cells]
        total = max(counts)
    for cell in (cell for notebook in notebooks for cell in notebook.cells if cell.cell_type == "markdown"):
        for name, value in numbers.items():
            cell.source = cell.source.replace(
                f'<a href="#{escape(name)}">Figure</a>', f'<a href="#{escape(name)}">Figure {value}</a>'
            )


def _number(cell: nbformat.NotebookNode, numbers: dict[str, int], total: int) -> int:
    """Number a cell's figures from `total` on; returns the last number. Names known before keep theirs."""

    def number(found: re.Match) -> str:
        nonlocal total
        if "<figcaption>" not in found[0]:
            return found[0]
        total += 1
        if found["name"]:
            total = numbers.setdefault(found["name"], total)
        return found[0].replace("<figcaption>", f"<figcaption><b>Figure {total}:</b> ")

    for output in cell.get("outputs", []):
        if "text/html" in output.get("data", {}):
            output.data["text/html"] = FIGURE.sub(number, output.data["text/html"])
    return total


def name_solutions(notebook: nbformat.NotebookNode) -> None:
    """Say on the button of a folded solution that it is one."""
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []) and cell.cell_type == "code":
            cell.metadata["mystnb"] = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
