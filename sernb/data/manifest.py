"""The one table every later step reads: all corpora, one row an utterance, and a second table of rejects."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten

import pandas as pd
import pandera.pandas as pa

from sernb.corpora import das2022
from sernb.corpora.discovery import CorpusByFolder, Place, discover
from sernb.corpora.ranges import Folds, Seed, check_value
from sernb.corpora.unclaimed import no_corpus, unclaimed
from sernb.data.disk import naming_full_disk
from sernb.data.escape import one_line
from sernb.data.files import FileError, read_table
from sernb.data.folds import assign_folds
from sernb.data.inspection import Look, check_all
from sernb.data.listing import listing
from sernb.data.rules import RULES, Rules, broken_rules
from sernb.labels import EMOTIONS, to_class

MANIFEST_FILE = "manifest.parquet"
REJECTED_FILE = "rejected.parquet"
UNCLAIMED_FILE = "unclaimed.parquet"
CHECKS_FILE = "checks.parquet"
UNPACKED_FOLDER = "unpacked"
NO_PARSER = "claimed by no parser"
NO_LANGUAGE = "-"


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
        "note": _text(nullable=True),
    },
    strict=True,
    ordered=True,
)
REJECTED = pa.DataFrameSchema(
    {"corpus": _text(), "path": _text(), "source_label": _text(nullable=True), "reason": _text()},
    strict=True,
    ordered=True,
)
UNCLAIMED = pa.DataFrameSchema({"path": _text(), "folder": _text(), "reason": _text()}, strict=True, ordered=True)


def _none_unclaimed() -> pd.DataFrame:
    return UNCLAIMED.validate(pd.DataFrame(columns=list(UNCLAIMED.columns)))


@dataclass(frozen=True)
class Harmonized:
    """Three tables that together hold every audio file.

    Attributes:
        manifest: clips kept (schema MANIFEST).
        rejected: clips rejected, each with a reason (schema REJECTED).
        unclaimed: files no parser claims, with what the nearest one wants (schema UNCLAIMED).
    """

    manifest: pd.DataFrame
    rejected: pd.DataFrame
    unclaimed: pd.DataFrame = field(default_factory=_none_unclaimed)

    def save(self, folder: Path) -> None:
        """Write the tables as Parquet."""
        folder.mkdir(parents=True, exist_ok=True)
        with naming_full_disk(folder):
            self.manifest.to_parquet(folder / MANIFEST_FILE, index=False)
            self.rejected.to_parquet(folder / REJECTED_FILE, index=False)
            self.unclaimed.to_parquet(folder / UNCLAIMED_FILE, index=False)

    @classmethod
    def load(cls, folder: Path) -> "Harmonized":
        """Read the tables; the third is empty where an earlier version wrote the folder.

        Raises:
            FileNotFoundError: `folder` was not written by `harmonize`.
            FileError: a table was edited into something it can't be.
        """
        if not (folder / MANIFEST_FILE).exists():
            raise FileNotFoundError(f"{folder} holds no {MANIFEST_FILE}; make it with `sernb harmonize`")
        others = folder / UNCLAIMED_FILE
        return cls(
            _read(folder / MANIFEST_FILE, MANIFEST),
            _read(folder / REJECTED_FILE, REJECTED),
            _read(others, UNCLAIMED) if others.exists() else _none_unclaimed(),
        )


def _read(file: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    try:
        return schema.validate(read_table(file))
    except pa.errors.SchemaError as error:
        problem = shorten(one_line(error), 300, placeholder=" ...")  # every cell that fails is named
        raise FileError(file, f"{problem}; make it again with `sernb harmonize`") from error


def harmonize(
    root: Path,
    rules: Rules = RULES,
    folds: int = 5,
    seed: int = 0,
    cache: Path | None = None,
    progress: bool = True,
    headers_only: bool = False,
    unpacked: Path | None = None,
    taken_as: CorpusByFolder | None = None,
    look: Look | None = None,
) -> Harmonized:
    """Find the corpora below a folder and bring them into one table.

    Args:
        root: a folder with corpora.
        rules: which clips are kept.
        folds: number of speaker-disjoint folds a corpus is dealt into.
        seed: decides between equally good folds.
        cache: file that remembers what the audio files hold, so that a second run is quick.
        progress: show a progress bar.
        headers_only: read no samples: durations from the corpus's own table or the files' headers; identical audio
            is not found, silence, clipping and truncation are not noticed.
        unpacked: folder for audio that a corpus keeps inside other files (Parquet); None rejects such a corpus.
        taken_as: folders to be taken as a corpus whatever they look like, its name by folder, absolute or relative to
            `root`: {"mine/set": "banglaser"}.
        look: opens the files, see `check_all`; None does it here.

    Raises:
        FileNotFoundError: no corpus lies below `root`, or a folder of `taken_as` is none.
        ValueError: `taken_as` names no corpus, or a folder outside `root`.
    """
    check_value("folds", folds, Folds)
    check_value("seed", seed, Seed)
    root = Path(os.path.abspath(root))  # not resolved: a linked folder keeps its name
    places = discover(root, taken_as)
    clips, rejects = listing(places, unpacked)
    others = _others(root, places, pd.concat([clips["path"], rejects["path"]]), unpacked)
    if not places:
        raise FileNotFoundError(no_corpus(root, others))
    clips, unusable = das2022.join(clips, root)

    stated = clips["duration_s"].notna() & headers_only
    opened = clips["problem"].isna() & ~stated
    checks = check_all(clips.loc[opened, "path"], cache, progress, headers_only, look).set_index(clips.index[opened])
    clips = (
        clips.drop(columns="duration_s")
        .join(checks.drop(columns=["path", "problem"]))
        .assign(
            duration_s=checks["duration_s"].reindex(clips.index).fillna(clips["duration_s"]),
            problem=clips["problem"].fillna(checks["problem"].reindex(clips.index)),
        )
    )
    clips["problem"] = clips["problem"].fillna(broken_rules(clips, rules))
    free = clips[clips["problem"].isna()]
    again = free[free.duplicated("utterance_id")]
    clips.loc[again.index, "problem"] = _kept_already(again, free.drop_duplicates("utterance_id"), root.resolve())
    clips.loc[clips.duplicated("path"), "problem"] = "listed more than once"

    kept = clips["problem"].isna()
    emotions = {label: to_class(label) for label in clips["source_label"].dropna().unique()}
    clips["emotion"] = clips["source_label"].map(emotions).astype("string")
    manifest = clips[kept].reset_index(drop=True)
    manifest["fold"] = assign_folds(manifest, folds, seed)
    refused = clips[~kept].rename(columns={"problem": "reason"})
    rejected = pd.concat([rejects, unusable, refused[list(REJECTED.columns)]], ignore_index=True)
    return Harmonized(MANIFEST.validate(manifest[list(MANIFEST.columns)]), REJECTED.validate(rejected), others)


def _others(root: Path, places: list[Place], accounted: pd.Series, unpacked: Path | None) -> pd.DataFrame:
    """The files below `root` no parser claims, schema UNCLAIMED; what was unpacked there is no file of a reader's."""
    own = f"{os.path.abspath(unpacked)}/" if unpacked else None
    rows = [row for row in unclaimed(root, places, accounted) if own is None or not row[0].startswith(own)]
    return UNCLAIMED.validate(pd.DataFrame(rows, columns=list(UNCLAIMED.columns)))


