"""The one table every later step reads: all corpora, one row an utterance, and a second table of rejects."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from sernb.checks import check_all
from sernb.corpora.base import Clip, Corpus, Reject
from sernb.corpora.registry import discover
from sernb.folds import assign_folds
from sernb.labels import EMOTIONS, to_class

MANIFEST_FILE = "manifest.parquet"
REJECTED_FILE = "rejected.parquet"
CHECKS_FILE = "checks.parquet"


@dataclass(frozen=True)
class Rules:
    """Which clips are kept.

    Attributes:
        min_duration_s: shortest clip, seconds (Gong et al. 2025, section 3.1: 0.5).
        max_duration_s: longest clip, seconds (Gong et al. 2025, section 3.1: 12).
    """

    min_duration_s: float = 0.5
    max_duration_s: float = 12.0


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
        "audio_hash": _text(),
        "fold": pa.Column("Int64", nullable=True, coerce=True),
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
) -> Harmonized:
    """Find the corpora below a folder and bring them into one table.

    Args:
        root: a folder with corpora in the layouts they are published in.
        rules: which clips are kept.
        folds: number of speaker-disjoint folds a corpus is dealt into.
        seed: decides between equally good folds.
        cache: file that remembers what the audio files hold, so that a second run is quick.
        progress: show a progress bar.

    Raises:
        FileNotFoundError: no corpus lies below `root`.
    """
    listed = [(corpus, folder, row) for corpus, folder in discover(root.resolve()) for row in corpus.read(folder)]
    clips = [(corpus, folder, row) for corpus, folder, row in listed if isinstance(row, Clip)]
    rejects = [(corpus, row.path, None, row.reason) for corpus, _, row in listed if isinstance(row, Reject)]
    checks = check_all((clip.path for _, _, clip in clips), cache, progress)

    rows, taken = [], set()
    for (corpus, folder, clip), audio in zip(clips, checks.itertuples(), strict=True):
        utterance_id = f"{corpus.name}/{clip.path.relative_to(folder).with_suffix('').as_posix()}"
        reason = audio.problem or _broken_rule(audio.duration_s, rules)
        if reason is None and utterance_id in taken:
            reason = "another file of the same name, with another extension, was kept"
        if reason is not None:
            rejects.append((corpus, clip.path, clip.source_label, reason))
            continue
        taken.add(utterance_id)
        rows.append(_row(corpus, clip, utterance_id, audio))

    manifest = pd.DataFrame(rows, columns=[name for name in MANIFEST.columns if name != "fold"])
    manifest["fold"] = assign_folds(manifest, folds, seed)
    rejected = pd.DataFrame(
        [(corpus.name, str(path), label, reason) for corpus, path, label, reason in rejects],
        columns=list(REJECTED.columns),
    )
    return Harmonized(MANIFEST.validate(manifest), REJECTED.validate(rejected))


def _broken_rule(duration_s: float, rules: Rules) -> str | None:
    if duration_s < rules.min_duration_s:
        return f"shorter than {rules.min_duration_s:g} s"
    if duration_s > rules.max_duration_s:
        return f"longer than {rules.max_duration_s:g} s"
    return None


def _row(corpus: Corpus, clip: Clip, utterance_id: str, audio) -> dict:
    return {
        **asdict(clip),
        "utterance_id": utterance_id,
        "corpus": corpus.name,
        "language": clip.language or corpus.languages[0],
        "path": str(clip.path),
        "speaker": None if clip.speaker is None else f"{corpus.name}/{clip.speaker}",
        "emotion": to_class(clip.source_label),
        "duration_s": audio.duration_s,
        "audio_hash": audio.audio_hash,
    }


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
