"""What limits a harmonized table although nothing in it is wrong, and what follows from it for a study."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from sernb.data.grouping import each_corpus
from sernb.labels import EMOTIONS

HEARD_HZ = 8_000  # as high as the encoder listens: half of its sampling rate
NAMED = 3  # clips named where more are counted
SKEWED = 0.8  # share of one gender from which scores are that gender's


def concerns(manifest: pd.DataFrame, folds: int = 5, clips_per_speaker: int = 4) -> list[str]:
    """One line for each limit of each corpus and language, and for audio lying there twice; empty where there is none.

    Args:
        manifest: manifest rows.
        folds: folds the speakers should fill.
        clips_per_speaker: clips a speaker needs to take part in contrastive learning.
    """
    return [
        f"{about['corpus']}, {about['language']}: {line}"
        for about, clips in each_corpus(manifest)
        for line in (
            *_notes(clips),
            *_speakers(clips, folds, clips_per_speaker),
            *_two_genders(clips),
            *_gender(clips),
            *_emotion(clips),
            *_audio(clips),
            *_language(about["language"]),
        )
    ] + list(_copies(manifest))


def refusals(rejected: pd.DataFrame) -> list[str]:
    """One line for each reason for which clips of a corpus were rejected, with the first of them.

    Args:
        rejected: rows of the table of rejects.
    """
    return [
        f"{corpus}: {reason}; clips: {len(clips)} ({_some(clips['path'].map(os.path.basename))})"
        for (corpus, reason), clips in rejected.groupby(["corpus", "reason"])
    ]


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")


def _notes(clips: pd.DataFrame) -> Iterator[str]:
    noted = clips[["note", "utterance_id"]].dropna()
    noted = noted.assign(note=noted["note"].str.split("\n")).explode("note")
    for note, rows in noted.groupby("note"):
        yield f"{note}; clips: {len(rows)} ({_some(rows['utterance_id'])})"


def _two_genders(clips: pd.DataFrame) -> Iterator[str]:
    known = clips[clips["gender"].notna()]
    for speaker, rows in known[known.groupby("speaker")["gender"].transform("nunique") > 1].groupby("speaker"):
        counts = rows["gender"].value_counts()
        fewest = rows.loc[rows["gender"] == counts.index[-1], "utterance_id"]
        stated = " and ".join(f"{gender} in {count}" for gender, count in counts.items())
        yield f"speaker {speaker} has two genders, {stated} clips; {counts.index[-1]} in {_some(fewest)}"


def _copies(manifest: pd.DataFrame) -> Iterator[str]:
    """Folders that hold the same audio under the same names: a corpus that lies there twice."""
    heard = manifest[manifest["audio_hash"].notna()]
    pairs = defaultdict(list)
    for _, clips in heard[heard.duplicated("audio_hash", keep=False)].groupby("audio_hash"):
        first, *others = sorted(clips["path"])
        for other in others:
            pairs[_without_common_end(first, other)].append(os.path.basename(first))
    for (one, other), names in pairs.items():
        if one != other and len(names) > 1:
            above = os.path.dirname(os.path.commonpath((one, other)))
            left, right = (os.path.relpath(folder, above) for folder in (one, other))
            named = _some(sorted(names))
            yield f"{left} and {right} hold the same audio, clips: {len(names)} ({named}); keep one of the two"


def _without_common_end(one: str, other: str) -> tuple[str, str]:
    """Two paths without the name and the folders that both end in; their folders where the names differ."""
    left, right = (list(Path(path).with_suffix("").parts) for path in (one, other))
    if left[-1] != right[-1]:
        return os.path.dirname(one), os.path.dirname(other)
    while left and right and left[-1] == right[-1]:
        left.pop()
        right.pop()
    return os.path.join("", *left), os.path.join("", *right)


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
