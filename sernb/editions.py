"""What is done to an executed notebook before it is rendered: its language named, its figures numbered, its links set.

Every function takes notebooks or text and returns new text or changes the notebook it is given; none reads a file.
"""

import re
from collections.abc import Sequence
from html import escape

import nbformat

from sernb.study import language_name

FIGURE = re.compile(r'<figure class="sernb-figure"(?: id="(?P<name>[^"]*)")?>.*?</figure>', re.DOTALL)


def forget_machine(notebook: nbformat.NotebookNode) -> None:
    """Drop what papermill notes about where and when a notebook ran: a reader's download needs none of it."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)


def merge_parameters(notebook: nbformat.NotebookNode, but: Sequence[str] = ("runs",)) -> None:
    """Write papermill's parameters into the chapter's own cell of defaults, and drop the cell it injected.

    Args:
        notebook: an executed chapter.
        but: parameters left at their default: where the build keeps runs says nothing to a reader.
    """
    tagged = {tag: cell for cell in notebook.cells for tag in cell.metadata.get("tags", [])}
    if "injected-parameters" not in tagged:
        return
    lines = tagged["injected-parameters"].source.splitlines()
    given = dict(line.split(" = ", 1) for line in lines if " = " in line)
    defaults = tagged["parameters"]
    for name, value in given.items():
        if name not in but:
            defaults.source = re.sub(
                rf"^{name} = .*?(  #|$)",
                lambda found, said=f"{name} = {value}": said + found[1],
                defaults.source,
                flags=re.M,
            )
    notebook.cells.remove(tagged["injected-parameters"])


def number_figures(notebook: nbformat.NotebookNode) -> None:
    """Put "Figure N: " before every caption, and the number into links: `<a href="#name">Figure</a>`."""
    numbers: dict[str, int] = {}
    total = 0

    def number(found: re.Match) -> str:
        nonlocal total
        if "<figcaption>" not in found[0]:
            return found[0]
        total += 1
        if found["name"]:
            numbers[found["name"]] = total
        return found[0].replace("<figcaption>", f"<figcaption><b>Figure {total}:</b> ")

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = FIGURE.sub(number, output.data["text/html"])
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for name, value in numbers.items():
                cell.source = cell.source.replace(
                    f'<a href="#{escape(name)}">Figure</a>', f'<a href="#{escape(name)}">Figure {value}</a>'
                )


def name_solutions(notebook: nbformat.NotebookNode) -> None:
    """Say on the button of a folded solution that it is one."""
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []) and cell.cell_type == "code":
            cell.metadata["mystnb"] = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}


def name_language(notebook: nbformat.NotebookNode, language: str, stem: str, folders: dict[str, str]) -> None:
    """Append the language to a chapter's title, and links to its other editions under it.

    Args:
        notebook: a chapter executed for `language`.
        language: ISO 639-1.
        stem: the chapter's file name without its ending.
        folders: from every edition's language to its folder, relative to book/ ("." for book/ itself).
    """
    title = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    heading, rest = (title.source + "\n").split("\n", 1)
    up = "" if folders[language] == "." else "../"
    links = [
        f"**{language_name(one)}**"
        if one == language
        else f"[{language_name(one)}]({up}{'' if folder == '.' else folder + '/'}{stem}.ipynb)"
        for one, folder in folders.items()
    ]
    switch = f"This chapter in {' · '.join(links)}\n" if len(links) > 1 else ""
    title.source = f"{heading}: {language_name(language)}\n\n{switch}{rest}".rstrip()


def relink(notebook: nbformat.NotebookNode, elsewhere: Sequence[str]) -> None:
    """Point links of a chapter one folder down to the pages that stay above it.

    Args:
        notebook: a chapter of an edition with a folder of its own.
        elsewhere: names, without their ending, of the pages that exist once.
    """
    names = "|".join(map(re.escape, elsewhere))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(rf"\]\(((?:{names})\.(?:md|ipynb)|_static/)", r"](../\1", cell.source)
