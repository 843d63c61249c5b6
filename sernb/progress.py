"""Progress bars: one place decides whether they show."""

from typing import Any

from tqdm.auto import tqdm


def progress_bar(*args: Any, show: bool = True, **options: Any) -> tqdm:
    """tqdm's bar; hidden where `show` is false, or where the environment sets TQDM_DISABLE=1."""
    # an explicit disable=False would override the environment, so the option is only passed to hide the bar
    return tqdm(*args, **options, **({} if show else {"disable": True}))
