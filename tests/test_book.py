"""The book's machinery on small made-up notebooks and pages: editions, figures, links, and the faults of pages."""

import base64
import io
import re
import shutil
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import soundfile
import yaml
from bs4 import BeautifulSoup
from PIL import Image

from sernb import display
from sernb.artwork import social_card
from sernb.audio import SAMPLE_RATE
from sernb.book import finish
from sernb.editions import (
    forget_machine,
    merge_parameters,
    name_language,
    name_solutions,
    number_figures,
    relink,
)
from sernb.pagecheck import PageError, check
from sernb.stage import Place, chapters, origin, shared_pages, stage

ROOT = Path(__file__).parents[1]


def html_of(shown) -> BeautifulSoup:
    return BeautifulSoup(shown.data, "html.parser")


def content(address: str) -> bytes:
    return base64.b64decode(address.partition("base64,")[2])


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


def test_the_button_of_a_folded_solution_says_so():
    book = notebook("### 1. Do it", ("answer = 1", ["solution", "hide-cell"], ""), ("other = 2", ["hide-cell"], ""))
    name_solutions(book)
    prompts = [cell.metadata.get("mystnb", {}).get("code_prompt_show") for cell in book.cells]
    assert prompts == [None, "Show the solution", None]


def test_a_figure_holds_image_alt_and_caption_and_is_closed():
    picture, ax = plt.subplots(figsize=(12, 3))
    ax.plot([1, 2])
    page = html_of(display.figure(ax, alt='a line from 1 to 2, "rising"', caption="A <line>.", name="fig-line"))
    assert page.img["alt"] == 'a line from 1 to 2, "rising"' and page.figcaption.get_text() == "A <line>."
    assert page.figure["id"] == "fig-line"
    wide = Image.open(io.BytesIO(content(page.img["src"])))
    assert wide.format == "PNG" and wide.width > 2 * wide.height
    assert not plt.fignum_exists(picture.number)


def test_a_figure_without_alt_text_is_refused():
    with pytest.raises(ValueError, match="alt text"):
        display.figure(plt.subplots()[0], alt=" ")
    plt.close("all")


def test_a_player_holds_the_sound_its_spectrogram_and_its_words():
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    page = html_of(display.sound(tone, "sad", "ur", words="بس & بس"))
    samples, rate = soundfile.read(io.BytesIO(content(page.audio["src"])))
    assert rate == SAMPLE_RATE and abs(len(samples) - len(tone)) < 1000
    assert page.audio["aria-label"] == "sad: بس & بس" and "1.0 s" in page.img["alt"]
    assert page.figcaption.span["lang"] == "ur" and page.figcaption.span.get_text() == "بس & بس"
    seen = np.asarray(Image.open(io.BytesIO(content(page.img["src"]))).convert("L"), float)
    assert seen.shape == (80, 100)
    assert seen[40:].mean() > 2 * seen[:20].mean()  # a low tone is bright at the bottom


def test_figures_are_numbered_and_links_to_them_take_the_number():
    def figure(name, caption):
        legend = f"<figcaption>{caption}</figcaption>" if caption else ""
        anchor = f' id="{name}"' if name else ""
        return f'<figure class="sernb-figure"{anchor}><img>{legend}</figure>'

    book = notebook(
        'See <a href="#fig-b">Figure</a> and <a href="#fig-none">Figure</a>.',
        ("", [], figure("fig-a", "First")),
        ("", [], figure("", "")),
        ("", [], figure("fig-b", "Second") + figure("", "Third")),
    )
    number_figures(book)
    shown = "".join(output.data["text/html"] for cell in book.cells[1:] for output in cell.outputs)
    assert re.findall(r"<b>(.*?)</b> (\w+)", shown) == [
        ("Figure 1:", "First"),
        ("Figure 2:", "Second"),
        ("Figure 3:", "Third"),
    ]
    assert book.cells[0].source == 'See <a href="#fig-b">Figure 2</a> and <a href="#fig-none">Figure</a>.'


def test_an_edition_names_its_language_links_to_the_others_and_finds_what_lies_above_it():
    book = notebook("# Baseline\n\nSee [terms](glossary.md#uar), [next](04-next.ipynb), [start](index.ipynb).")
    name_language(book, "de", "03-baseline", {"ur": ".", "de": "de", "bn": "bn"})
    relink(book, ["index", "glossary"])
    text = book.cells[0].source
    assert text.startswith("# Baseline: German\n")
    assert "[Urdu](../03-baseline.ipynb) · **German** · [Bangla](../bn/03-baseline.ipynb)" in text
    assert "(../glossary.md#uar), [next](04-next.ipynb), [start](../index.ipynb)" in text


def test_parameters_are_shown_where_their_defaults_were():
    defaults = 'language = "ur"  # which\nseed = 0\nruns = "runs"  # where'
    book = notebook(
        (defaults, ["parameters"], ""),
        ('# Parameters\nlanguage = "de"\nseed = 3\nruns = "/tmp/x"', ["injected-parameters"], ""),
    )
    book.metadata["papermill"] = {"input_path": "/somewhere"}
    merge_parameters(book)
    forget_machine(book)
    assert [cell.source for cell in book.cells] == ['language = "de"  # which\nseed = 3\nruns = "runs"  # where']
    assert "papermill" not in book.metadata


