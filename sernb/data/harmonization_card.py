"""The harmonization card: on one page, what became of every label and clip, as Markdown and as HTML."""

import html
from pathlib import Path

import numpy as np
import pandas as pd

from sernb.corpora.registry import CORPORA
from sernb.data.audit import audit
from sernb.data.escape import printable
from sernb.data.limits import concerns
from sernb.data.manifest import Harmonized, summarize
from sernb.data.markdown import markdown_table

CARD_FILES = ("card.md", "card.html")


def label_mapping(harmonized: Harmonized) -> pd.DataFrame:
    """Clips kept per corpus, source label and class; a label of no class is kept as unlabelled speech."""
    kept = harmonized.manifest.fillna({"source_label": "none", "emotion": "unlabelled"})
    return _count(kept, ["corpus", "source_label", "emotion"])


def rejections(harmonized: Harmonized) -> pd.DataFrame:
    """Clips rejected per corpus and reason."""
    return _count(harmonized.rejected, ["corpus", "reason"])


def unclaimed_folders(harmonized: Harmonized) -> pd.DataFrame:
    """Files no parser claims per folder, and what would take them."""
    return harmonized.unclaimed.groupby(["folder", "reason"]).size().rename("files").reset_index()


def audio_facts(harmonized: Harmonized) -> pd.DataFrame:
    """Per corpus: sampling rates in Hz and channels as found, durations in seconds, levels in dB full scale."""
    groups = harmonized.manifest.groupby("corpus")
    return pd.DataFrame(
        {
            "sampling rates": groups["sample_rate"].agg(_distinct),
            "channels": groups["channels"].agg(_distinct),
            "shortest": groups["duration_s"].min(),
            "median": groups["duration_s"].median(),
            "longest": groups["duration_s"].max(),
            "median level": 20 * np.log10(groups["rms"].median()),
            "clips reaching full scale": groups["clipped"].agg(lambda share: int((share > 0).sum())),
            "with activation": groups["activation"].count(),
            "with valence": groups["valence"].count(),
        }
    ).reset_index()


def speaker_facts(harmonized: Harmonized) -> pd.DataFrame:
    """Per corpus: speakers found and stated, clips of the speakers with fewest and most, clips of unknown speakers."""
    groups = harmonized.manifest.groupby("corpus")
    clips = harmonized.manifest.groupby(["corpus", "speaker"]).size().groupby("corpus")
    facts = pd.DataFrame(
        {"speakers": groups["speaker"].nunique(), "fewest clips": clips.min(), "most clips": clips.max()}
    )
    facts["clips of unknown speakers"] = groups["speaker"].agg(lambda speaker: int(speaker.isna().sum()))
    facts = facts.reset_index()
    stated = [CORPORA[name].speakers if name in CORPORA else None for name in facts["corpus"]]
    facts.insert(2, "stated by the authors", pd.array(stated, dtype="Int64"))
    return facts


def sections(harmonized: Harmonized) -> dict[str, pd.DataFrame]:
    """The card's tables by heading."""
    duplicates = audit(harmonized.manifest).duplicates
    return {
        "Corpora": summarize(harmonized),
        "Source labels and their classes": label_mapping(harmonized),
        "Rejected clips": rejections(harmonized),
        "Noted": pd.DataFrame({"note": concerns(harmonized.manifest)}),
        "Files no parser claims": unclaimed_folders(harmonized),
        "Identical audio": duplicates.drop(columns="audio_hash"),
        "Speakers": speaker_facts(harmonized),
        "Audio as found": audio_facts(harmonized),
    }


def write_card(harmonized: Harmonized, folder: Path) -> list[Path]:
    """Write the card beside the manifest; text from the corpora is shown, never run or rendered.

    Returns:
        The Markdown and the HTML file.
    """
    tables = sections(harmonized)
    rendered = _as_markdown(tables), _as_html(tables)
    files = [folder / name for name in CARD_FILES]
    for file, text in zip(files, rendered, strict=True):
        file.write_text(text, encoding="utf-8")
    return files


def _as_markdown(tables: dict[str, pd.DataFrame]) -> str:
    parts = ["# Harmonization card"]
    for heading, table in tables.items():
        parts += [f"## {heading}", markdown_table(table) if len(table) else "None."]
    return "\n\n".join(parts) + "\n"


def _as_html(tables: dict[str, pd.DataFrame]) -> str:
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Harmonization card</title><style>'
        "body{font-family:sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}"
        "table{border-collapse:collapse}th,td{padding:.2rem .7rem;border-bottom:1px solid #ccc;text-align:left}"
        "</style></head><body><h1>Harmonization card</h1>"
    ]
    for heading, table in tables.items():
        shown = table.astype(object).map(_html_cell)
        parts += [
            f"<h2>{heading}</h2>",
            shown.to_html(index=False, border=0, escape=False) if len(shown) else "<p>None.</p>",
        ]
    return "\n".join([*parts, "</body></html>", ""])


def _html_cell(value: object) -> str:
    """Escaped text: numbers to two places, missing ones as a dash."""
    if pd.isna(value):
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else html.escape(printable(value))


def _count(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return frame.groupby(columns).size().rename("clips").reset_index()


def _distinct(values: pd.Series) -> str:
    return ", ".join(map(str, sorted(values.dropna().unique()))) or "not read"
