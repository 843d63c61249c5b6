"""Where the book is public, what its table of contents says, its card and its citation."""

import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml
from PIL import Image

from sernb.book.build import ChapterError, run_chapters
from sernb.book.layout import chapters, origin, shared_pages
from sernb.book.social_card import social_card

ROOT = Path(__file__).parents[2]


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


def test_every_chapter_is_executed_once_a_language_and_a_failure_stops_no_other(tmp_path):
    for name, line in {"good": "print(language)", "bad": "assert language != 'de', language"}.items():
        cells = [nbformat.v4.new_code_cell(code) for code in ("language = 'en'", line)]
        cells[0].metadata["tags"] = ["parameters"]
        kernel = {"name": "python3", "display_name": "Python", "language": "python"}
        nbformat.write(
            nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), tmp_path / f"{name}.ipynb"
        )
    notebooks = [tmp_path / "good.ipynb", tmp_path / "bad.ipynb"]
    out = tmp_path / "out"
    with pytest.raises(ChapterError, match=r"^bad .*'de'.*AssertionError: de") as problem:
        run_chapters(notebooks, ["ur", "ur", "de"], out, {}, jobs=2, progress=False)
    assert "good" not in str(problem.value)
    assert {str(path.relative_to(out)) for path in out.rglob("*.ipynb")} >= {"ur/good.ipynb", "de/good.ipynb"}
    done = run_chapters(notebooks[:1], ["ur", "ur"], tmp_path / "again", {}, jobs=2, progress=False)
    assert done == [tmp_path / "again" / "ur" / "good.ipynb"]
    assert nbformat.read(done[0], 4).cells[-1].outputs[0].text == "ur\n"
    assert run_chapters(notebooks, [], out, {}, progress=False) == []
