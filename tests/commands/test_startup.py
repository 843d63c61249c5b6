"""Help is quick: it imports nothing that only work takes, whichever command it is of."""

import subprocess
import sys

import pytest
import typer

from sernb.cli import app
from sernb.commands.data import Format
from sernb.data.export import EXPORTERS

HEAVY = {
    "numpy",
    "pandas",
    "pandera",
    "pyarrow",
    "scipy",
    "sklearn",
    "soundfile",
    "torch",
    "transformers",
    "matplotlib",
}
HELP = """
import sys
from sernb.cli import app
try:
    app([*sys.argv[1:], "--help"])
except SystemExit as end:
    assert end.code == 0
print(*sorted(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("command", [[], *([name] for name in typer.main.get_command(app).commands)], ids=" ".join)
def test_help_imports_nothing_heavy(command):
    done = subprocess.run([sys.executable, "-c", HELP, *command], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout and "sernb.cli" in done.stderr.split()
    assert HEAVY & set(done.stderr.split()) == set()


def test_every_format_of_export_is_offered():
    assert {one.value for one in Format} == set(EXPORTERS)


def test_predict_loads_neither_what_trains_nor_transformers():
    asked = "import sys, sernb.evaluation.inference, sernb.models.ensemble; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in loaded
    assert not {"transformers", "accelerate", "sklearn", "scipy", "matplotlib", "pandera", "distributed"} & set(loaded)
