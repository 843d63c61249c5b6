"""The chapters: pairs in sync, without outputs, and each of them runs for each language."""

import json
import re
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from browsing import SIZES, Visitor, barriers, cut, overflow

from sernb.book.build import LANGUAGES, ChapterError, render, run_chapter
from sernb.book.layout import Place, chapters, shared_pages, stage
from sernb.book.pagecheck import HEAVIEST, check_pages
from sernb.data.manifest import MANIFEST
from sernb.teaching.slides import write_slides

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
LOADED = """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
    .reduce((size, one) => size + one.decodedBodySize, 0)"""
PARAMETERS = {"language": "ur", "profile": "smoke", "corpora": None, "encoder": None, "seed": 0, "runs": "runs"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def cells(notebook: nbformat.NotebookNode) -> list[tuple[str, str, list[str]]]:
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


def test_the_table_of_contents_names_what_exists_and_nothing_is_left_out():
    named = chapters() + shared_pages()
    assert sorted(path for path in named if path.suffix == ".ipynb") == NOTEBOOKS
    assert {path.with_suffix(".md") for path in named} == set((ROOT / "book").glob("*.md"))
    assert yaml.safe_load((ROOT / "_toc.yml").read_text())["format"] == "jb-book"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_pairs_are_in_sync(notebook):
    text = jupytext.read(notebook.with_suffix(".md"))
    assert cells(text) == cells(jupytext.read(notebook))
    # papermill and myst-nb need to know the language of the code
    for pair in (text, jupytext.read(notebook)):
        assert pair.metadata["kernelspec"]["language"] == "python"
        assert pair.metadata["jupytext"]["formats"] == "ipynb,md:myst"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_without_outputs(notebook):
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_chapter_has_the_same_parameters_each_with_a_comment(notebook):
    (cell,) = [c for c in jupytext.read(notebook).cells if "parameters" in c.metadata.get("tags", [])]
    values: dict = {}
    exec(cell.source, values)
    assert {name: values[name] for name in PARAMETERS} == PARAMETERS
    assert all("#" in line for line in cell.source.splitlines())


SECTIONS = ["Why", "The code", "Your run", "Exercises", "Summary", "What's next", "References"]


@pytest.mark.parametrize("chapter", chapters()[1:], ids=lambda path: path.stem)
def test_every_chapter_is_built_alike(chapter):
    cells = jupytext.read(chapter).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    opening = cells[0].source
    for told in ("Overview", "Goals", "Prerequisites", "Time"):
        assert f"| **{told}** |" in opening, f"{chapter.stem} opens without its {told.lower()}"
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert [heading for heading in headings if heading in SECTIONS] == SECTIONS
    assert text.rstrip().endswith("```{footbibliography}\n```") and re.search(r"\{footcite:[pt]\}`", text)
    assert "{term}`" in text, f"{chapter.stem} links no word to the glossary"
    assert any("questions." in cell.source for cell in cells if cell.cell_type == "code"), "no self-check question"


@pytest.mark.parametrize("chapter", chapters()[1:], ids=lambda path: path.stem)
def test_every_chapter_has_three_exercises_each_with_a_hidden_solution_that_is_run(chapter):
    solved: dict[str, int] = {}
    inside = False
    for cell in jupytext.read(chapter).cells:
        if cell.cell_type == "markdown":
            for heading in re.findall(r"^##+ .*$", cell.source, re.MULTILINE):
                inside = heading == "## Exercises" or (inside and heading.startswith("### "))
                if inside and heading.startswith("### "):
                    solved[heading] = 0
        elif "solution" in cell.metadata.get("tags", []):
            assert inside and "hide-cell" in cell.metadata["tags"], f"{chapter.stem}: a solution that isn't hidden"
            solved[list(solved)[-1]] += 1
    assert len(solved) >= 3 and all(solved.values()), f"{chapter.stem}: {solved}"


def test_the_glossary_and_the_bibliography_hold_what_chapters_refer_to_and_no_more_than_once():
    glossary = (ROOT / "book" / "glossary.md").read_text()
    terms = [term.lower() for term in re.findall(r"^(\w.*)$", glossary.split("{glossary}")[1], re.MULTILINE)]
    works = re.findall(r"^@\w+\{(\w+),", (ROOT / "book" / "references.bib").read_text(), re.MULTILINE)
    assert len(set(terms)) == len(terms) and len(set(works)) == len(works)
    for page in (ROOT / "book").glob("*.md"):
        text = page.read_text()
        for shown, target in re.findall(r"\{term\}`([^`<]*?)(?: <([^`]*)>)?`", text):
            assert (target or shown).lower() in terms, f"{page.name}: {target or shown} is not in the glossary"
        for keys in re.findall(r"\{(?:foot)?cite:?\w*\}`([^`]*)`", text):
            assert set(keys.split(",")) <= set(works), f"{page.name} cites {keys}"


ONCE = [page for page in shared_pages() if page.suffix == ".ipynb"]
RUNS = [(notebook, language) for language in LANGUAGES for notebook in chapters()]
RUNS += [(notebook, LANGUAGES[0]) for notebook in ONCE]


@pytest.fixture(scope="module")
def execute(runs, tmp_path_factory):
    """Execute a notebook for a language, unless a test before did; returns the executed notebook."""
    folder = tmp_path_factory.mktemp("executed")

    def run(notebook: Path, language: str) -> Path:
        out = folder / language / notebook.name
        if not out.exists():
            run_chapter(notebook, out, {"language": language, "runs": str(runs)})
        return out

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TQDM_DISABLE", "1")
        yield run


@pytest.mark.parametrize(("notebook", "language"), RUNS, ids=[f"{path.stem}-{language}" for path, language in RUNS])
def test_every_chapter_runs_for_every_language(notebook, language, execute):
    cells_run = [
        cell for cell in nbformat.read(execute(notebook, language), as_version=4).cells if cell.cell_type == "code"
    ]
    outputs = [output for cell in cells_run for output in cell.outputs]
    assert all(cell.execution_count for cell in cells_run) and outputs
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert not [output for output in outputs if "image/png" in output.get("data", {})]  # figures have alt text


def test_every_deck_finds_its_pictures(execute, tmp_path):
    folder = {execute(chapter, LANGUAGES[0]).parent for chapter in chapters()[1:]}.pop()
    assert len(write_slides(folder, tmp_path)) == len(chapters()) - 1


@pytest.mark.parametrize(
    ("name", "value", "known"), [("language", "xx", "bn, de, ur"), ("profile", "huge", "laptop, paper, smoke")]
)
def test_a_wrong_parameter_stops_the_first_cell_with_the_known_values(name, value, known, runs, tmp_path):
    out = tmp_path / "out.ipynb"
    with pytest.raises(ChapterError, match=known):
        run_chapter(ROOT / "book" / "03-baseline.ipynb", out, {name: value, "runs": str(runs)})
    executed = [c for c in nbformat.read(out, as_version=4).cells if c.cell_type == "code" and c.execution_count]
    assert len(executed) == 4  # installation, defaults, the injected parameters, and the cell that opens the study


@pytest.fixture(scope="module")
def html(execute, tmp_path_factory) -> Path:
    """The rendered book, its pages checked; warnings are errors."""
    executed = {execute(notebook, language).parents[1] for notebook, language in RUNS}.pop()
    root = tmp_path_factory.mktemp("book")
    for name in ("_config.yml", "_toc.yml", "ARCHITECTURE.md"):  # a page includes the last
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "book", root / "book", ignore=shutil.ignore_patterns("runs"))
    return render(stage(executed, LANGUAGES, root, Place()), root).parent


