"""A drawn figure as a chapter shows it: an image within the page, with its description, its caption and its name."""

import base64
import io
import math
from html import escape

import matplotlib.pyplot as plt
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from sernb.figures.dark import darken

FIGURE_DPI = 110  # sharp on a telephone's screen without making the page heavy
SCREEN_DPI = 80  # pixels of the page an inch of a figure takes, where there is room
SMALLEST = 9  # pixels of the page a figure's smallest letters are high, whatever the screen


def captioned(ax: Figure | Axes, *, alt: str, caption: str = "", name: str = "") -> HTML:
    """A drawn figure with its description, as an image within the page; the figure is closed.

    All words in it are shown as they are, dollar signs too: names of corpora and speakers are not formulas.

    A second image, in the attribute data-dark, is for dark pages. On a narrow screen a wide figure keeps its letters
    readable and scrolls sideways in its own frame.

    Args:
        ax: what was drawn; axes stand for their whole figure.
        alt: what a reader who can't see it needs to be told: what is drawn over what, and what it shows.
        caption: under the figure; the rendered book puts "Figure N" before it.
        name: what a link in the text points to: `<a href="#name">Figure</a>` gets the figure's number in the book.

    Raises:
        ValueError: `alt` is empty.
    """
    anchor = f' id="{escape(name)}"' if name else ""
    legend = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return HTML(f'<figure class="sernb-figure"{anchor}>{picture(ax, alt)}{legend}</figure>')


def picture(ax: Figure | Axes, alt: str) -> str:
    """The image of `captioned` in its frame, as HTML; the figure is closed.

    Raises:
        ValueError: `alt` is empty.
    """
    if not alt.strip():
        raise ValueError("a figure needs its alt text: say what is drawn and what it shows")
    whole = ax.get_figure(root=True) if isinstance(ax, Axes) else ax
    if whole is None:
        raise ValueError("these axes belong to no figure: give the figure")
    for text in whole.findobj(Text):
        text.set_parse_math(False)
    with plt.rc_context({"text.parse_math": False}):  # for the texts of ticks, which are made while it is drawn
        light = _png(whole)
        texts = [text for text in whole.findobj(Text) if text.get_text().strip()]
        letters = min((float(text.get_fontsize()) for text in texts), default=10.0)
        whole.set_layout_engine("none")  # the dark picture is laid out as the light one
        darken(whole)
        dark = _png(whole, transparent=True)
    plt.close(whole)
    inches = Image.open(io.BytesIO(light)).width / FIGURE_DPI
    narrowest = math.ceil(inches * 72 * SMALLEST / letters)  # a point is 1/72 inch
    width = max(round(inches * SCREEN_DPI), narrowest)
    return (
        '<div class="sernb-scroll" tabindex="0" role="group" aria-label="figure">'
        f'<img alt="{escape(alt)}" style="width: {width}px; min-width: {narrowest}px" '
        f'src="{data_uri("image/png", light)}" data-dark="{data_uri("image/png", dark)}"></div>'
    )


def data_uri(kind: str, content: bytes) -> str:
    """Content as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _png(whole: Figure, transparent: bool = False) -> bytes:
    buffer = io.BytesIO()
    whole.savefig(buffer, format="png", dpi=FIGURE_DPI, bbox_inches="tight", transparent=transparent)
    if transparent:
        return buffer.getvalue()
    small = io.BytesIO()  # 256 colours look the same, and weigh a third
    Image.open(buffer).convert("RGB").quantize(256).save(small, "PNG", optimize=True)
    return small.getvalue()
