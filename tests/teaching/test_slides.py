"""Slides: written, one idea and at most one picture each; none overflows, and nothing in them asks for a network."""

import base64
import io
import re
from pathlib import Path

import nbformat
import pytest
from browsing import Visitor, chromium, served
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from typer.testing import CliRunner

from sernb.book.layout import chapters
from sernb.cli import app
from sernb.teaching.slides import DECKS, PICTURE, figures_of, on_slides, write_slides

ROOT = Path(__file__).parents[2]
WRITTEN = sorted(DECKS.glob("*.md"))
SCREEN = {"width": 1280, "height": 720}
OVERFLOWING = """section => {
    const all = [...section.querySelectorAll("*")].filter(e => !e.closest("aside")).map(e => e.getBoundingClientRect());
    const low = Math.max(...all.map(box => box.bottom)), right = Math.max(...all.map(box => box.right));
    return low > window.innerHeight || right > window.innerWidth ? [section.innerText.slice(0, 40), low, right] : null;
}"""


def figure(name: str, size: tuple[int, int]) -> nbformat.NotebookNode:
    """An output as `captioned` makes it, of this many pixels, with its twin for dark pages."""
    buffer = io.BytesIO()
    Image.new("RGB", size, "grey").save(buffer, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    image = f'<img alt="two &quot;curves&quot;" style="width: 900px; min-width: 900px" src="{source}" data-dark="dark">'
    caption = "<figcaption><b>Figure 1:</b> What it shows.</figcaption>"
    html = f'<figure class="sernb-figure" id="{name}"><div class="sernb-scroll">{image}</div>{caption}</figure>'
    return new_output("display_data", data={"text/html": html})


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Executions of every chapter with a deck: wide and tall pictures in turn."""
    folder = tmp_path_factory.mktemp("executed")
    for deck in WRITTEN:
        names = PICTURE.findall(deck.read_text())
        outputs = [figure(name, ((1400, 500), (700, 1400))[number % 2]) for number, name in enumerate(names)]
        nbformat.write(new_notebook(cells=[new_code_cell("secret", outputs=outputs)]), folder / f"{deck.stem}.ipynb")
    return folder


@pytest.fixture(scope="module")
def slides(executed, tmp_path_factory):
    out = tmp_path_factory.mktemp("slides")
    outcome = CliRunner().invoke(app, ["slides", "--executed", str(executed), "--out", str(out)])
    assert outcome.exit_code == 0, outcome.output
    return out


def test_every_chapter_has_a_deck():
    assert {deck.stem for deck in WRITTEN} == {chapter.stem for chapter in chapters()[1:]}


@pytest.mark.parametrize("deck", WRITTEN, ids=lambda path: path.stem)
def test_a_deck_has_about_ten_slides_of_one_idea_and_at_most_one_picture(deck):
    text = deck.read_text()
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    assert 8 <= len(parts) - 1 <= 12
    assert all(len(PICTURE.findall(part)) <= 1 and len(part.split()) <= 60 for part in parts)
    assert len(PICTURE.findall(text)) >= 3
    drawn = "".join(
        path.read_text() for path in [*(ROOT / "sernb/figures").glob("*.py"), ROOT / f"book/{deck.stem}.md"]
    )
    assert [name for name in PICTURE.findall(text) if f'"{name}"' not in drawn] == []
    assert text.startswith(f"# {re.search(r'^# (.*)$', (ROOT / f'book/{deck.stem}.md').read_text(), re.M)[1]}\n")


def test_a_slide_has_the_picture_once_and_its_caption_in_the_notes(executed):
    cells = on_slides(nbformat.read(executed / "03-baseline.ipynb", as_version=4), "03-baseline").cells
    kinds = [cell.metadata.slideshow.slide_type for cell in cells]
    assert kinds[:4] == ["slide", "slide", "-", "notes"]
    image = cells[2].outputs[0].data["text/html"]
    assert image.count("data:image/png") == 1 and "dark" not in image and "min-width" not in image
    assert "What it shows." in cells[3].source and 'two "curves"' in cells[3].source


def test_a_deck_whose_picture_is_missing_says_which():
    with pytest.raises(ValueError, match="slides of 03-baseline show fig-zero-shot"):
        on_slides(new_notebook(), "03-baseline")


def test_a_figure_is_found_by_its_name():
    cell = new_code_cell("", outputs=[figure("fig-one", (2, 2)), new_output("stream", text="two")])
    assert list(figures_of(new_notebook(cells=[cell]))) == ["fig-one"]


def test_slides_bring_along_what_they_load(slides):
    page = (slides / "03-baseline.html").read_text()
    loaded = [link for link in re.findall(r'(?:src|href)="([^"#]+)"', page) if not link.startswith("data:")]
    assert {"reveal/dist/reveal.js", "mathjax/tex-chtml.js"} <= set(loaded)
    for link in loaded:
        assert (slides / link).is_file(), link
    for sheet in slides.rglob("*.css"):
        if sheet.name in {re.sub(".*/", "", link) for link in loaded}:
            for link in re.findall(r"url\([\"']?([^)\"']+)", sheet.read_text()):
                assert link.startswith("data:") or (sheet.parent / link).is_file(), f"{sheet} loads {link}"
    assert "secret" not in page


def test_what_was_not_executed_or_not_written_is_named_with_the_remedy(executed, tmp_path):
    with pytest.raises(FileNotFoundError, match="no executed .*11-more.*sernb book"):
        write_slides(executed, tmp_path / "out", ["11-more"])
    with pytest.raises(FileNotFoundError, match="no executed chapters"):
        write_slides(tmp_path / "none", tmp_path / "out")
    nbformat.write(new_notebook(), tmp_path / "lecturer.ipynb")
    with pytest.raises(ValueError, match="no slides are written for lecturer; there are some for 01-harm"):
        write_slides(tmp_path, tmp_path / "out", ["lecturer"])


def test_no_slide_overflows_the_screen(slides):
    with served(slides) as address, chromium() as browser:
        page = browser.new_page(viewport=SCREEN)
        visitor = Visitor(page)
        over = {}
        for deck in WRITTEN:
            visitor.open(f"{address}/{deck.stem}.html")
            page.wait_for_function("window.Reveal && Reveal.isReady()")
            page.evaluate("Reveal.configure({transition: 'none'})")
            for number in range(page.evaluate("Reveal.getTotalSlides()")):
                page.evaluate(f"Reveal.slide({number})")
                found = page.evaluate(f"({OVERFLOWING})(Reveal.getCurrentSlide())")
                if found:
                    over[f"{deck.stem} {number}"] = found
        assert over == {} and visitor.complaints == []
