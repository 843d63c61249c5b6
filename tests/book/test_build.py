"""Where the book is public, what its table of contents says, its card and its citation."""

import subprocess
from pathlib import Path

import yaml
from PIL import Image

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
