"""What the code imports is declared: pyproject.toml names each package, and environment.yml asks for the same."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PROVIDERS = packages_distributions()
SOURCES = sorted((ROOT / "sernb").rglob("*.py"))


def imported(source: str) -> Iterator[str]:
    """Top-level name of every module a source imports, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).split(".")[0]


def plain(name: str) -> str:
    """A package's name as registries compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: Iterable[str]) -> set[str]:
    """Names of the packages that requirements ask for."""
    return {plain(re.match(r"[\w.-]+", text)[0]) for text in requirements}


def undeclared(sources: Iterable[Path], known: set[str], own: Iterable[str] = ("sernb",)) -> set[str]:
    """Modules that the sources import from elsewhere, and that no known package provides."""
    names = {name for path in sources for name in imported(path.read_text())}
    foreign = names - set(sys.stdlib_module_names) - set(own)
    # an extra need not be installed; its module is then taken to have its name
    return {name for name in foreign if not known & set(map(plain, PROVIDERS.get(name, (name,))))}


def test_what_the_package_imports_is_declared():
    extras = [name for name in PROJECT["optional-dependencies"] if name != "test"]
    known = [*PROJECT["dependencies"], *(one for name in extras for one in PROJECT["optional-dependencies"][name])]
    assert undeclared(SOURCES, declared(known)) == set()


@pytest.mark.parametrize("folder", ["tests", "examples", "benchmarks"])
def test_what_tests_and_examples_import_is_declared(folder: str):
    known = declared([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]])
    sources = list((ROOT / folder).rglob("*.py"))
    own = [*sources, *(ROOT / "benchmarks").glob("*.py")]  # tests of the benchmarks import them
    assert undeclared(sources, known, {"sernb", *(path.stem for path in own)}) == set()


def test_an_import_that_is_not_declared_is_seen(tmp_path: Path):
    source = tmp_path / "one.py"
    source.write_text("import os\nfrom numpy import array\ndef f():\n    import nowhere.at_all\n")
    assert undeclared([source], declared(["numpy>=2"])) == {"nowhere"}
    assert undeclared([source], set()) == {"numpy", "nowhere"}


def test_conda_asks_for_the_same_python_and_leaves_the_rest_to_pyproject():
    asked = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert f"python{PROJECT['requires-python']}" in asked
    assert {"pip": ["-e .[test]"]} in asked
