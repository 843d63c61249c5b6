"""What a chapter shows: boxes, figures for light and dark pages, players, tables."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile
from bs4 import BeautifulSoup
from matplotlib.colors import rgb_to_hsv, to_rgb
from PIL import Image

from sernb.book import display
from sernb.figures import captioned
from sernb.figures.dark import darken
from sernb.speech.audio import SAMPLE_RATE


def html_of(shown) -> BeautifulSoup:
    return BeautifulSoup(shown.data, "html.parser")


def content(address: str) -> bytes:
    return base64.b64decode(address.partition("base64,")[2])


def test_a_figure_holds_image_alt_and_caption_and_is_closed():
    picture, ax = plt.subplots(figsize=(12, 3))
    ax.plot([1, 2])
    page = html_of(display.figure(ax, alt='a line from 1 to 2, "rising"', caption="A <line>.", name="fig-line"))
    assert page.img["alt"] == 'a line from 1 to 2, "rising"' and page.figcaption.get_text() == "A <line>."
    assert page.figure["id"] == "fig-line"
    wide, dark = (Image.open(io.BytesIO(content(page.img[name]))) for name in ("src", "data-dark"))
    assert wide.format == "PNG" and wide.width > 2 * wide.height
    assert dark.size == wide.size and dark.getpixel((0, 0))[3] == 0  # the page shows through
    assert not plt.fignum_exists(picture.number)


def test_a_figure_without_alt_text_is_refused():
    with pytest.raises(ValueError, match="alt text"):
        display.figure(plt.subplots()[0], alt=" ")
    plt.close("all")


def test_a_player_holds_the_sound_its_spectrogram_and_its_words():
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    page = html_of(display.sound(tone, "sad", "ur", words="بس & بس"))
    samples, rate = soundfile.read(io.BytesIO(content(page.audio["src"])))
    assert rate == SAMPLE_RATE and abs(len(samples) - len(tone)) < 2000
    assert page.audio["aria-label"] == "sad: بس & بس" and "1.0 s" in page.img["alt"]
    assert page.figcaption.bdi["lang"] == "ur" and page.figcaption.bdi.get_text() == "بس & بس"
    seen = np.asarray(Image.open(io.BytesIO(content(page.img["src"]))).convert("L"), float)
    assert seen.shape == (80, 100)
    assert seen[40:].mean() > 2 * seen[:20].mean()  # a low tone is bright at the bottom


@pytest.mark.parametrize(("width", "fontsize"), [(4, 10), (12, 10), (12, 6)])
def test_the_smallest_letters_of_a_figure_stay_readable_whatever_the_screen(width, fontsize):
    picture, ax = plt.subplots(figsize=(width, 3))
    ax.set_title("small", fontsize=fontsize)
    image = html_of(display.figure(picture, alt="nothing")).img
    narrowest = int(re.search(r"min-width: (\d+)px", image["style"])[1])
    inches = Image.open(io.BytesIO(content(image["src"]))).width / captioned.FIGURE_DPI
    assert narrowest / inches / 72 * fontsize >= 9  # of a letter, in pixels of the page


def test_a_dark_figure_has_light_ink_the_same_hues_and_its_annotations():
    picture, (lines, map_, boxes) = plt.subplots(1, 3)
    ink, hue = lines.plot([1, 2], "o-", color="black")[0], lines.plot([2, 1], color="navy")[0]
    map_.imshow([[0, 1]], cmap="Blues")
    on_map = map_.text(0, 0, "0.1", color="black")
    in_box = boxes.text(0.5, 0.5, "box", color="black", bbox={"facecolor": "#D6E6F4"})
    boxes.bar([0.2], [1], color="#DDDDDD", width=0.3)
    on_bar, beside = boxes.text(0.2, 0.3, "bar", ha="center"), boxes.text(0.8, 0.9, "free")
    picture.canvas.draw()
    darken(picture)
    light = {"ink": ink.get_color(), "title": lines.title.get_color(), "free": beside.get_color()}
    light["point"] = ink.get_markerfacecolor()
    assert all(min(colour[:3]) > 0.8 for colour in light.values()), light
    assert all(text.get_color() == "black" for text in (on_map, in_box, on_bar))
    assert in_box.get_bbox_patch().get_facecolor()[2] > 0.9  # kept light under its dark letters
    turned = hue.get_color()[:3]
    assert rgb_to_hsv(turned)[0] == pytest.approx(rgb_to_hsv(to_rgb("navy"))[0]) and sum(turned) > 1
    plt.close(picture)


def test_a_table_of_named_columns_or_values_is_written_like_a_frame():
    columns = html_of(display.table({"models": [1, 5], "macro-F1": [0.5, 0.625]}, decimals=2))
    assert [cell.get_text() for cell in columns.find_all("th")] == ["models", "macro-F1"]
    assert [cell.get_text() for cell in columns.find_all("td")] == ["1", "0.50", "5", "0.62"]
    values = html_of(display.table({"clips": 3, "macro-F1": 0.5, "spread": None}))
    assert [cell.get_text() for cell in values.find_all("td")] == ["3", "0.500", "–"]


def test_what_lacks_is_a_dash_in_a_table_and_a_table_without_rows_is_a_sentence():
    frame = pd.DataFrame(
        {
            "count": pd.array([3, None], "Int64"),
            "word": pd.array(["<a>", None], "string"),
            "kind": pd.Categorical(["x", None]),
            "mixed": [pd.NA, 0.25],
            "share": [0.5, float("nan")],
        }
    )
    cells = [cell.get_text() for cell in html_of(display.table(frame, decimals=2)).find_all("td")]
    assert cells == ["3", "<a>", "x", "–", "0.50", "–", "–", "–", "0.25", "–"]
    empty = html_of(display.table(frame[:0], "Rejected <clips>"))
    assert empty.table is None and empty.get_text() == "Rejected <clips>: no rows."
