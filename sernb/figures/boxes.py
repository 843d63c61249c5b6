"""Diagrams of boxes and arrows: what goes in, what is trained, what comes out."""

from collections.abc import Iterable, Mapping

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

TRAINED, ADAPTED, FOLLOWS = "#D6E6F4", "#F6DDC9", "#DDDDDD"
Place = tuple[float, float]


def diagram(
    boxes: Mapping[Place, tuple[str, str]],
    arrows: Iterable[tuple[Place, Place]],
    width: float,
    height: float,
    dashed: Iterable[tuple[Place, Place]] = (),
) -> Axes:
    """Boxes joined by arrows that end at the boxes' edges.

    Args:
        boxes: where a box's middle lies -> its text and its colour.
        arrows: from one box to another.
        width: of the figure in inches.
        height: of the figure in inches.
        dashed: arrows of what is copied without a gradient.
    """
    _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    drawn = {}
    for (x, y), (text, colour) in boxes.items():
        box = {"boxstyle": "round,pad=0.5", "facecolor": colour, "edgecolor": "black"}
        drawn[x, y] = ax.text(x, y, text, ha="center", va="center", color="black", bbox=box)
    for lines, style in ((arrows, "-"), (dashed, "--")):
        for start, end in lines:
            # patchA and patchB cut the arrow where the boxes begin, however wide their text is
            look = {"arrowstyle": "->", "linestyle": style, "shrinkA": 0, "shrinkB": 2}
            ends = {"patchA": drawn[start].get_bbox_patch(), "patchB": drawn[end].get_bbox_patch()}
            ax.annotate("", end, start, arrowprops=look | ends)
    columns, rows = zip(*boxes, strict=True)
    ax.set(xlim=(min(columns) - 0.6, max(columns) + 0.6), ylim=(min(rows) - 0.5, max(rows) + 0.5))
    ax.axis("off")
    return ax
