"""What every movable picture is on a page: its data and its still picture, which the script replaces."""

import base64
import json
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

# the address of _static is relative to the page, and Sphinx says in the page how far up it lies
_LOADER = """<script>
for (const name of {scripts}) {{
  const script = document.createElement("script");
  script.src = (document.documentElement.dataset.content_root ?? "../") + `_static/widgets/${{name}}.js`;
  script.async = false;
  document.head.append(script);
}}
</script>"""


@dataclass(frozen=True)
class Widget:
    """A picture to be moved by hand; a notebook shows it by itself.

    Attributes:
        name: of its script in book/_static/widgets, which runs last.
        title: what it is, for screen readers.
        still: what is seen where scripts are off, from `captioned.picture`.
        caption: under the picture; the rendered book puts "Figure N" before it.
        data: what the script is given, as JSON has it.
        anchor: what a link in the text points to, as in `captioned`.
        needs: scripts beside it that run before it.
    """

    name: str
    title: str
    still: str
    caption: str
    data: dict[str, Any] = field(repr=False)
    anchor: str = ""
    needs: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        anchor = f' id="{escape(self.anchor)}"' if self.anchor else ""
        # "<" could end the script's element, or begin what the build takes for a caption
        data = json.dumps(self.data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
        scripts = json.dumps(["base", *self.needs, self.name])
        return (
            f'<figure class="sernb-figure"{anchor}>'
            f'<div class="sernb-widget" data-widget="{self.name}" data-title="{escape(self.title)}">'
            f'<div class="sernb-still">{self.still}</div>'
            f'<script type="application/json">{data}</script></div>'
            f"<figcaption>{escape(self.caption)}</figcaption>{_LOADER.format(scripts=scripts)}</figure>"
        )


def extent(places: np.ndarray) -> tuple[float, list[float]]:
    """How places, shape (points, 2), are drawn: what they are multiplied by to fill 16 bits, and the part shown.

    Returns:
        The factor; left, right, bottom and top in units of it, with a margin and without the few that lie far out.
    """
    margin = 0.04 * np.ptp(places, axis=0)
    low, high = np.quantile(places, [0.002, 0.998], axis=0) + margin * np.array([[-1], [1]])
    unit = 30_000 / np.abs(places).max()
    return unit, [float(round(one * unit)) for one in (low[0], high[0], low[1], high[1])]


def shorts(values: np.ndarray) -> str:
    """Whole numbers as base64 of 16-bit integers, low byte first, in the order of the array.

    Raises:
        ValueError: a number needs more than 16 bits.
    """
    rounded = np.round(values)
    if np.abs(rounded).max(initial=0) > 32_767:
        raise ValueError(f"{np.abs(rounded).max():.0f} needs more than 16 bits")
    return base64.b64encode(rounded.astype("<i2").tobytes()).decode()
