"""What a chapter shows beside its pictures: notices, players, tables. Everything shown is escaped."""

import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
import torch
from IPython.display import HTML, Markdown
from PIL import Image

from sernb.corpora.demo import text_of
from sernb.evaluation.names import named
from sernb.experiments.study import Study
from sernb.figures.captioned import captioned, data_uri
from sernb.runs import Run, days
from sernb.speech.audio import SAMPLE_RATE, LogMel, load

figure = captioned  # what chapters call it
MISSING = "–"  # in a table's cell that holds nothing


def notice(study: Study) -> HTML:
    """Says whose speech the page's live numbers come from, and how much they mean."""
    facts = (
        f"Language: <b>{escape(study.language_name)}</b> ({escape(str(study.language))}). "
        f"Profile: <b>{escape(study.profile.name)}</b>. Encoder: <b>{escape(Path(study.encoder).name)}</b>. "
        f"Seed: <b>{study.seed}</b>. "
    )
    if study.is_demo:
        return _box(
            "warning",
            "Live numbers on this page prove the machinery, nothing else",
            facts + "The speech is the demo corpus: sentences spoken by eSpeak NG, with emotion as settings of rate, "
            "pitch and level. What is measured on it says nothing about people. Findings rest on real speech: see "
            "the pictures and tables captioned “Real speech” or “Stored runs”.",
        )
    corpora = ", ".join(sorted(study.manifest["corpus"].unique()))
    return _box("note", "Live numbers on this page", facts + f"Corpora: <b>{escape(corpora)}</b>.")


def reference(runs: Sequence[Run], what: str) -> HTML:
    """Heads a stored result on real speech: what it is, and where, when and from what it was made."""
    config = runs[0].config["config"]
    seeds = ", ".join(map(str, sorted({run.seed for run in runs})))
    minutes = median(run.environment["wall_s"] for run in runs) / 60
    corpora = sorted(set().union(*(run.predictions["corpus"] for run in runs)))
    about = (
        f"{what} Encoder: {runs[0].environment['encoder']}. Corpora: {', '.join(corpora)}. Runs: {len(runs)}. "
        f"Seeds: {seeds}. Window: {config['seconds']:g} s. {minutes:.1f} minutes per run (median)."
    )
    return made(runs, about)


def references(groups: Mapping[str, Sequence[Run]]) -> HTML:
    """`reference` of each group of runs, one below the other, under its name."""
    return HTML("".join(reference(runs, f"{name}.").data for name, runs in groups.items()))


def made(runs: Sequence[Run], what: str) -> HTML:
    """Heads stored results of many runs on real speech: what they are, and where and when they were made.

    Args:
        runs: at least one; the first tells the hardware and the version of torch.
        what: which results.
    """
    place = runs[0].environment
    return _box(
        "tip",
        "Reference run: real speech",
        escape(f"{what} Made on {days(runs)} with torch {place['versions']['torch']} on {runs[0].device}."),
    )


def player(path: str | Path, seconds: float = 4.0, caption: str = "", language: str = "", words: str = "") -> HTML:
    """An audio player that needs no server, with its spectrogram: the clip's first seconds as MP3 within the notebook.

    Args:
        path: the clip.
        seconds: how much of it is kept.
        caption: text beside the player.
        language: of the words, or of the caption where there are none; ISO 639-1, so that the browser picks the
            script's font and direction.
        words: what is said, shown after the caption.
    """
    return sound(load(path)[: round(seconds * SAMPLE_RATE)], caption or Path(path).stem, language, words)


def players(clips: pd.DataFrame, study: Study) -> HTML:
    """A player for each clip, its class under it, and in the demo corpus the words in their script.

    Args:
        clips: manifest rows, index emotion.
        study: whose clips they are.
    """
    shown = [
        player(clip["path"], caption=emotion, words=text_of(clip["path"]), language=study.language or "")
        if study.is_demo
        else player(clip["path"], caption=emotion)
        for emotion, clip in clips.iterrows()
    ]
    return HTML("".join(one.data for one in shown))


def sound(samples: np.ndarray, caption: str, language: str = "", words: str = "") -> HTML:
    """A player of samples, shape (samples,) at 16 kHz, with its spectrogram; see `player`."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="MP3")
    label, length = escape(f"{caption}: {words}" if words else caption), len(samples) / SAMPLE_RATE
    said = escape(words or caption)
    in_script = f'<bdi lang="{escape(language)}">{said}</bdi>' if language else said
    legend = f"{escape(caption)}: {in_script}" if words else in_script
    heard = data_uri("audio/mpeg", buffer.getvalue())
    return HTML(
        '<figure class="sernb-player">'
        f'<img alt="Log-mel spectrogram of {label}: {length:.1f} s from left to right, low frequencies at the bottom" '
        f'src="{data_uri("image/png", _spectrogram(samples))}">'
        f'<audio controls preload="none" aria-label="{label}" src="{heard}"></audio>'
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


def table(frame: pd.DataFrame | Mapping[str, Any], caption: str = "", decimals: int = 3, index: bool = False) -> HTML:
    """A frame as a table that scrolls sideways where the screen is narrow, its columns named as people say them.

    Args:
        frame: or its columns by their names, each a list or, for the only row, a value.
        caption: above the table.
        decimals: of numbers that aren't whole.
        index: whether the frame's index is shown.
    """
    if isinstance(frame, Mapping):
        frame = pd.DataFrame({name: pd.Series(values) for name, values in frame.items()})
    if frame.empty:
        return HTML(f"<p>{f'<b>{escape(caption)}:</b> ' if caption else ''}no rows.</p>")
    html = named(frame.rename_axis(columns=None).apply(_without_na)).to_html(
        index=index,
        border=0,
        justify="left",
        classes="dataframe",
        escape=True,
        na_rep=MISSING,
        float_format=f"{{:.{decimals}f}}".format,
    )
    if caption:
        html = html.replace(">", f"><caption>{escape(caption)}</caption>", 1)
    return HTML(f'<div class="sernb-scroll" tabindex="0" role="group" aria-label="table">{html}</div>')


def sentences(said: Iterable[str]) -> Markdown:
    """Sentences as a list, one point each."""
    return Markdown("\n".join(f"* {sentence}" for sentence in said))


def _without_na(column: pd.Series) -> pd.Series:
    """A column with a dash for what lacks: pandas writes its own NA as `<NA>`, whatever it is told."""
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb"
    return column if plain else column.astype(object).where(column.notna(), MISSING)


def _box(kind: str, title: str, body: str) -> HTML:
    return HTML(f'<div class="admonition {kind}"><p class="admonition-title">{escape(title)}</p><p>{body}</p></div>')