def _kept_already(again: pd.DataFrame, kept: pd.DataFrame, root: Path) -> list[str]:
    """Why clips are rejected whose corpus and name a kept clip has, with the folder of the kept clip's corpus."""
    kept = kept.set_index("utterance_id").loc[again["utterance_id"]]
    reasons = []
    for clip, path, audio in zip(again.itertuples(), kept["path"], kept["audio_hash"], strict=True):
        name = clip.utterance_id.removeprefix(f"{clip.corpus}/")
        folder = os.path.relpath(os.path.splitext(path)[0].removesuffix(name), root)
        same = pd.notna(audio) and audio == clip.audio_hash
        beside = os.path.dirname(path) == os.path.dirname(clip.path)
        remedy = "keep one of the two" if same or beside else "give one of the two folders another name"
        reasons.append(f"{'the same clip' if same else 'another clip of the same name'} lies in {folder}: {remedy}")
    return reasons


def summarize(harmonized: Harmonized) -> pd.DataFrame:
    """Per corpus and language: files kept, rejected and claimed by no parser, speakers, gender, classes, hours.

    The first three columns add up to every audio file, and to every file a table lists. What is rejected has no
    language: it stands with its corpus's only one, else in a row of its own, as does what no parser claims.
    """
    kept = harmonized.manifest
    groups = kept.groupby(["corpus", "language"])
    table = pd.DataFrame({"kept": groups.size()})
    languages = {corpus: list(rows["language"].unique()) for corpus, rows in kept.groupby("corpus")}
    rejected = {
        (corpus, languages[corpus][0] if len(languages.get(corpus, ())) == 1 else NO_LANGUAGE): count
        for corpus, count in harmonized.rejected.groupby("corpus").size().items()
    }
    others = {(NO_PARSER, NO_LANGUAGE): len(harmonized.unclaimed)} if len(harmonized.unclaimed) else {}
    rows = pd.MultiIndex.from_tuples([*table.index, *rejected, *others], names=["corpus", "language"])
    table = table.reindex(rows.unique())
    table["rejected"] = table.index.map(rejected)
    table["unclaimed"] = table.index.map(others)
    table["speakers"] = groups["speaker"].nunique()
    for column, values in (("gender", ("female", "male")), ("emotion", EMOTIONS)):
        counts = kept.groupby(["corpus", "language", column]).size().unstack(fill_value=0)
        table = table.join(counts.reindex(columns=list(values), fill_value=0))
    table["unlabelled"] = groups["emotion"].agg(lambda emotion: emotion.isna().sum())
    table = table.astype("float64").fillna(0).astype(int)
    table["hours"] = (groups["duration_s"].sum() / 3600).reindex(table.index).fillna(0.0)
    return table.sort_index(key=lambda level: level.where(level != NO_PARSER, "\uffff")).reset_index()
