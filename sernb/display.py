"""What a chapter shows beside its pictures: notices, players, tables. Everything shown is escaped."""

import base64
import io
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from IPython.display import HTML

from sernb.audio import SAMPLE_RATE, load
from sernb.runs import Run
from sernb.study import Study


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


def reference(runs: list[Run], what: str) -> HTML:
    """Heads a stored result on real speech: what it is, and where, when and from what it was made."""
    place, config = runs[0].environment, runs[0].config["config"]
    seeds = ", ".join(str(run.config["config"]["seed"]) for run in runs)
    minutes = sum(run.environment["wall_s"] for run in runs) / len(runs) / 60
    corpora = sorted(set().union(*(run.predictions["corpus"] for run in runs)))
    device = place["gpu"] or f"{place['cores']} cores of {place['processor']}"
    return _box(
        "tip",
        "Reference run: real speech",
        f"{escape(what)} Encoder: {escape(place['encoder'])}. Corpora: {escape(', '.join(corpora))}. "
        f"Seeds: {seeds}. Window: {config['seconds']:g} s. Made on {escape(place['date'])} with torch "
        f"{escape(place['versions']['torch'])} on {escape(device)}, {minutes:.1f} minutes a run.",
    )


def made(place: dict, what: str) -> HTML:
    """Heads stored results of many runs on real speech: what they are, and where and when they were made.

    Args:
        place: as `runs.environment` returns it.
        what: which results.
    """
    device = place["gpu"] or f"{place['cores']} cores of {place['processor']}"
    return _box(
        "tip",
        "Reference run: real speech",
        f"{escape(what)} Made on {escape(place['date'])} with torch {escape(place['versions']['torch'])} "
        f"on {escape(device)}.",
    )


def player(path: str | Path, seconds: float = 4.0, caption: str = "", language: str = "") -> HTML:
    """An audio player that needs no server: the clip's first seconds as OGG within the page.

    Args:
        path: the clip.
        seconds: how much of it is kept.
        caption: text beside the player.
        language: of the caption, ISO 639-1, so that the browser picks the script's font and direction.
    """
    return sound(load(path)[: round(seconds * SAMPLE_RATE)], caption or Path(path).stem, language)


def sound(samples: np.ndarray, caption: str, language: str = "") -> HTML:
    """A player of samples, shape (samples,) at 16 kHz; see `player`."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE, format="OGG", subtype="VORBIS")
    data = base64.b64encode(buffer.getvalue()).decode()
    label = escape(caption)
    return HTML(
        '<figure class="sernb-player">'
        f'<audio controls preload="none" aria-label="{label}" src="data:audio/ogg;base64,{data}"></audio>'
        f'<figcaption lang="{escape(language)}" dir="auto">{label}</figcaption></figure>'
    )


def table(frame: pd.DataFrame, caption: str = "", decimals: int = 3, index: bool = False) -> HTML:
    """A frame as a table that scrolls sideways where the screen is narrow."""
    html = frame.to_html(
        index=index,
        border=0,
        justify="left",
        classes="dataframe",
        escape=True,
        na_rep="–",
        float_format=f"{{:.{decimals}f}}".format,
    )
    heading = f"<p><b>{escape(caption)}</b></p>" if caption else ""
    return HTML(f'{heading}<div style="overflow-x: auto">{html}</div>')


def _box(kind: str, title: str, body: str) -> HTML:
    return HTML(f'<div class="admonition {kind}"><p class="admonition-title">{escape(title)}</p><p>{body}</p></div>')
