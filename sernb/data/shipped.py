"""Where the tables of the stored reference runs lie."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
RESULTS = _PACKAGE / "stored" if (_PACKAGE / "stored").is_dir() else _PACKAGE.parent / "results"
"""Within an installed package, beside it in a checkout."""
