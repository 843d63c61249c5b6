"""Every example in a docstring gives what it says; modules without examples are not even imported."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import sernb

PACKAGE = Path(sernb.__file__).parent
WITH_EXAMPLES = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_examples_give_what_they_say(path: Path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    found = doctest.testmod(import_module(".".join(parts)), optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0 and found.failed == 0
