"""How recordings differ from those a model knows, as far as it can be heard without labels."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from sernb.data.files import read_table
from sernb.data.shipped import RESULTS
from sernb.languages import language_name
from sernb.models.confidence import Confidence
from sernb.speech.audio import SAMPLE_RATE

COSTS_FILE = "differences.parquet"
"""What differences cost on the reference corpora; made by benchmarks/differences.py."""
BAND, LEVEL, SPEAKER, GENDER = "half the band", "a tenth of the level", "one speaker", "one gender"
"""Differences that were measured."""


@lru_cache
def cost(difference: str, recentred: bool = True, folder: Path = RESULTS) -> str:
    """What a difference cost on the reference corpora, in words.

    Args:
        difference: BAND, LEVEL, SPEAKER or GENDER.
        recentred: whether embeddings are re-centred on statistics of the clips.
        folder: of the stored table.
    """
    file = folder / COSTS_FILE
    if not file.exists():
        return "what that costs was not measured"
    table = read_table(file)
    rows = table[(table["difference"] == difference) & (table["recentred"] == recentred)]
    changes = [f"{row.after - row.before:+.2f} in {language_name(row.language)}" for row in rows.itertuples()]
    return f"on the reference corpora {difference} changed a probe's macro-F1 by {', '.join(changes)}"


def differences_in_words(
    levels: Sequence[float],
    tops: Sequence[float],
    confidence: Confidence | None,
    highest_hz: float | None,
    recentred: bool,
) -> list[str]:
    """One line for each way in which most of what was heard differs from what was trained on.

    Args:
        levels: of the windows heard, full scale 1.
        tops: half of their files' sampling rates, Hz.
        confidence: of the model; None, or without levels, compares none.
        highest_hz: end of the band that the model hears, None for all.
        recentred: whether embeddings are re-centred on statistics of the recordings.
    """
    if not len(levels):
        return []
    lines = []
    if confidence is not None and confidence.level is not None:
        (low, high), level = confidence.level, float(np.median(levels))
        if not low <= level <= high:
            known = f"speech it was trained on mostly {low:.3f} to {high:.3f}"
            lines.append(
                f"half of the windows reach less than {level:.3f} of full scale, {known}; {cost(LEVEL, recentred)}"
            )
    top, known_to = float(np.median(tops)), highest_hz or SAMPLE_RATE / 2
    if top < known_to:
        lines.append(
            f"most files end at {top:.0f} Hz, the model listens up to {known_to:.0f} Hz; {cost(BAND, recentred)}"
        )
    return lines