@pytest.fixture(scope="module")
def pages(html) -> list[str]:
    """Every page of the book, its address from the front page."""
    return sorted(str(path.relative_to(html)) for path in html.glob("book/*.html"))


def test_the_rendered_book_has_every_page_and_none_has_a_fault(html, pages):
    shared = {f"book/{path.stem}.html" for path in shared_pages()}
    assert set(pages) == shared | {f"book/{path.stem}.html" for path in chapters()}
    assert check_pages(html) >= len(pages)
    text = {name: (html / name).read_text() for name in pages}
    assert not any(re.search(r"\d%\|.*\|", page) for page in text.values())  # a progress bar
    assert not any("mybinder" in page or "colab." in page for page in text.values())  # it is public nowhere
    for name in set(pages) - shared:
        assert all(f'data-lang="{language}"' in text[name] for language in LANGUAGES), name
        assert "prove the machinery, nothing else" in text[name], name
    for chapter in chapters():
        assert (html / "_sources/book" / chapter.name).read_bytes() == chapter.read_bytes()


def test_tables_speak_the_readers_words(html, pages):
    headings = {
        heading
        for name in pages
        for table in re.findall(r"<table.*?</table>", (html / name).read_text(), re.DOTALL)
        for heading in re.findall(r"<th>([^<]*)</th>", table)
    }
    assert "macro-F1" in headings and "UAR" in headings
    # a manifest's fields are shown as they are named in the code
    assert {heading for heading in headings if "_" in heading} <= {*MANIFEST.columns, "same_fold"}


