"""A reader's clips: read by whichever parser knows them, or those of a language among corpora, all of one language."""

from pathlib import Path

import pandas as pd

from sernb.corpora.base import audio_names
from sernb.data.manifest import Harmonized, harmonize
from sernb.data.plainfolder import plain_folder
from sernb.experiments.study import SOURCE_LANGUAGE
from sernb.runs import RunStore


def read_clips(clips: Path, language: str | None, store: RunStore, progress: bool) -> Harmonized:
    """The clips by whichever parser knows them; without one every audio file as it is.

    Raises:
        FileNotFoundError: no folder, or no audio in it.
    """
    if not clips.is_dir():
        raise FileNotFoundError(f"{clips} is no folder; give a folder of recordings")
    cache = store.root / "checks-clips.parquet"
    try:
        return harmonize(clips, cache=cache, progress=progress, unpacked=store.root / "unpacked-clips")
    except FileNotFoundError:
        if not audio_names(clips):
            raise
        return plain_folder(clips, language or "und", cache, progress)


def clips_in(corpora: Harmonized, language: str | None) -> Harmonized:
    """The clips of a language, and the rejects of their corpora."""
    clips = corpora.manifest[corpora.manifest["language"] == language].reset_index(drop=True)
    rejected = corpora.rejected[corpora.rejected["corpus"].isin(clips["corpus"])]
    return Harmonized(clips, rejected.reset_index(drop=True))


def language_of(clips: pd.DataFrame, language: str | None) -> str:
    """The one language of manifest rows, which `language` names where they don't.

    Raises:
        ValueError: fewer than two clips, clips of several languages or of another one, or English.
    """
    there = sorted(set(clips["language"]))
    if len(clips) < 2:
        raise ValueError(f"{len(clips)} clips that can be used; statistics of a language need at least two")
    if language is None and len(there) > 1:
        raise ValueError(f"the clips are in {', '.join(there)}; give each language a folder, or name one: --language")
    if language is not None and not set(there) <= {language, "und"}:
        raise ValueError(f"the clips are in {', '.join(there)}, not {language}; correct one of the two")
    chosen = language or there[0]
    if chosen == SOURCE_LANGUAGE:
        raise ValueError("emotion is learnt in English: clips to adapt to are of another language; see --language")
    return chosen
