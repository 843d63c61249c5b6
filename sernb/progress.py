"""Progress bars: one place decides whether they show."""

import sys
from typing import Any

from tqdm.auto import tqdm


def progress_bar(*args: Any, show: bool = True, **options: Any) -> tqdm:
    """tqdm's bar; hidden where `show` is false, where nobody watches, or where the environment sets TQDM_DISABLE=1."""
    if not (show and _watched()):
        options["disable"] = True  # an explicit False would override the environment
    return tqdm(*args, **options)


def _watched() -> bool:
    """Whether messages go to a terminal or a notebook: in a log, every step of a bar would be a line."""
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
