"""Slides from executed chapters: reveal.js by nbconvert, with everything they load beside them."""

import re
import shutil
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from traitlets.config import Config

TEMPLATES = Path(__file__).with_name("templates")
REVEAL, MATHJAX = "reveal", "mathjax"
UNSHOWN = {"parameters", "injected-parameters", "remove-cell", "solution"}
LONGEST = 16  # lines of code that can be read from the last row
SHORT = 6  # lines of code that leave room for what comes out of them
STYLES = Path(__file__).parents[1] / "book" / "_static"
_HEADING = re.compile(r"^#{1,3} ", re.MULTILINE)
_DIRECTIVE = re.compile(r"^```\{.*?^```", re.MULTILINE | re.DOTALL)
_CITATION = re.compile(r"\{(?:foot)?cite(?::[a-z]+)?\}`([a-z]+)(\d{4})`")
_ROLE = re.compile(r"\{[a-z:]+\}`([^`<]+?)(?: <[^`]*>)?`")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_ANCHOR = re.compile(r"<a href=[^>]*>(.*?)</a>")
_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z\"*$`])")
_KEPT = ("-", "*", "1.", "|", "$$", "#", "<")


def write_slides(executed: Path, out: Path, names: Sequence[str] = ()) -> list[Path]:
    """Make slides of executed chapters, CHAPTER.html each.

    Args:
        executed: folder of executed notebooks.
        out: folder to write; reveal.js and MathJax go beside the slides.
        names: of chapters ("03-baseline"); none takes all that lie in `executed`.

    Returns:
        What was written.

    Raises:
        FileNotFoundError: no executed chapter, or not the one asked for.
    """
    notebooks = [executed / f"{Path(name).stem}.ipynb" for name in names] or sorted(executed.glob("*.ipynb"))
    missing = [str(notebook) for notebook in notebooks if not notebook.exists()]
    if missing or not notebooks:
        what = ", ".join(missing) or f"chapters in {executed}"
        raise FileNotFoundError(f"no executed {what}; make them with `sernb book`, or `sernb run` and --executed")
    out.mkdir(parents=True, exist_ok=True)
    _lay_scripts(out)
    exporter = SlidesExporter(
        config=Config(
            {
                "SlidesExporter": {
                    "reveal_url_prefix": REVEAL,
                    "reveal_theme": "white",  # its fonts lie beside it; most other themes' don't
                    "template_name": "slides",
                    "extra_template_basedirs": [str(TEMPLATES)],
                    "exclude_input_prompt": True,
                    "exclude_output_prompt": True,
                },
                "TagRemovePreprocessor": {
                    "enabled": True,
                    "remove_input_tags": {"hide-input"},
                    "remove_all_outputs_tags": {"hide-output"},
                },
            }
        )
    )
    written = []
    for notebook in notebooks:
        html, _ = exporter.from_notebook_node(on_slides(nbformat.read(notebook, as_version=4)))
        written.append(out / f"{notebook.stem}.html")
        written[-1].write_text(html)
    return written


