"""Slides: written decks with pictures from executed chapters, as reveal.js, with everything they load beside them.

A deck is a text in `decks/`, one per chapter: its title, then a heading per slide, a few words, and at most one
picture, `![fig-name]`, which is the figure of that name in the executed chapter.
"""

import re
import shutil
from collections.abc import Sequence
from html import unescape
from importlib.resources import files
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

TEMPLATES = Path(__file__).with_name("templates")
DECKS = Path(__file__).with_name("decks")
REVEAL, MATHJAX = "reveal", "mathjax"
STYLES = Path(__file__).parents[2] / "book" / "_static"
PICTURE = re.compile(r"^!\[(fig-[a-z0-9-]+)\]$", re.MULTILINE)
_HEADING = re.compile(r"^(?=##? )", re.MULTILINE)
_FIGURE = re.compile(r'<figure class="sernb-figure" id="(?P<name>[^"]+)">.*?</figure>', re.DOTALL)
_IMAGE = re.compile(r"<img [^>]*>")
_ATTRIBUTE = re.compile(r' (alt|src)="([^"]*)"')
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)


def write_slides(executed: Path, out: Path, names: Sequence[str] = ()) -> list[Path]:
    """Make slides of executed chapters, CHAPTER.html each.

    Args:
        executed: folder of executed notebooks.
        out: folder to write; reveal.js and MathJax go beside the slides.
        names: of chapters ("03-baseline"); none takes all in `executed` that have a deck.

    Returns:
        What was written.

    Raises:
        FileNotFoundError: no executed chapter, or not the one asked for.
        ValueError: a chapter has no deck, or a deck shows a figure that the executed chapter lacks.
    """
    found = [path for path in sorted(executed.glob("*.ipynb")) if deck_of(path.stem).exists()]
    notebooks = [executed / f"{Path(name).stem}.ipynb" for name in names] or found
    missing = [str(notebook) for notebook in notebooks if not notebook.exists()]
    if missing or not notebooks:
        what = ", ".join(missing) or f"chapters in {executed}"
        raise FileNotFoundError(f"no executed {what}; make them with `sernb book`, or `sernb run` and --executed")
    unwritten = [notebook.stem for notebook in notebooks if not deck_of(notebook.stem).exists()]
    if unwritten:
        known = ", ".join(sorted(path.stem for path in DECKS.glob("*.md")))
        raise ValueError(f"no slides are written for {', '.join(unwritten)}; there are some for {known}")
    shows = [on_slides(nbformat.read(notebook, as_version=4), notebook.stem) for notebook in notebooks]
    out.mkdir(parents=True, exist_ok=True)
    _lay_scripts(out)
    exporter = _exporter()
    written = []
    for notebook, show in zip(notebooks, shows, strict=True):
        html, _ = exporter.from_notebook_node(show)
        written.append(out / f"{notebook.stem}.html")
        written[-1].write_text(html)
    return written


def deck_of(chapter: str) -> Path:
    """The written deck of a chapter, whether there is one or not."""
    return DECKS / f"{chapter}.md"


def on_slides(notebook: nbformat.NotebookNode, chapter: str) -> nbformat.NotebookNode:
    """A chapter's deck as a notebook of slides, with the pictures of its execution.

    A picture's caption and description go to the speaker's notes.

    Args:
        notebook: the executed chapter.
        chapter: its name.

    Raises:
        ValueError: the deck shows a figure that the notebook lacks.
    """
    figures = figures_of(notebook)
    slides = new_notebook(metadata=notebook.metadata)
    deck = deck_of(chapter).read_text(encoding="utf-8")
    slides.metadata["title"] = deck.split("\n")[0].lstrip("# ")
    for text in filter(str.strip, _HEADING.split(deck)):
        slides.cells.append(_as(new_markdown_cell(PICTURE.sub("", text).strip()), "slide"))
        shown = PICTURE.search(text)
        if shown is None:
            continue
        if shown[1] not in figures:
            raise ValueError(f"the slides of {chapter} show {shown[1]}, which the executed chapter lacks")
        image, notes = _picture(figures[shown[1]])
        output = new_output("display_data", data={"text/html": image})
        slides.cells.append(_as(new_code_cell("", outputs=[output]), "-", "hide-input"))
        slides.cells.append(_as(new_markdown_cell(notes), "notes"))
    return slides


def figures_of(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """HTML of every named figure among a notebook's outputs, by its name."""
    shown = (
        output.get("data", {}).get("text/html", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    return {found["name"]: found[0] for html in shown for found in _FIGURE.finditer(html)}


def _picture(figure: str) -> tuple[str, str]:
    """A figure's image alone, without the dark page's twin and the width it has in the book; what the speaker reads."""
    attributes = dict(_ATTRIBUTE.findall(_IMAGE.findall(figure)[0]))
    caption = _CAPTION.search(figure)
    notes = [unescape(caption[1]) if caption else "", unescape(attributes["alt"])]
    return f'<img alt="{attributes["alt"]}" src="{attributes["src"]}">', "\n\n".join(filter(None, notes))


def _as(cell: nbformat.NotebookNode, kind: str, *tags: str) -> nbformat.NotebookNode:
    cell.metadata = nbformat.from_dict({"slideshow": {"slide_type": kind}, "tags": list(tags)})
    return cell


def _exporter() -> SlidesExporter:
    settings = {
        "reveal_url_prefix": REVEAL,
        "reveal_theme": "white",  # its fonts lie beside it; most other themes' don't
        "template_name": "slides",
        "extra_template_basedirs": [str(TEMPLATES)],
        "exclude_input_prompt": True,
        "exclude_output_prompt": True,
    }
    hidden = {"enabled": True, "remove_input_tags": {"hide-input"}}
    return SlidesExporter(config=Config({"SlidesExporter": settings, "TagRemovePreprocessor": hidden}))


def _lay_scripts(out: Path) -> None:
    """reveal.js and MathJax from the packages that ship them, and the book's own styles and fonts."""
    shutil.copytree(STYLES, out / "_static", dirs_exist_ok=True)
    reveal = Path(str(files("sphinx_revealjs"))) / "_static" / "revealjs"
    for part in ("dist", "plugin/notes"):
        shutil.copytree(reveal / part, out / REVEAL / part, dirs_exist_ok=True)
    mathjax = Path(str(files("sphinx-mathjax-offline"))) / "static" / "mathjax"
    fonts = "output/chtml/fonts/woff-v2"
    shutil.copytree(mathjax / fonts, out / MATHJAX / fonts, dirs_exist_ok=True)
    shutil.copy(mathjax / "tex-chtml.js", out / MATHJAX)
