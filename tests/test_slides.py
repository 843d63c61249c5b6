"""Slides: cut at the headings, without solutions and parameters, and nothing in them asks for a network."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from sernb.cli import app
from sernb.slides import on_slides, plain

PICTURE = new_output("display_data", data={"text/html": '<img alt="two curves" src="data:image/png;base64,AAAA">'})


@pytest.fixture
def executed(tmp_path):
    cells = [
        new_markdown_cell("# Baseline\n\nFirst sentence with $x^2$. Second sentence, for the notes."),
        new_code_cell("language = 'ur'", metadata={"tags": ["parameters"]}),
        new_markdown_cell("## The idea\n\nSee {term}`UAR`, {footcite:t}`grill2020` and [next](04.ipynb). More of it."),
        new_code_cell("drawing = 1", metadata={"tags": ["hide-input"]}, outputs=[PICTURE]),
        new_code_cell("shown = 2", outputs=[new_output("stream", text="two\n")]),
        new_markdown_cell("```{admonition} Paper says\n:class: note\nThe box.\n```"),
        new_code_cell("answer = 42", metadata={"tags": ["solution", "hide-cell"]}),
    ]
    folder = tmp_path / "executed"
    folder.mkdir()
    nbformat.write(new_notebook(cells=cells), folder / "03-baseline.ipynb")
    return folder


def test_headings_open_slides_and_the_text_is_in_the_notes(executed):
    cells = on_slides(nbformat.read(executed / "03-baseline.ipynb", as_version=4)).cells
    kinds = [cell.metadata.slideshow.slide_type for cell in cells]
    assert kinds[:5] == ["slide", "notes", "slide", "notes", "-"]
    sources = [cell.source for cell in cells]
    assert "Second sentence" not in sources[0] and "Second sentence" in sources[1]
    assert "language = 'ur'" not in sources and "answer = 42" not in sources
    assert "See UAR, Grill 2020 and next." in sources[2]


def test_what_one_cell_shows_is_spread_over_slides_it_fits_on():
    table = new_output("display_data", data={"text/html": "<table>" + "<tr><td>1</td></tr>" * 8 + "</table>"})
    player = new_output("display_data", data={"text/html": '<img alt="a"><audio></audio>'})
    hidden = {"tags": ["hide-input"]}
    cells = [
        new_code_cell("a", metadata=hidden, outputs=[table, PICTURE, table]),
        new_code_cell("b", metadata=hidden, outputs=[player] * 4),
        new_code_cell("c", metadata=hidden, outputs=[]),
    ]
    cut = on_slides(new_notebook(cells=cells)).cells
    assert [(cell.source, len(cell.outputs)) for cell in cut] == [("a", 1), ("a", 1), ("a", 1), ("b", 4)]


def test_slides_bring_along_what_they_load(executed, tmp_path):
    out = tmp_path / "slides"
    outcome = CliRunner().invoke(app, ["slides", "--executed", str(executed), "--out", str(out)])
    assert outcome.exit_code == 0, outcome.output
    page = (out / "03-baseline.html").read_text()
    loaded = [link for link in re.findall(r'(?:src|href)="([^"#]+)"', page) if not link.startswith("data:")]
    assert {"reveal/dist/reveal.js", "mathjax/tex-chtml.js"} <= set(loaded)
    for link in loaded:
        assert (out / link).is_file(), link
    for sheet in out.rglob("*.css"):
        if sheet.name in {re.sub(".*/", "", link) for link in loaded}:
            for link in re.findall(r"url\([\"']?([^)\"']+)", sheet.read_text()):
                assert link.startswith("data:") or (sheet.parent / link).is_file(), f"{sheet} loads {link}"
    assert page.count("<section") >= 4 and "two curves" in page and "shown" in page
    assert "drawing" not in page and "answer = 42" not in page


def test_what_was_not_executed_is_named_with_the_remedy(executed, tmp_path):
    missing = CliRunner().invoke(app, ["slides", "09-bias", "--executed", str(executed), "--out", str(tmp_path)])
    assert isinstance(missing.exception, FileNotFoundError) and "sernb book" in str(missing.exception)
    empty = CliRunner().invoke(app, ["slides", "--executed", str(tmp_path / "none"), "--out", str(tmp_path)])
    assert isinstance(empty.exception, FileNotFoundError)


@pytest.mark.parametrize(
    ("myst", "text"),
    [
        ("a {term}`positive pair`", "a positive pair"),
        ("a {term}`projection <projector>`", "a projection"),
        ("{footcite:p}`das2022`", "Das 2022"),
        ('<a href="#fig-x">Figure</a> shows', "Figure shows"),
        ("```{admonition} Title\n:class: note\nbody\n```", "body"),
        ("`code` and $x$", "`code` and $x$"),
    ],
)
def test_roles_become_text(myst, text):
    assert plain(myst) == text
