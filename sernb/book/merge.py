"""One page from a chapter that was executed once for each language.

Prose, code and what came out the same for every language stand once. What differs stands side by side, each language
in a container of its own: the first is shown, the others are folded until book/_static/language.js, or a reader without
scripts, opens them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

import nbformat
from nbconvert.filters import markdown2html, strip_ansi

from sernb.languages import language_name

_ID = re.compile(r'(\s(?:id|for|list|aria-labelledby|aria-describedby|aria-controls)="|\shref="#)([^"]+)"')


class MergeError(Exception):
    """A chapter's executions don't belong together; the message names the chapter."""


def merge(name: str, notebooks: Mapping[str, nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """Lay the executions of a chapter over each other, cell by cell.

    Args:
        name: of the chapter, for messages.
        notebooks: executed notebooks by language, ISO 639-1; the first language is shown where no script runs. They
            are left as they are.

    Returns:
        A notebook whose outputs name their language where they depend on it. Ids stay unique: what another language
        than the first that has it calls "fig-x" becomes "fig-x-LANGUAGE".

    Raises:
        MergeError: their cells differ, as after a change of the chapter between two executions.
    """
    sources = {tuple((cell.cell_type, cell.source) for cell in notebook.cells) for notebook in notebooks.values()}
    if len(sources) > 1:
        raise MergeError(
            f"{name}: executed from different versions for {', '.join(notebooks)}; execute it again with `sernb book`"
        )
    page = nbformat.from_dict(next(iter(notebooks.values())))
    taken: set[str] = set()
    for number, cell in enumerate(page.cells):
        if cell.cell_type == "code":
            outputs = [notebook.cells[number].outputs for notebook in notebooks.values()]
            cell.outputs = [shown for row in _rows(outputs) for shown in _laid(row, list(notebooks), taken)]
    return page


def _rows(outputs: Sequence[Sequence]) -> Iterator[list[Sequence]]:
    """The outputs of a cell, by language, cut where languages begin or cease to differ."""
    if len({len(own) for own in outputs}) == 1:
        places = zip(*outputs, strict=True)
        for _, alike in groupby(places, key=lambda place: len(set(map(_content, place))) == 1):
            yield list(zip(*alike, strict=True))
        return
    contents = [[_content(output) for output in own] for own in outputs]
    start = _common(contents)
    end = _common([own[start:][::-1] for own in contents])
    yield [own[:start] for own in outputs]
    yield [own[start : len(own) - end] for own in outputs]
    yield [own[len(own) - end :] for own in outputs]


def _common(contents: Sequence[Sequence]) -> int:
    """How many contents all sequences begin with."""
    places = list(zip(*contents, strict=False))
    return next((place for place, found in enumerate(places) if len(set(found)) > 1), len(places))


def _content(output: nbformat.NotebookNode) -> tuple:
    """What a reader sees of an output."""
    data = output.get("data", {})
    shown = data.get("text/html") or json.dumps(data, sort_keys=True)
    return output.output_type, output.get("name"), output.get("text"), output.get("evalue"), shown


def _laid(row: Sequence[Sequence], languages: Sequence[str], taken: set[str]) -> Iterator[nbformat.NotebookNode]:
    """A row of outputs as it stands on the page; ids on the page are noted in `taken`."""
    if len(set(tuple(map(_content, own)) for own in row)) == 1:
        for output in row[0]:
            taken |= _ids(output.get("data", {}).get("text/html", ""))
            yield output
        return
    parts = []
    for language, own in zip(languages, row, strict=True):
        html = "\n".join(map(as_html, own))
        names = _ids(html)
        again = names & taken
        html = _made_unique(html, again, language)
        taken |= names
        known = f'class="sernb-language" data-lang="{escape(language)}"'
        title = escape(language_name(language))
        if not own:
            continue
        if language == languages[0]:
            parts.append(f'<div {known} data-name="{title}">\n{html}\n</div>')
        else:
            parts.append(f'<details {known} data-name="{title}"><summary>{title}</summary>\n{html}\n</details>')
    yield nbformat.v4.new_output("display_data", {"text/html": f'<div class="sernb-languages">{"".join(parts)}</div>'})


def _ids(html: str) -> set[str]:
    return set(re.findall(r'\sid="([^"]+)"', html))


def _made_unique(html: str, again: set[str], language: str) -> str:
    return _ID.sub(lambda found: found[1] + _unique(found[2], again, language) + '"', html)


def _unique(name: str, again: set[str], language: str) -> str:
    return f"{name}-{language}" if name in again else name


def as_html(output: nbformat.NotebookNode) -> str:
    """An output as the HTML that a page shows; errors keep the classes by which a page's check finds them."""
    if output.output_type in ("stream", "error"):
        text = output.text if output.output_type == "stream" else "\n".join(output.traceback)
        kind = {"stdout": "stream", "stderr": "stderr"}.get(output.get("name", ""), "traceback")
        return f'<div class="output {kind}"><pre>{escape(strip_ansi(text))}</pre></div>'
    data = output.data
    if "text/html" in data:
        return data["text/html"]
    if "text/markdown" in data:
        return markdown2html(data["text/markdown"])
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            return f'<img alt="" src="data:{kind};base64,{data[kind]}">'  # which a page's check refuses: no description
    return f'<div class="output text_plain"><pre>{escape(data.get("text/plain", ""))}</pre></div>'