# nothing is executed from here on: papermill and playwright each want the event loop to themselves
@pytest.mark.parametrize("size", SIZES)
def test_every_page_opens_light_and_whole_without_network_error_or_sideways_scrolling(size, browser, address, pages):
    wide, heavy, complaints = {}, {}, []
    for name in pages:
        context = browser.new_context(viewport=SIZES[size])  # that has loaded nothing yet, as a first visitor's
        visitor = Visitor(context.new_page())
        page = visitor.open(f"{address}/{name}")
        page.wait_for_load_state("networkidle")
        loaded = page.evaluate(LOADED)
        if loaded > HEAVIEST:
            heavy[name] = loaded
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        wide[name] = [*filter(None, [overflow(page)]), *cut(page)]
        complaints += visitor.complaints
        context.close()
    assert complaints == []
    assert {name: what for name, what in wide.items() if what} == {} == heavy


def test_axe_finds_no_serious_barrier_on_any_page(browser, address, pages):
    # languages differ in numbers, not in structure: the first has every page, of the others a chapter with their script
    looked_at = pages + [f"book/01-harmonization.html?lang={one}" for one in LANGUAGES[1:]]
    found = []
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport=SIZES["phone"], color_scheme=scheme)
        for name in looked_at if scheme == "light" else looked_at[:3]:
            found += [f"{scheme} {what}" for what in barriers(Visitor(context.new_page()).open(f"{address}/{name}"))]
        context.close()
    assert found == []


def test_a_clip_plays_and_its_words_stand_in_their_script(browser, address):
    page = browser.new_page()
    for language, family, direction in (("ur", "Noto Nastaliq Urdu", "rtl"), ("bn", "Noto Sans Bengali", "ltr")):
        Visitor(page).open(f"{address}/book/01-harmonization.html?lang={language}")
        first = f"document.querySelector('[data-lang={language}] audio')"
        page.evaluate(f"{first}.play()")
        page.wait_for_function(f"{first}.currentTime > 0.3")
        words = page.locator(f'figcaption [lang="{language}"]').first
        assert words.evaluate("e => getComputedStyle(e).direction") == direction
        label, box = (words.evaluate(f"e => e{up}.getBoundingClientRect().left") for up in ("", ".parentElement"))
        assert 0 < label - box < 120  # the words follow their label, whatever their direction
        loaded = page.evaluate("[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)")
        assert family in {one.strip('"') for one in loaded}
    page.close()


@pytest.mark.parametrize("medium", ["served", "from a stick"])
def test_the_search_finds_a_word_where_it_stands(medium, browser, address, html):
    start = address if medium == "served" else html.as_uri()
    visitor = Visitor(browser.new_page())
    page = visitor.open(f"{start}/book/03-baseline.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("speaker-disjoint")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    hits = page.locator("#search-results li a").evaluate_all("found => found.map(one => one.href)")
    assert any("01-harmonization" in hit for hit in hits)
    assert visitor.complaints == []
    page.close()
