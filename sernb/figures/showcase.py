"""The augmentation gallery on a page: spectrograms to look at, each with a player, in one table a clip."""

import base64
import io
from html import escape

import matplotlib
import numpy as np
import pandas as pd
import soundfile
from IPython.display import HTML
from PIL import Image

from sernb.figures.gallery import Row, Tile, pairs
from sernb.figures.gallery import rows as gallery_rows
from sernb.languages import language_name
from sernb.speech.audio import SAMPLE_RATE

_STYLE = """<style>
.sernb-gallery :is(td, th) { padding: 0.2rem 0.4rem; vertical-align: top; min-width: 10rem; text-align: left }
.sernb-gallery img { width: 10rem; height: 4rem }
.sernb-gallery audio { width: 10rem; height: 2rem }
</style>"""


def examples(manifest: pd.DataFrame, language: str, seed: int = 0) -> HTML:
    """A table of every augmentation for one clip of a language.

    Raises:
        AudioError: a clip can't be read.
    """
    pair = pairs(manifest)[language]
    title = f"{language_name(language)}: {pair['emotion'].iloc[0]}"
    return table(gallery_rows(pair, seed=seed), title, title, unfolded=True)


def table(rows: list[Row], clip: str, caption: str, unfolded: bool = False) -> HTML:
    """A clip's rows as a table that folds: the original, then the strengths, each seen and heard.

    Sound and pictures lie within the page, compressed. All pictures share the original's scale of colours, so that
    gain is seen too.

    Args:
        rows: of one clip, from `gallery.rows`.
        clip: what it is, for readers who don't see the pictures.
        caption: of the table.
        unfolded: show it at once.
    """
    widest = max(len(row.tiles) for row in rows)
    body = "".join(_row(row, clip, widest) for row in rows)
    heading = escape(caption)
    return HTML(
        f'{_STYLE}<details class="sernb-gallery"{" open" * unfolded}><summary><b>{heading}</b></summary>'
        f'<div style="overflow-x: auto" tabindex="0" role="group" aria-label="{heading}">'
        f"<table><tbody>{body}</tbody></table></div></details>"
    )


def _row(row: Row, clip: str, widest: int) -> str:
    floor, top = row.tiles[0].log_mel.min(), row.tiles[0].log_mel.max()
    cells = []
    for tile in row.tiles:
        strength = "" if tile.strength is None else f": {tile.strength:g}"
        what = f"{row.name}, {tile.level}{strength} {row.unit}".strip() if tile.level != "original" else "original"
        cells.append(
            f"<td>{escape(tile.level + strength)}<br>"
            f'<img alt="{escape(f"Log-mel spectrogram of {clip}; {what}")}" src="{_picture(tile, floor, top)}" '
            'loading="lazy"><br>'
            f'<audio controls preload="none" aria-label="{escape(f"{clip}; {what}")}" src="{_sound(tile.samples)}">'
            "</audio></td>"
        )
    about = escape(row.unit) + ("<br><i>heard through a reconstruction</i>" if row.reconstructed else "")
    heading = f'<th scope="row">{escape(row.name)}<br><small>{about}</small></th>'
    rest = f'<td colspan="{widest - len(cells)}"></td>' if len(cells) < widest else ""
    return f"<tr>{heading}{''.join(cells)}{rest}</tr>"


def _picture(tile: Tile, floor: float, top: float) -> str:
    """A JPEG as a data URI, one pixel a mel band and frame, low bands at the bottom."""
    shade = np.clip((tile.log_mel[::-1] - floor) / (top - floor), 0, 1)
    pixels = (matplotlib.colormaps["magma"](shade)[..., :3] * 255).astype(np.uint8)
    return _data("image/jpeg", lambda file: Image.fromarray(pixels).save(file, "JPEG", quality=60))


def _sound(samples: np.ndarray) -> str:
    """An MP3 as a data URI: half of what Vorbis needs for noise, and played everywhere."""
    return _data(
        "audio/mpeg",
        lambda file: soundfile.write(file, samples, SAMPLE_RATE, format="MP3", compression_level=0.9),
    )


def _data(kind: str, write) -> str:
    buffer = io.BytesIO()
    write(buffer)
    return f"data:{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