FAULTS = {
    '<img src="a.png">': "without alt text",
    '<img src="a.png" alt="_images/a.png">': "without alt text",
    '<audio src="a.png"></audio>': "a player without a name",
    '<div class="cell_output"><div class="output stderr">oh</div></div>': "an error's dump",
    '<div class="cell_output"><div class="output traceback">oh</div></div>': "an error's dump",
    '<div class="cell_output"><div class="stream">Traceback (most recent call last)</div></div>': "a traceback printed",
    '<a href="nowhere.html">x</a>': "nowhere.html, which isn't there",
    '<a href="other.html#nowhere">x</a>': "no such place",
    '<a href="#nowhere">x</a>': "no such place",
    '<script src="https://cdn.example.org/x.js"></script>': "needs the network",
    '<link rel="stylesheet" href="//cdn.example.org/x.css">': "needs the network",
    f"<p>{'x' * 3_000_000}</p>": "weighs 3.0 MB",
}


@pytest.mark.parametrize("fault", FAULTS, ids=FAULTS.values())
def test_a_fault_of_a_page_is_found(fault, tmp_path):
    sound = (
        '<h1 id="top">x</h1><a href="other.html#top">x</a><a href="https://example.org">x</a><img src="a.png" alt="a">'
    )
    (tmp_path / "a.png").write_bytes(b"x")
    for name in ("page.html", "other.html"):
        (tmp_path / name).write_text(sound)
    assert check(tmp_path) == 2
    (tmp_path / "page.html").write_text(sound + fault)
    with pytest.raises(PageError, match=re.escape(FAULTS[fault])) as found:
        check(tmp_path)
    assert str(found.value).startswith("page.html: ")


def test_where_the_book_is_public_is_read_from_git(tmp_path):
    assert origin(tmp_path) == ""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for address, said in {
        "https://github.com/someone/some-book.git": "https://github.com/someone/some-book",
        "git@gitlab.com:someone/some-book.git": "https://gitlab.com/someone/some-book",
        "/srv/some-book": "",
    }.items():
        subprocess.run(["git", "-C", tmp_path, "config", "remote.origin.url", address], check=True)
        assert origin(tmp_path) == said


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A book of two pages in two languages, executed, and the function that renders it for a place."""
    root = tmp_path_factory.mktemp("small")
    shutil.copytree(ROOT / "book" / "_static", root / "book" / "_static")
    shutil.copy(ROOT / "book" / "references.bib", root / "book")
    shutil.copy(ROOT / "_config.yml", root)
    toc = {"format": "jb-book", "root": "book/index", "parts": [{"caption": "Chapters", "chapters": []}]}
    toc["parts"][0]["chapters"] = [{"file": "book/01-first"}]
    toc["parts"].append({"caption": "Look up", "chapters": [{"file": "book/terms"}]})
    (root / "_toc.yml").write_text(yaml.safe_dump(toc))
    (root / "book" / "terms.md").write_text("# Terms\n\n$x^2$\n")
    for name, title in {"index": "# Book", "01-first": "# First\n\n[terms](terms.md), [start](index.ipynb)"}.items():
        book = notebook(title, ('language = "ur"', ["parameters"], ""))
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        (root / "book" / f"{name}.md").write_text(title)
        for place in (root / "book", *(root / "_build" / "executed" / language for language in ("ur", "de"))):
            place.mkdir(parents=True, exist_ok=True)
            nbformat.write(book, place / f"{name}.ipynb")
    return root


def test_launch_edit_and_issue_links_lead_to_files_that_the_repository_has(small):
    repository = "https://github.com/someone/some-book"
    front = finish(("ur", "de"), small, Place(repository, "main", "https://someone.example.org/book/"))
    for name in ("book/01-first", "book/de/01-first"):
        page = BeautifulSoup((front.parent / f"{name}.html").read_text(), "html.parser")
        links = {link.get_text(strip=True): link["href"] for link in page.select(".bd-header-article a[href^=http]")}
        assert links["Colab"].endswith("/github/someone/some-book/blob/main/book/01-first.ipynb")
        assert "/v2/gh/someone/some-book/main?urlpath=lab/tree/book/01-first.ipynb" in links["Binder"]
        assert links["Suggest edit"] == f"{repository}/edit/main/book/01-first.md"
        assert links["Open issue"].startswith(f"{repository}/issues/new")
        card = page.find("meta", property="og:image")["content"]
        assert card == "https://someone.example.org/book/_static/card.png"
        downloads = {link.get_text(strip=True): link["href"] for link in page.select(".dropdown-download-buttons a")}
        assert {end: (front.parent / name).parent.joinpath(link).exists() for end, link in downloads.items()} == {
            ".ipynb": True,
            ".md": True,
        }


def test_the_card_is_the_size_previews_ask_for(tmp_path):
    with Image.open(social_card(tmp_path / "card.png", "A title of some words", "and a line")) as card:
        assert card.size == (1200, 630)
        assert len(card.convert("RGB").getcolors(1 << 24)) > 100


def test_the_table_of_contents_tells_chapters_from_pages_that_exist_once():
    assert chapters()[0].stem == "index" and all(path.suffix == ".ipynb" for path in chapters())
    assert not set(chapters()) & set(shared_pages())


def test_citation_file_and_page_say_the_same():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    page = (ROOT / "book" / "cite.md").read_text()
    for field in ("title", "version", "license"):
        assert f"{{{cff[field]}}}" in page
    assert cff["authors"][0]["name"] in page


def test_a_notebook_missing_from_the_executed_ones_is_named(small, tmp_path):
    shutil.copytree(small, tmp_path / "book")
    (tmp_path / "book/_build/executed/de/01-first.ipynb").unlink()
    with pytest.raises(FileNotFoundError, match="de/01-first.ipynb"):
        stage(tmp_path / "book/_build/executed", ("ur", "de"), tmp_path / "book")
