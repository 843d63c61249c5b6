"""A small book, executed for two languages and rendered: its links, and its pages in a browser."""

import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import yaml
from browsing import SIZES, Visitor, barriers, cut, overflow
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from notebooks_by_hand import notebook

from sernb.book import display
from sernb.book.build import finish
from sernb.book.icons import FONTS, SCRIPT, STYLES
from sernb.book.layout import Place, stage
from sernb.speech.audio import SAMPLE_RATE

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://github.com/someone/some-book"
TERMS = """# Terms

```{glossary}
:sorted:

zero
  None at all.

anchor
  What others are compared with; a < b & c.
```
"""
TEXT = """# First

| | |
|---|---|
| **Overview** | a chapter |

See <a href="#fig-x">Figure</a>, an {term}`anchor`, [terms](terms.md) and the [start](index.ipynb): $x^2$.

## The idea
"""


def executed(language: str) -> nbformat.NotebookNode:
    """A chapter with one output that every language shares, and some that none does."""
    picture, ax = plt.subplots(figsize=(12, 3))
    ax.plot([1, 2], label=language)
    ax.legend()
    drawn = display.figure(picture, alt=f"a line in {language}", caption="A line.", name="fig-x").data
    tone = np.sin(np.arange(SAMPLE_RATE, dtype=np.float32) * (0.1 if language == "ur" else 0.2))
    heard = display.sound(tone, "sad", language, words="بس" if language == "ur" else "nur").data
    return notebook(
        TEXT,
        (f'language = "ur"\nlong = "{"word " * 60}"', ["parameters"], "<p>For every language</p>"),
        ("more()", ["hide-input"], f"<p>{'more ' * 400}</p>"),
        ("show()", ["hide-input"], drawn + heard),
        "## The end\n",
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """The book's folder, with executed notebooks."""
    root = tmp_path_factory.mktemp("small")
    shutil.copytree(ROOT / "book", root / "book", ignore=shutil.ignore_patterns("*.md", "*.ipynb", "runs"))
    shutil.copy(ROOT / "_config.yml", root)
    parts = {"Chapters": "book/01-first", "Look up": "book/terms"}
    parts = [{"caption": caption, "chapters": [{"file": file}]} for caption, file in parts.items()]
    (root / "_toc.yml").write_text(yaml.safe_dump({"format": "jb-book", "root": "book/index", "parts": parts}))
    (root / "book" / "terms.md").write_text(TERMS)
    (root / "ARCHITECTURE.md").write_text("# A map\n")
    for language in ("ur", "de"):
        index = notebook("# Book", ("show()", ["hide-input"], f"<p>{language}</p>"))
        for name, book in {"index": index, "01-first": executed(language)}.items():
            book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
            for file in (root / "book", root / "_build" / "executed" / language):
                file.mkdir(parents=True, exist_ok=True)
                nbformat.write(book, file / f"{name}.ipynb")
            (root / "book" / f"{name}.md").write_text(book.cells[0].source)
    return root


@pytest.fixture(scope="module")
def html(small) -> Path:
    return finish(("ur", "de"), small, Place(REPOSITORY, "main", "https://someone.example.org/book/")).parent


@pytest.fixture(scope="module")
def first(html) -> BeautifulSoup:
    return BeautifulSoup((html / "book/01-first.html").read_text(), "html.parser")


def test_launch_edit_and_issue_links_lead_to_files_that_the_repository_has(first, html, small):
    links = {link.get_text(strip=True): link["href"] for link in first.select(".bd-header-article a[href^=http]")}
    assert links["Colab"].endswith("/github/someone/some-book/blob/main/book/01-first.ipynb")
    assert "/v2/gh/someone/some-book/main?urlpath=lab/tree/book/01-first.ipynb" in links["Binder"]
    assert links["Suggest edit"] == f"{REPOSITORY}/edit/main/book/01-first.md"
    assert links["Open issue"].startswith(f"{REPOSITORY}/issues/new")
    card = first.find("meta", property="og:image")["content"]
    assert card == "https://someone.example.org/book/_static/card.png"
    downloads = {link.get_text(strip=True): link["href"] for link in first.select(".dropdown-download-buttons a")}
    for ending in (".ipynb", ".md"):  # what a reader takes home is the chapter as the repository has it
        got = (html / "book" / downloads[ending]).read_bytes()
        assert got == (small / "book" / f"01-first{ending}").read_bytes()


def test_the_sidebar_has_a_chapter_once_and_tables_have_no_empty_headings(first, html):
    assert [link.get_text(strip=True) for link in first.select(".bd-links a")][-2:] == ["First", "Terms"]
    assert [heading.get_text(strip=True) for heading in first.select(".page-toc a")] == ["The idea", "The end"]
    table = first.select_one("table")
    assert table.thead is None and table.th.get_text(strip=True) == "Overview"
    terms = BeautifulSoup((html / "book/terms.html").read_text(), "html.parser")
    assert [term.get_text(strip=True).rstrip("#") for term in terms.select("dt")] == ["anchor", "zero"]


def test_a_notebook_missing_from_the_executed_ones_is_named(small, tmp_path):
    shutil.copytree(small, tmp_path / "book")
    (tmp_path / "book/_build/executed/de/01-first.ipynb").unlink()
    with pytest.raises(FileNotFoundError, match="de/01-first.ipynb"):
        stage(tmp_path / "book/_build/executed", ("ur", "de"), tmp_path / "book")


@pytest.fixture
def visitor(browser):
    context = browser.new_context(viewport=SIZES["desktop"])
    yield Visitor(context.new_page())
    context.close()


def visible(page) -> list[str]:
    """The languages whose outputs are to be seen."""
    seen = "all => [...new Set(all.filter(one => one.checkVisibility()).map(one => one.dataset.lang))]"
    return page.locator(".sernb-language").evaluate_all(seen)


def test_a_language_is_chosen_once_for_every_page_and_a_link_carries_it(visitor, address):
    page = visitor.open(f"{address}/book/01-first.html")
    assert visible(page) == ["ur"]
    page.get_by_role("radio", name="Urdu").focus()
    page.keyboard.press("ArrowRight")
    assert visible(page) == ["de"] and page.url.endswith("?lang=de")
    assert visible(visitor.open(f"{address}/book/index.html")) == ["de"]
    assert visible(visitor.open(f"{address}/book/index.html?lang=ur")) == ["ur"]
    assert visible(visitor.open(f"{address}/book/01-first.html")) == ["ur"]
    assert visible(visitor.open(f"{address}/book/01-first.html?lang=xx")) == ["ur"]
    assert visitor.complaints == []


def test_only_pictures_of_the_language_and_of_the_brightness_that_is_seen_are_loaded(browser, first, address):
    pictures = {
        (part["data-lang"], image.get("class", [""])[0]): image["src"].rsplit("/", 1)[1]
        for part in first.select(".sernb-language")
        for image in part.select(".sernb-figure img")
    }
    assert len(set(pictures.values())) == 4
    context = browser.new_context(viewport=SIZES["desktop"], color_scheme="dark")
    page = context.new_page()
    loaded = []
    page.on("request", lambda request: loaded.append(request.url.rsplit("/", 1)[1]))
    Visitor(page).open(f"{address}/book/01-first.html?lang=de#fig-x")
    page.wait_for_load_state("networkidle")
    assert {key for key, name in pictures.items() if name in loaded} == {("de", "only-dark")}
    context.close()


def test_without_scripts_the_first_language_is_open_and_the_others_unfold(browser, address):
    context = browser.new_context(viewport=SIZES["desktop"], java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/01-first.html")
    part = page.locator("div.sernb-language").last
    assert part.locator("img.only-light").is_visible() and not part.locator("img.only-dark").is_visible()
    other = page.locator("details.sernb-language").last
    assert not other.locator("audio").is_visible()
    other.locator("summary").click()
    assert other.locator("audio").is_visible()
    context.close()


@pytest.mark.parametrize(("language", "name"), [("ur", "fig-x"), ("de", "fig-x-de")])
def test_a_link_to_a_figure_leads_to_the_one_that_is_seen(language, name, visitor, address):
    page = visitor.open(f"{address}/book/01-first.html?lang={language}")
    page.get_by_role("link", name="Figure 1").click()
    page.wait_for_function(f"Math.abs(document.getElementById('{name}').getBoundingClientRect().top) < 400")


def test_the_glossary_explains_a_word_to_pointer_and_keyboard(visitor, address):
    page = visitor.open(f"{address}/book/01-first.html")
    term = page.locator("a[data-definition]")
    term.focus()
    tip = page.get_by_role("tooltip")
    assert tip.is_visible() and tip.text_content() == "What others are compared with; a < b & c."
    assert term.get_attribute("aria-describedby") == tip.get_attribute("id")
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    term.hover()
    assert tip.is_visible()


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_and_what_is_wide_shows_that_it_scrolls(size, browser, address):
    context = browser.new_context(viewport=SIZES[size])
    visitor = Visitor(context.new_page())
    page = visitor.open(f"{address}/book/01-first.html")
    assert overflow(page) == "" and cut(page) == []
    frame = page.locator(".sernb-figure .sernb-scroll").first
    frame.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    more = frame.evaluate("e => [e.scrollWidth > e.clientWidth, getComputedStyle(e).maskImage !== 'none']")
    assert more == ([True, True] if size == "phone" else [False, False])
    assert barriers(page) == [] and visitor.complaints == []
    context.close()


def test_formulas_are_set_and_icons_drawn_from_the_few_that_are_kept(visitor, address, html):
    page = visitor.open(f"{address}/book/01-first.html")
    page.locator("mjx-container").first.wait_for()
    icons = page.locator(".bd-header-article i[class*='fa-']")
    drawn = icons.evaluate_all("all => all.map(one => getComputedStyle(one, '::before').content)")
    assert len(drawn) > 3 and all(content not in ("", "none", "normal") for content in drawn)
    assert page.evaluate("document.fonts.check('900 1em \"Font Awesome 6 Free\"')")
    noted = page.locator(".admonition-title").evaluate_all(
        "all => all.map(one => getComputedStyle(one, '::after').content).filter(content => content != 'none')"
    )
    held = {code for font in (html / FONTS).glob("*.ttf") for code in TTFont(font).getBestCmap()}
    assert all(ord(content.strip('"')) in held for content in [*drawn, *noted]) and len(held) < 200
    assert (html / STYLES).stat().st_size < 350_000 and not (html / SCRIPT).exists()
    assert visitor.complaints == []


@pytest.mark.parametrize("kind", ["primary", "secondary"])
def test_on_a_phone_both_tables_of_contents_open(kind, browser, address):
    context = browser.new_context(viewport=SIZES["phone"])
    page = Visitor(context.new_page()).open(f"{address}/book/01-first.html")
    page.locator(f".bd-header-article .{kind}-toggle").click()
    page.locator(f"#pst-{kind}-sidebar-modal").get_by_role("link").first.wait_for(state="visible")
    context.close()


def test_the_search_finds_a_chapter_once(visitor, address):
    page = visitor.open(f"{address}/search.html?q=idea")
    page.wait_for_selector("#search-results li a")
    links = page.locator("#search-results ul.search > li > a")
    pages = {link.split("?")[0].split("#")[0] for link in links.evaluate_all("all => all.map(one => one.href)")}
    assert len(pages) == 1  # its headings may be found too
