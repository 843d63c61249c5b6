"""What a chapter shows beside its pictures: notices, players, tables. Everything shown is escaped."""

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from statistics import median

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
import torch
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from sernb.audio import SAMPLE_RATE, LogMel, load
from sernb.runs import Run, days
from sernb.study import Study
from sernb.words import named

FIGURE_DPI = 110  # sharp on a telephone's screen without making the page heavy
SCREEN_DPI = 80  # pixels of the page an inch of a figure takes, where there is room
NARROWEST = "36rem"  # a figure is never drawn narrower than this: its letters would be too small to read


def notice(study: Study) -> HTML:
    """Says whose speech the page's live numbers come from, and how much they mean."""
    facts = (
        f"Language: <b>{escape(study.language_name)}</b> ({escape(study.language)}). "
        f"Profile: <b>{escape(study.profile.name)}</b>. Encoder: <b>{escape(Path(study.encoder).name)}</b>. "
        f"Seed: <b>{study.seed}</b>. "
    )
    if study.is_demo:
        return _box(
            "warning",
            "Live numbers on this page prove the machinery, nothing else",
            facts + "The speech is the demo corpus: sentences spoken by eSpeak NG, with emotion as settings of rate, "
            "pitch and level. What is measured on it says nothing about people. Findings are in the boxes headed "
            "“Reference run”.",
        )
    corpora = ", ".join(sorted(study.manifest["corpus"].unique()))
    return _box("note", "Live numbers on this page", facts + f"Corpora: <b>{escape(corpora)}</b>.")


def reference(runs: Sequence[Run], what: str) -> HTML:
    """Heads a stored result on real speech: what it is, and where, when and from what it was made."""
    config = runs[0].config["config"]
    seeds = ", ".join(map(str, sorted({run.config["config"]["seed"] for run in runs})))
    minutes = median(run.environment["wall_s"] for run in runs) / 60
    corpora = sorted(set().union(*(run.predictions["corpus"] for run in runs)))
    about = (
        f"{what} Encoder: {runs[0].environment['encoder']}. Corpora: {', '.join(corpora)}. Runs: {len(runs)}. "
        f"Seeds: {seeds}. Window: {config['seconds']:g} s. {minutes:.1f} minutes a run (median)."
    )
    return made(runs, about)


def made(runs: Sequence[Run], what: str) -> HTML:
    """Heads stored results of many runs on real speech: what they are, and where and when they were made.

    Args:
        runs: at least one; the first tells the hardware and the version of torch.
        what: which results.
    """
    place = runs[0].environment
    device = place["gpu"] or f"{place['cores']} cores of {place['processor']}"
    return _box(
        "tip",
        "Reference run: real speech",
        escape(f"{what} Made on {days(runs)} with torch {place['versions']['torch']} on {device}."),
    )


def player(path: str | Path, seconds: float = 4.0, caption: str = "", language: str = "", words: str = "") -> HTML:
    """An audio player that needs no server, with its spectrogram: the clip's first seconds as OGG within the page.

    Args:
        path: the clip.
        seconds: how much of it is kept.
        caption: text beside the player.
        language: of the words, or of the caption where there are none; ISO 639-1, so that the browser picks the
            script's font and direction.
        words: what is said, shown after the caption.
    """
    return sound(load(path)[: round(seconds * SAMPLE_RATE)], caption or Path(path).stem, language, words)


def sound(samples: np.ndarray, caption: str, language: str = "", words: str = "") -> HTML:
    """A player of samples, shape (samples,) at 16 kHz, with its spectrogram; see `player`."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="OGG", subtype="VORBIS")
    label, length = escape(f"{caption}: {words}" if words else caption), len(samples) / SAMPLE_RATE
    said = escape(words or caption)
    in_script = f'<span lang="{escape(language)}" dir="auto">{said}</span>' if language else said
    legend = f"{escape(caption)}: {in_script}" if words else in_script
    return HTML(
        '<figure class="sernb-player">'
        f'<img alt="Log-mel spectrogram of {label}: {length:.1f} s from left to right, low frequencies at the bottom" '
        f'src="{_data("image/png", _spectrogram(samples))}">'
        f'<audio controls preload="none" aria-label="{label}" src="{_data("audio/ogg", buffer.getvalue())}"></audio>'
        f"<figcaption>{legend}</figcaption></figure>"
    )


def _spectrogram(samples: np.ndarray) -> bytes:
    """The log-mel spectrogram that Whisper is given, as a PNG without axes: a pixel a frame and band."""
    features = LogMel()(torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None])[0].numpy()
    buffer = io.BytesIO()
    plt.imsave(buffer, features, cmap="magma", origin="lower", format="png")
    palette = Image.open(buffer).convert("RGB").quantize(64)  # a quarter of the bytes, and no eye sees it
    buffer = io.BytesIO()
    palette.save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _data(kind: str, content: bytes) -> str:
    """Content as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def figure(picture: Figure | Axes, alt: str, caption: str = "", name: str = "") -> HTML:
    """A drawn figure with its description, as an image within the page; the figure is closed.

    On a narrow screen a wide figure keeps its letters readable and scrolls sideways in its own frame.

    Args:
        picture: what was drawn; axes stand for their whole figure.
        alt: what a reader who can't see it needs to be told: what is drawn over what, and what it shows.
        caption: under the figure; the rendered book puts "Figure N" before it.
        name: what a link in the text points to: `<a href="#name">Figure</a>` gets the figure's number in the book.

    Raises:
        ValueError: `alt` is empty.
    """
    if not alt.strip():
        raise ValueError("a figure needs its alt text: say what is drawn and what it shows")
    whole = picture.get_figure(root=True) if isinstance(picture, Axes) else picture
    buffer = io.BytesIO()
    whole.savefig(buffer, format="png", dpi=FIGURE_DPI, bbox_inches="tight")
    plt.close(whole)
    width = round(Image.open(buffer).width / FIGURE_DPI * SCREEN_DPI)
    anchor = f' id="{escape(name)}"' if name else ""
    legend = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return HTML(
        f'<figure class="sernb-figure"{anchor}><div class="sernb-scroll" tabindex="0" role="group" aria-label="figure">'
        f'<img alt="{escape(alt)}" style="width: {width}px; min-width: min({width}px, {NARROWEST})" '
        f'src="{_data("image/png", buffer.getvalue())}"></div>{legend}</figure>'
    )


def table(frame: pd.DataFrame, caption: str = "", decimals: int = 3, index: bool = False) -> HTML:
    """A frame as a table that scrolls sideways where the screen is narrow, in the reader's words."""
    html = named(frame.rename_axis(columns=None)).to_html(
        index=index,
        border=0,
        justify="left",
        classes="dataframe",
        escape=True,
        na_rep="–",
        float_format=f"{{:.{decimals}f}}".format,
    )
    if caption:
        html = html.replace(">", f"><caption>{escape(caption)}</caption>", 1)
    return HTML(f'<div class="sernb-scroll" tabindex="0" role="group" aria-label="table">{html}</div>')


def _box(kind: str, title: str, body: str) -> HTML:
    return HTML(f'<div class="admonition {kind}"><p class="admonition-title">{escape(title)}</p><p>{body}</p></div>')
