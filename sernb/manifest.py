"""The one table every later step reads: all corpora, one row an utterance, and a second table of rejects."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from sernb.checks import check_all
from sernb.corpora import das2022
from sernb.corpora.registry import discover
from sernb.folds import assign_folds
from sernb.labels import EMOTIONS, to_class
from sernb.listing import listing

MANIFEST_FILE = "manifest.parquet"
REJECTED_FILE = "rejected.parquet"
CHECKS_FILE = "checks.parquet"
UNPACKED_FOLDER = "unpacked"


@dataclass(frozen=True)
class Rules:
    """Which clips are kept.

    Attributes:
        min_duration_s: shortest clip, seconds (Gong et al. 2025, section 3.1: 0.5).
        max_duration_s: longest clip, seconds (Gong et al. 2025, section 3.1: 12).
        min_peak: smallest level the loudest sample may have, full scale 1; a clip under it is silent.
        max_clipped: largest share of samples at full scale, 0 to 1. Shouting clips a little in good corpora
            (BanglaSER up to 0.042).
    """

    min_duration_s: float = 0.5
    max_duration_s: float = 12.0
    min_peak: float = 0.001
    max_clipped: float = 0.1


def _text(nullable: bool = False, unique: bool = False, isin: Iterable[str] | None = None) -> pa.Column:
    return pa.Column("string", pa.Check.isin(isin) if isin else None, nullable=nullable, unique=unique, coerce=True)


def _number(nullable: bool = False, check: pa.Check | None = None) -> pa.Column:
    return pa.Column("float64", check, nullable=nullable, coerce=True)


MANIFEST = pa.DataFrameSchema(
    {
        "utterance_id": _text(unique=True),
        "corpus": _text(),
        "language": _text(),
        "path": _text(),
        "speaker": _text(nullable=True),
        "gender": _text(nullable=True, isin=("female", "male")),
        "emotion": _text(nullable=True, isin=EMOTIONS),
        "source_label": _text(nullable=True),
        "session": _text(nullable=True),
        "split": _text(nullable=True),
        "duration_s": _number(check=pa.Check.gt(0)),
        "activation": _number(nullable=True),
        "valence": _number(nullable=True),
        "audio_hash": _text(nullable=True),  # missing where samples were not read
        "fold": pa.Column("Int64", nullable=True, coerce=True),
        "dominance": _number(nullable=True),
        "style": _text(nullable=True),
        "sample_rate": pa.Column("Int64", nullable=True, coerce=True),
        "channels": pa.Column("Int64", nullable=True, coerce=True),
        "peak": _number(nullable=True),
        "rms": _number(nullable=True),
        "clipped": _number(nullable=True),
    },
    strict=True,
    ordered=True,
)
REJECTED = pa.DataFrameSchema(
    {"corpus": _text(), "path": _text(), "source_label": _text(nullable=True), "reason": _text()},
    strict=True,
    ordered=True,
)


@dataclass(frozen=True)
class Harmonized:
    """The two tables: clips kept (schema MANIFEST) and clips rejected with a reason (schema REJECTED)."""

    manifest: pd.DataFrame
    rejected: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Write both tables as Parquet."""
        folder.mkdir(parents=True, exist_ok=True)
        self.manifest.to_parquet(folder / MANIFEST_FILE, index=False)
        self.rejected.to_parquet(folder / REJECTED_FILE, index=False)

    @classmethod
    def load(cls, folder: Path) -> "Harmonized":
        """Read both tables.

        Raises:
            FileNotFoundError: `folder` was not written by `harmonize`.
            pandera.errors.SchemaError: a table was edited into something it can't be.
        """
        if not (folder / MANIFEST_FILE).exists():
            raise FileNotFoundError(f"{folder} holds no {MANIFEST_FILE}; make it with `sernb harmonize`")
        return cls(
            MANIFEST.validate(pd.read_parquet(folder / MANIFEST_FILE)),
            REJECTED.validate(pd.read_parquet(folder / REJECTED_FILE)),
        )


