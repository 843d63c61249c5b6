"""Rooms lie one above the other: a module imports only from its own room and from those below, inside functions too."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sernb

PACKAGE = Path(sernb.__file__).parent
FLOORS = (
    "labels",
    "languages",
    "progress",
    "processes",
    "corpora",
    "data",
    "speech",
    "models",
    "losses",
    "runs",
    "evaluation",
    "training",
    "experiments",
    "results",
    "figures",
    "teaching",
    "book",
    "commands",
    "cli",
)
"""Folders and modules of the package, lowest first."""


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of every module that a source imports, wherever the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute here"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def upward(source: str, room: str) -> list[str]:
    """Imports of a source in this room that lead to a higher one."""
    names = [(line, name.split(".")) for line, name in imported(source)]
    rooms = [(line, parts[1]) for line, parts in names if parts[0] == "sernb" and len(parts) > 1]
    return [f"line {line}: {other}" for line, other in rooms if FLOORS.index(other) > FLOORS.index(room)]


def room_of(path: Path) -> str:
    """The folder of the package a file lies in, or the name of a file that lies in none."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if room_of(path) not in ("__init__", "__main__")]


def test_every_room_has_its_floor():
    assert {room_of(path) for path in MODULES} == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_imports_from_above(path):
    assert upward(path.read_text(), room_of(path)) == []


@pytest.mark.parametrize(
    "line",
    [
        "import sernb.training.loop",
        "from sernb import runs, training",
        "from sernb.training import loop",
        "def function():\n    from sernb.training.loop import fit",
        "if TYPE_CHECKING:\n    from sernb.training.loop import fit",
    ],
)
def test_an_import_from_above_is_seen_in_every_form(line):
    assert len(upward(line, "evaluation")) == 1 and upward(line, "training") == upward(line, "results") == []
