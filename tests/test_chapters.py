"""The chapters: pairs in sync, without outputs, and each of them runs for each language."""

import json
import re
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml

from sernb.book import LANGUAGES, ChapterError, chapters, render, run_chapter, shared_pages, stage

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
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


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    return tmp_path_factory.mktemp("executed")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_chapter_runs_for_every_language(notebook, language, runs, executed, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    out = run_chapter(notebook, executed / language / notebook.name, {"language": language, "runs": str(runs)})
    cells_run = [cell for cell in nbformat.read(out, as_version=4).cells if cell.cell_type == "code"]
    outputs = [output for cell in cells_run for output in cell.outputs]
    assert all(cell.execution_count for cell in cells_run) and outputs
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]


def test_the_executed_chapters_render_without_a_warning(executed, tmp_path):
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book", ignore=shutil.ignore_patterns("runs"))
    render(stage(executed, LANGUAGES, tmp_path), tmp_path)
    html = tmp_path / "_build" / "html"
    pages = {str(path.relative_to(html)): path.read_text() for path in html.glob("book/**/*.html")}
    editions = [f"book/{place}" for place in ("", "de/", "bn/")]
    shared = {f"book/{path.stem}.html" for path in shared_pages()}
    assert set(pages) == {"book/index.html"} | shared | {
        f"{place}{path.stem}.html" for place in editions for path in chapters() if path.stem != "index"
    }
    assert "Baseline: German</a>" in pages["book/index.html"]
    for name, page in pages.items():
        assert not re.search(r'class="output (stderr|traceback)', page), name
        if name not in shared:
            assert "prove the machinery, nothing else" in page, name
        for link in re.findall(r'href="([^":#?]+[.]html)', page):
            assert (html / name).parent.joinpath(link).resolve().exists(), f"{name} links to {link}"
    harmonization = pages["book/bn/01-harmonization.html"]
    assert harmonization.count("<audio") == 4 and 'lang="bn"' in harmonization


@pytest.mark.parametrize(
    ("name", "value", "known"), [("language", "xx", "bn, de, ur"), ("profile", "huge", "laptop, paper, smoke")]
)
def test_a_wrong_parameter_stops_the_first_cell_with_the_known_values(name, value, known, runs, tmp_path):
    out = tmp_path / "out.ipynb"
    with pytest.raises(ChapterError, match=known):
        run_chapter(ROOT / "book" / "03-baseline.ipynb", out, {name: value, "runs": str(runs)})
    executed = [c for c in nbformat.read(out, as_version=4).cells if c.cell_type == "code" and c.execution_count]
    assert len(executed) == 3  # defaults, the injected parameters, and the cell that opens the study
