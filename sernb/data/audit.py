"""Proof that a harmonized table holds no leak: who and what is on both sides of any split."""

from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from sernb.data.folds import shared


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes:
        leaks: one line a leak; empty when the table can be trusted.
        duplicates: identical audio, columns audio_hash, corpus, speaker, utterance_id, same_fold.
        counts: clips per corpus, fold, gender and class.
    """

    leaks: list[str]
    duplicates: pd.DataFrame
    counts: pd.DataFrame


def audit(manifest: pd.DataFrame) -> Audit:
    """Look for speakers and identical audio across folds, across official splits and across corpora."""
    leaks = []
    for column in ("fold", "split"):
        for corpus, clips in manifest.groupby("corpus"):
            parts = clips[clips[column].notna()].groupby(column)
            for (a, left), (b, right) in combinations(parts, 2):
                leak = shared(left, right)
                if leak:
                    leaks.append(f"{corpus}: {column} {a} and {column} {b} share {leak}")
    for (a, left), (b, right) in combinations(manifest.groupby("corpus"), 2):
        leak = shared(left, right)
        if leak:
            leaks.append(f"{a} and {b} share {leak}: they must not be on two sides of a split")

    heard = manifest[manifest["audio_hash"].notna()]
    repeated = heard[heard.duplicated("audio_hash", keep=False)].sort_values(["audio_hash", "utterance_id"])
    duplicates = repeated[["audio_hash", "corpus", "speaker", "utterance_id"]].reset_index(drop=True)
    duplicates["same_fold"] = repeated.groupby("audio_hash")["fold"].transform("nunique").to_numpy() <= 1

    counts = (
        manifest.fillna({"gender": "unknown", "emotion": "unlabelled"})
        .groupby(["corpus", "fold", "gender", "emotion"])
        .size()
        .unstack(["gender", "emotion"], fill_value=0)
        .sort_index(axis=1)
    )
    counts.insert(0, ("speakers", ""), manifest.groupby(["corpus", "fold"])["speaker"].nunique())
    return Audit(leaks, duplicates, counts)
