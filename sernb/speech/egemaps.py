"""eGeMAPS functionals of every clip of a manifest, remembered by what the clip sounds like."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import opensmile
import pandas as pd
import soxr

from sernb.data.decode import AudioError, decode
from sernb.data.files import read_table
from sernb.data.manifest import REJECTED
from sernb.progress import progress_bar

FEATURES_FILE = "egemaps-v02-functionals.parquet"
RATE = 16_000
FLUSH_EVERY = 128
_FULL_SCALE = 32767 / 32768  # opensmile's own int16 conversion turns a sample of exactly 1.0 into -1.0


@dataclass(frozen=True)
class Features:
    """What came out of a manifest.

    Attributes:
        table: one row per clip in the manifest's order, index utterance_id, one float32 column per functional (88).
        rejected: clips without features and why, columns as `sernb.data.manifest.REJECTED`.
    """

    table: pd.DataFrame
    rejected: pd.DataFrame


def egemaps(manifest: pd.DataFrame, cache: Path | None = None, progress: bool = True) -> Features:
    """eGeMAPS v02 functionals (Eyben et al. 2016): the input of Das et al. 2022.

    Args:
        manifest: manifest rows.
        cache: Parquet file keyed by the manifest's audio_hash, read where it exists and extended every
            `FLUSH_EVERY` clips; None keeps nothing. Its usual place is `FEATURES_FILE` beside the manifest.
        progress: show a progress bar.
    """
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    known = _read(cache, smile.feature_names)
    missing = manifest[~manifest["audio_hash"].isin(known.index)].drop_duplicates("audio_hash")
    found: dict[str, np.ndarray] = {}
    problems: dict[str, str] = {}

    def extract(path: str) -> np.ndarray | str:
        try:
            return functionals(smile, path)
        except AudioError as error:
            return str(error).removeprefix(f"{path}: ")

    with ThreadPoolExecutor(os.cpu_count()) as pool, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Segment too short")  # such a clip is rejected by name instead
        results = progress_bar(
            pool.map(extract, missing["path"]), total=len(missing), desc="eGeMAPS", unit="clip", show=progress
        )
        for number, (audio_hash, result) in enumerate(zip(missing["audio_hash"], results, strict=True), start=1):
            (problems if isinstance(result, str) else found)[audio_hash] = result
            if found and (number % FLUSH_EVERY == 0 or number == len(missing)):
                fresh = pd.DataFrame.from_dict(found, orient="index", columns=smile.feature_names)
                known, found = pd.concat([known, fresh]), {}
                _write(known, cache)

    broken = manifest["audio_hash"].isin(problems)
    kept = manifest[~broken]
    table = known.loc[kept["audio_hash"]].set_index(pd.Index(kept["utterance_id"], name="utterance_id"))
    rejected = manifest.loc[broken, ["corpus", "path", "source_label"]].assign(
        reason=manifest.loc[broken, "audio_hash"].map(problems)
    )
    return Features(table, REJECTED.validate(rejected.reset_index(drop=True)))


def functionals(smile: opensmile.Smile, path: str | Path) -> np.ndarray:
    """The functionals of one clip, float32, shape (88,), taken from its mono mix at 16 kHz.

    Raises:
        AudioError: the file can't be decoded, or is too short for one value of a functional.
    """
    samples, rate = decode(path)
    mono = soxr.resample(samples.mean(axis=1), rate, RATE)
    values = smile.process_signal(np.clip(mono, -1, _FULL_SCALE), RATE).to_numpy(np.float32)[0]
    if not np.isfinite(values).all():
        raise AudioError(f"{path}: too short for eGeMAPS functionals, or holds samples that are not numbers")
    return values


def _read(cache: Path | None, names: list[str]) -> pd.DataFrame:
    if cache is None or not cache.exists():
        return pd.DataFrame(columns=names, dtype=np.float32)
    return read_table(cache)[names]


def _write(known: pd.DataFrame, cache: Path | None) -> None:
    if cache is None:
        return
    cache.parent.mkdir(parents=True, exist_ok=True)
    temporary = cache.with_name(f".{cache.name}.{os.getpid()}")  # two processes must not write one temporary file
    known.to_parquet(temporary)
    temporary.replace(cache)
