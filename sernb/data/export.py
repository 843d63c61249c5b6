"""A manifest in the formats of others: an audformat database, or a Hugging Face audiofolder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import audformat
import iso639
import pandas as pd

from sernb.data.escape import cell
from sernb.data.files import FileError
from sernb.data.inspection import check_all
from sernb.labels import EMOTIONS
from sernb.progress import progress_bar

_TEXT = ["utterance_id", "corpus", "language", "speaker", "source_label", "session", "split", "style"]
_NUMBERS = ["duration_s", "activation", "valence", "dominance"]


def export_audiofolder(manifest: pd.DataFrame, out: Path, progress: bool = True) -> None:
    """Copy the clips and write metadata.csv; `datasets.load_dataset("audiofolder", data_dir=out)` reads it.

    Files are numbered: names from a corpus could contain "train" or "test", from which that library makes splits.
    Text that a spreadsheet would run as a formula starts with an apostrophe.

    Raises:
        FileExistsError: `out` holds something already.
        FileError: a path does not lead to the clip that was harmonized.
    """
    metadata = manifest[[*_TEXT, "emotion", "gender", "fold", *_NUMBERS]].astype(object).map(cell)
    metadata.insert(0, "file_name", _copy(manifest, out, progress))
    metadata.to_csv(out / "metadata.csv", index=False)


def export_audformat(manifest: pd.DataFrame, out: Path, progress: bool = True) -> None:
    """Copy the clips and write an audformat database with one table, "utterances"; `audformat.Database.load` reads it.

    Raises:
        FileExistsError: `out` holds something already.
        FileError: a path does not lead to the clip that was harmonized.
    """
    files = audformat.filewise_index(_copy(manifest, out, progress))
    db = audformat.Database(
        name="sernb",
        source=", ".join(sorted(manifest["corpus"].unique())) or "none",
        usage=audformat.define.Usage.RESEARCH,
        languages=list(_languages(manifest)),
        description="Harmonized by sernb; every corpus keeps its own licence.",
    )
    for name, labels in {"emotion": EMOTIONS, "gender": ("female", "male")}.items():
        db.schemes[name] = audformat.Scheme(labels=list(labels))
    for name in _TEXT:
        db.schemes[name] = audformat.Scheme(audformat.define.DataType.STRING)
    for name in _NUMBERS:
        db.schemes[name] = audformat.Scheme(audformat.define.DataType.FLOAT)
    db.schemes["fold"] = audformat.Scheme(audformat.define.DataType.INTEGER)
    table = db["utterances"] = audformat.Table(files)
    for name in db.schemes:
        table[name] = audformat.Column(scheme_id=name)
        table[name].set(manifest[name].to_numpy(dtype=object, na_value=None))
    db.save(str(out), storage_format=audformat.define.TableStorageFormat.PARQUET)


EXPORTERS = {"audformat": export_audformat, "audiofolder": export_audiofolder}


def _copy(manifest: pd.DataFrame, out: Path, progress: bool) -> list[str]:
    """Copy every clip to audio/<number><suffix>, in the manifest's order."""
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty; give a new folder")
    _check_same(manifest, progress)
    (out / "audio").mkdir(parents=True, exist_ok=True)
    names = [f"audio/{number:07d}{Path(path).suffix.lower()}" for number, path in enumerate(manifest["path"])]
    pairs = zip(manifest["path"], names, strict=True)
    for path, name in progress_bar(pairs, total=len(names), desc="copy", unit="file", show=progress):
        shutil.copyfile(path, out / name)
    return names


def _check_same(manifest: pd.DataFrame, progress: bool) -> None:
    """Raise unless every path leads to the clip that was harmonized: a manifest can be made to name any file."""
    headers = manifest["audio_hash"].isna()
    for rows, headers_only in ((manifest[~headers], False), (manifest[headers], True)):
        found = check_all(rows["path"], progress=progress, headers_only=headers_only).set_index(rows.index)
        same = (found["duration_s"] - rows["duration_s"]).abs() < 0.01
        if not headers_only:
            same = found["audio_hash"] == rows["audio_hash"]
        wrong = rows.index[~(same & found["problem"].isna())]
        if len(wrong):
            path, problem = rows.at[wrong[0], "path"], found.at[wrong[0], "problem"]
            reason = "not the clip that was harmonized" if pd.isna(problem) else problem
            others = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise FileError(Path(path), f"{reason}{others}; nothing was copied, run `sernb harmonize` again")


def _languages(manifest: pd.DataFrame) -> Iterator[str]:
    """ISO 639-3 codes, as audformat has them; what is no language it knows is left out."""
    for code in sorted(manifest["language"].unique()):
        if iso639.is_language(code):
            yield iso639.Lang(code).pt3
