"""The book's own pictures: the card others show when someone links to it."""

from pathlib import Path
from textwrap import fill

import torch
from matplotlib.figure import Figure

from sernb.corpora.demo import make_demo
from sernb.corpora.demo_voices import VOICES
from sernb.figures.plots import log_mel
from sernb.speech.audio import SAMPLE_RATE, LogMel, load

INK, PAPER = "#1b1036", "#fdf6ee"


def social_card(path: Path, title: str, subtitle: str) -> Path:
    """Draw the title over what Whisper sees of a sentence in each of the demo corpus's languages.

    Args:
        path: the PNG to write, 1200 x 630 pixels, the size link previews ask for.
        title: a few words; wrapped.
        subtitle: one line.
    """
    card = Figure(figsize=(12, 6.3), facecolor=INK)
    corpus, to_log_mel = make_demo(), LogMel()
    for number, language in enumerate(VOICES):
        samples = load(sorted((corpus / language).glob("*_neutral_*.flac"))[0])[: 2 * SAMPLE_RATE]
        ax = card.add_axes((number / len(VOICES), 0, 1 / len(VOICES), 0.42))
        log_mel(to_log_mel(torch.from_numpy(samples)[None])[0].numpy(), ax)
        ax.set_axis_off()
    card.text(0.06, 0.92, fill(title, 34), color=PAPER, fontsize=42, weight="bold", va="top")
    card.text(0.06, 0.5, subtitle, color=PAPER, fontsize=22)
    card.savefig(path, dpi=100)
    return path
