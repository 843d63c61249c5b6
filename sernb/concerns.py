"""What limits a harmonized table although nothing in it is wrong, and what follows from it for a study."""

from collections.abc import Iterator

import pandas as pd

from sernb.labels import EMOTIONS

HEARD_HZ = 8_000  # as high as the encoder listens: half of its sampling rate
SKEWED = 0.8  # share of one gender from which scores are that gender's


def concerns(manifest: pd.DataFrame, folds: int = 5, clips_per_speaker: int = 4) -> list[str]:
    """One line for each limit of each corpus and language; empty where there is none.

    Args:
        manifest: manifest rows.
        folds: folds the speakers should fill.
        clips_per_speaker: clips a speaker needs to take part in contrastive learning.
    """
    groups = manifest.groupby(["corpus", "language"])
    return [
        f"{corpus}, {language}: {line}"
        for (corpus, language), clips in groups
        for line in (
            *_speakers(clips, folds, clips_per_speaker),
            *_gender(clips),
            *_emotion(clips),
            *_audio(clips),
            *_language(language),
        )
    ]


def _speakers(clips: pd.DataFrame, folds: int, clips_per_speaker: int) -> Iterator[str]:
    counts, filled = clips["speaker"].value_counts(), clips["fold"].nunique()
    if filled < folds:
        yield f"speakers known: {len(counts)}, folds filled: {filled} of {folds}; so few voices make a score a guess"
    unknown = int(clips["speaker"].isna().sum())
    if unknown:
        yield f"clips without a speaker: {unknown}; they share one fold and take no part in contrastive learning"
    few = int((counts < clips_per_speaker).sum())
    if few:
        yield f"speakers with fewer than {clips_per_speaker} clips: {few}; they take no part in contrastive learning"


def _gender(clips: pd.DataFrame) -> Iterator[str]:
    shares = clips["gender"].value_counts(normalize=True)
    if shares.empty:
        yield "no gender is known; scores can't be told apart by gender"
    elif len(shares) == 1:
        yield f"every known gender is {shares.index[0]}; nothing measured here holds for other speakers"
    elif shares.iloc[0] > SKEWED:
        yield f"{shares.iloc[0]:.0%} of the clips are {shares.index[0]}; read every score by gender"


def _emotion(clips: pd.DataFrame) -> Iterator[str]:
    labelled = clips[clips["emotion"].notna()]
    if labelled.empty:
        yield "no clip has a label; it can be adapted to, but nothing can be measured on it"
    missing = [emotion for emotion in EMOTIONS if not (labelled["emotion"] == emotion).any()]
    if missing and len(labelled):
        yield f"no clip is {' or '.join(missing)}; macro-F1 counts every absent class as 0"
    others = clips.loc[clips["emotion"].isna() & clips["source_label"].notna(), "source_label"].value_counts()
    if len(others):
        named = ", ".join(f"{label} {count}" for label, count in others.items())
        yield f"labels of no class ({named}); these clips are kept without a label"


def _audio(clips: pd.DataFrame) -> Iterator[str]:
    for rate, count in clips["sample_rate"].value_counts().sort_index().items():
        if rate < 2 * HEARD_HZ:
            yield f"clips at {rate} Hz: {count}; they hold nothing above {rate // 2} Hz, the encoder hears {HEARD_HZ}"


def _language(language: str) -> Iterator[str]:
    if language == "und":
        yield "the language is not stated; add a column `language` (sw, am, ...) or ask for language und"