def on_slides(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """An executed chapter cut into slides.

    A heading opens a slide, what was shown or run goes below it. Of running text the first sentence of each paragraph
    stays; the whole of it is in the speaker's notes. Parameters, solutions and long code are left out.
    """
    slides = nbformat.from_dict(notebook)
    slides.cells = [part for cell in notebook.cells for part in _cut(nbformat.from_dict(cell))]
    for before, part in pairwise(slides.cells):
        if before.metadata.slideshow.slide_type == "notes" and part.cell_type == "code":
            part.metadata.slideshow.slide_type = "-"  # what a text leads to stands under it
    title = next((cell for cell in slides.cells if cell.cell_type == "markdown"), None)
    if title is not None:
        slides.metadata["title"] = title.source.split("\n")[0].lstrip("# ")
    return slides


def _cut(cell: nbformat.NotebookNode) -> Iterator[nbformat.NotebookNode]:
    tags = set(cell.metadata.get("tags", []))
    if tags & UNSHOWN:
        return
    if cell.cell_type == "markdown":
        yield from _cut_text(cell.source)
        return
    hidden = {"hide-input", "hide-cell"} & tags
    if not hidden and cell.source.count("\n") < SHORT:
        yield _as(cell, "subslide")
        return
    if not hidden and cell.source.count("\n") < LONGEST:
        yield _as(nbformat.v4.new_code_cell(cell.source, outputs=cell.outputs), "subslide", "hide-output")
    shown = [output for output in cell.outputs if output.output_type in ("display_data", "execute_result", "stream")]
    for outputs in _packed(shown):
        yield _as(nbformat.v4.new_code_cell(cell.source, outputs=outputs), "subslide", "hide-input")


def _packed(outputs: Sequence[nbformat.NotebookNode]) -> Iterator[list[nbformat.NotebookNode]]:
    """Outputs in groups that fit on a slide, or stand alone where one is too long by itself."""
    group, filled = [], 0
    for output in outputs:
        lines = _lines(output)
        if group and filled + lines > LONGEST:
            yield group
            group, filled = [], 0
        group.append(output)
        filled += lines
    if group:
        yield group


def _lines(output: nbformat.NotebookNode) -> int:
    """About how many lines of a slide an output fills."""
    data = output.get("data", {})
    html = data.get("text/html", "")
    if "<audio" in html:
        return 3  # players stand side by side
    if "<img" in html or "image/png" in data:
        return 11
    text = output.get("text", data.get("text/markdown", "" if html else data.get("text/plain", "")))
    return 2 + html.count("<tr") + text.count("\n")


def _cut_text(source: str) -> Iterator[nbformat.NotebookNode]:
    starts = [match.start() for match in _HEADING.finditer(source)]
    pieces = [source[a:b] for a, b in zip([0, *starts], [*starts, len(source)], strict=True)]
    for piece in filter(str.strip, pieces):
        kind = "slide" if piece.startswith(("# ", "## ")) else "subslide"
        said = plain(piece)
        blocks = [block for block in re.split(r"\n\s*\n", _DIRECTIVE.sub("", piece)) if block.strip()]
        yield _as(nbformat.v4.new_markdown_cell("\n\n".join(_shorten(plain(block)) for block in blocks)), kind)
        yield _as(nbformat.v4.new_markdown_cell(said), "notes")


def plain(text: str) -> str:
    """MyST's roles, directives and links to other pages as text that any Markdown reader shows."""
    text = _CITATION.sub(lambda found: f"{found[1].capitalize()} {found[2]}", text)
    text = _ROLE.sub(r"\1", text)
    text = re.sub(r"^```\{[a-z-]+\}.*\n(?::.*\n)*|^```$", "", text, flags=re.MULTILINE)
    return _LINK.sub(r"\1", _ANCHOR.sub(r"\1", text)).strip()


def _shorten(block: str) -> str:
    heading, _, rest = block.partition("\n") if block.startswith("#") else ("", "", block)
    rest = rest.strip()
    if rest and not rest.startswith(_KEPT):
        rest = _SENTENCE.split(rest.replace("\n", " "))[0]
    return "\n\n".join(part for part in (heading, rest) if part)


def _as(cell: nbformat.NotebookNode, kind: str, *tags: str) -> nbformat.NotebookNode:
    cell.metadata = nbformat.from_dict({"slideshow": {"slide_type": kind}, "tags": list(tags)})
    return cell


def _lay_scripts(out: Path) -> None:
    """reveal.js and MathJax from the packages that ship them, and the book's own styles and fonts."""
    shutil.copytree(STYLES, out / "_static", dirs_exist_ok=True)
    reveal = Path(find_spec("sphinx_revealjs").origin).parent / "_static" / "revealjs"
    for part in ("dist", "plugin/notes"):
        shutil.copytree(reveal / part, out / REVEAL / part, dirs_exist_ok=True)
    mathjax = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    fonts = "output/chtml/fonts/woff-v2"
    shutil.copytree(mathjax / fonts, out / MATHJAX / fonts, dirs_exist_ok=True)
    shutil.copy(mathjax / "tex-chtml.js", out / MATHJAX)