def harmonize(
    root: Path,
    rules: Rules = Rules(),
    folds: int = 5,
    seed: int = 0,
    cache: Path | None = None,
    progress: bool = True,
    headers_only: bool = False,
    unpacked: Path | None = None,
) -> Harmonized:
    """Find the corpora below a folder and bring them into one table.

    Args:
        root: a folder with corpora in the layouts they are published in.
        rules: which clips are kept.
        folds: number of speaker-disjoint folds a corpus is dealt into.
        seed: decides between equally good folds.
        cache: file that remembers what the audio files hold, so that a second run is quick.
        progress: show a progress bar.
        headers_only: read no samples: durations from the corpus's own table or the files' headers; identical audio
            is not found, silence, clipping and truncation are not noticed.
        unpacked: folder for audio that a corpus keeps inside other files (Parquet); None rejects such a corpus.

    Raises:
        FileNotFoundError: no corpus lies below `root`.
    """
    clips, rejects = listing(discover(root.resolve()), unpacked)
    clips, unusable = das2022.join(clips, root.resolve())

    stated = clips["duration_s"].notna() & headers_only
    opened = clips["problem"].isna() & ~stated
    checks = check_all(clips.loc[opened, "path"], cache, progress, headers_only).set_index(clips.index[opened])
    clips = (
        clips.drop(columns="duration_s")
        .join(checks.drop(columns=["path", "problem"]))
        .assign(
            duration_s=checks["duration_s"].reindex(clips.index).fillna(clips["duration_s"]),
            problem=clips["problem"].fillna(checks["problem"].reindex(clips.index)),
        )
    )
    clips["problem"] = clips["problem"].fillna(_broken_rules(clips, rules))
    free = clips[clips["problem"].isna()]
    clips.loc[free.index[free.duplicated("utterance_id")], "problem"] = "another clip of the same name was kept already"
    clips.loc[clips.duplicated("path"), "problem"] = "listed more than once"

    kept = clips["problem"].isna()
    emotions = {label: to_class(label) for label in clips["source_label"].dropna().unique()}
    clips["emotion"] = clips["source_label"].map(emotions).astype("string")
    manifest = clips[kept].reset_index(drop=True)
    manifest["fold"] = assign_folds(manifest, folds, seed)
    refused = clips[~kept].rename(columns={"problem": "reason"})
    rejected = pd.concat([rejects, unusable, refused[list(REJECTED.columns)]], ignore_index=True)
    return Harmonized(MANIFEST.validate(manifest[list(MANIFEST.columns)]), REJECTED.validate(rejected))


def _broken_rules(clips: pd.DataFrame, rules: Rules) -> pd.Series:
    """The first rule each clip breaks, in words; missing where it breaks none, or where nothing was measured."""
    reasons = pd.Series(pd.NA, index=clips.index, dtype="string")
    for broken, reason in (
        (clips["duration_s"] < rules.min_duration_s, f"shorter than {rules.min_duration_s:g} s"),
        (clips["duration_s"] > rules.max_duration_s, f"longer than {rules.max_duration_s:g} s"),
        (clips["peak"] < rules.min_peak, f"silent: no sample reaches {rules.min_peak:g} of full scale"),
        (clips["clipped"] > rules.max_clipped, f"clipped: more than {rules.max_clipped:.0%} of samples at full scale"),
    ):
        reasons = reasons.mask(broken & reasons.isna(), reason)
    return reasons


def summarize(harmonized: Harmonized) -> pd.DataFrame:
    """Per corpus and language: clips kept and rejected, speakers, gender, classes, hours."""
    kept = harmonized.manifest
    groups = kept.groupby(["corpus", "language"])
    table = pd.DataFrame({"kept": groups.size()})
    rejected = harmonized.rejected.groupby("corpus").size()
    table["rejected"] = table.index.get_level_values("corpus").map(rejected).fillna(0).astype(int)
    table["speakers"] = groups["speaker"].nunique()
    for column, values in (("gender", ("female", "male")), ("emotion", EMOTIONS)):
        counts = kept.groupby(["corpus", "language", column]).size().unstack(fill_value=0)
        table = table.join(counts.reindex(columns=list(values), fill_value=0))
    table = table.fillna(0).astype(int)
    table["unlabelled"] = groups["emotion"].agg(lambda emotion: emotion.isna().sum()).astype(int)
    table["hours"] = groups["duration_s"].sum() / 3600
    return table.reset_index()
