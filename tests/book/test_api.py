"""The page made from docstrings: what it lists is there, and what it shows is valid reStructuredText."""

import ast
import inspect
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from docutils.core import publish_doctree
from sphinx.ext.napoleon import Config, GoogleDocstring

from sernb.book.sphinx_extension import name_no_type

ROOT = Path(__file__).parents[2]
PAGES = "".join(page.read_text() for page in sorted((ROOT / "book").glob("api*.md")))
MODULES = re.findall(r"\.\. automodule:: (\S+)", PAGES)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def documented(parent: Documented) -> Iterator[Documented]:
    """A module, class or function, and all that is public in it."""
    yield parent
    if not isinstance(parent, ast.FunctionDef):
        for child in parent.body:
            if isinstance(child, ast.ClassDef | ast.FunctionDef) and not child.name.startswith("_"):
                yield from documented(child)


def complaints(docstring: str) -> list[str]:
    """What docutils finds wrong with a docstring in Google's style."""
    text = str(GoogleDocstring(inspect.cleandoc(docstring), Config(napoleon_use_ivar=True), what="function"))
    said = io.StringIO()
    publish_doctree(text, settings_overrides={"report_level": 2, "warning_stream": said})
    return said.getvalue().splitlines()


def source_of(name: str) -> Path:
    """The file of a module or package."""
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_of_the_page_are_valid(name: str):
    found = {}
    for node in documented(ast.parse(source_of(name).read_text())):
        said = complaints(ast.get_docstring(node) or "")
        if said:
            found[getattr(node, "name", name)] = said
    assert found == {}


@pytest.mark.parametrize(
    ("what", "docstring", "shown"),
    [
        ("property", "What computed it: the GPU's name.", "What computed it: the GPU's name."),
        ("function", "Judge.\n\nReturns:\n    One row a clip: who, what.", ":returns: One row a clip: who, what."),
    ],
)
def test_words_before_a_colon_are_no_type(what: str, docstring: str, shown: str):
    lines = docstring.splitlines()
    name_no_type(None, what, "thing", None, None, lines)
    config = Config(napoleon_use_ivar=True)
    text = str(GoogleDocstring("\n".join(lines), config, what="attribute" if what == "property" else what))
    assert shown in text and "type" not in text


def test_a_docstring_that_is_not_valid_is_seen():
    assert "substitution" in complaints("Loss.\n\nReturns:\n    The sum of |b - 1| and more.")[0]
