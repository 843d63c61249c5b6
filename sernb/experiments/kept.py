"""Finished runs added to the tables of stored runs, weights left out."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from filelock import FileLock
from pyarrow import parquet

from sernb.data.files import FileError, read_table, replacing
from sernb.data.writing import write_table
from sernb.evaluation.predictions import METRICS, scores_by
from sernb.experiments.stored import (
    CURVES_FILE,
    EMBEDDINGS_FOLDER,
    LEAK_FILE,
    MAIN,
    PREDICTIONS_FOLDER,
    RUNS_FILE,
    StoredRuns,
)
from sernb.labels import PROBABILITIES
from sernb.runs import METRICS_FILE, REPORT_FILE, REPORTED, Run, stored_run
from sernb.training.outputs import CURVE_FILE

LOCK_FILE = ".lock"
DROPPED_BITS = 11  # of a float32's 23 bits after the point
DROPPED_BITS_OF_HALF = 3  # of a float16's 10
STAGE1 = "-stage1"  # ends the group of the first stages of a group's runs
Write = Callable[[Path, pd.DataFrame], None]


@dataclass(frozen=True)
class Kept:
    """A finished run and how it is stored.

    Attributes:
        run: the run; its first stage, if it is at hand, is stored beside it, in the group "<group>-stage1".
        group: it belongs to; runs of a group differ in seed and data only.
        fold: target fold it leaves out, where that is known.
        variants: whose predictions are stored too: all of its variants', those with these names, or none.
        embeddings: whether the test clips' embeddings are, most of a run's size.
    """

    run: Run
    group: str
    fold: int | None = None
    variants: bool | tuple[str, ...] = True
    embeddings: bool = True


def add_runs(folder: Path, kept: Iterable[Kept]) -> None:
    """Add runs to the tables in a folder; what they hold already stays as it is.

    The table of runs is written last, so that a run shows there once all of it is stored. Processes take turns.

    Raises:
        FileError: a run's folder holds a link, something that no run writes, or another run than its name says.
        ValueError: a group would hold runs of another configuration or encoder: their mean would mean nothing.
    """
    kept = list(kept)
    stages = [run for one in kept for run in (stored_run(one.run.folder), one.run.first_stage) if run]
    for run in stages:
        for path in (run.folder, *run.folder.rglob("*")):
            if path.is_symlink():
                raise FileError(path, "is a link: what it leads to is no part of the run; remove it")
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / LOCK_FILE):
        rows = StoredRuns(folder).runs
        for one in kept:
            _check_alike(one, rows, folder)
            rows = pd.concat([rows, _run_rows(one).iloc[:1]])
        _add(folder / CURVES_FILE, ["run"], map(_curves, stages))
        for recipe in sorted({one.run.config["recipe"] for one in kept}):
            own = [one for one in kept if one.run.config["recipe"] == recipe]
            _add(_predictions_file(folder, recipe), ["run", "variant"], map(_predictions, own))
            embedded = (_embeddings(one.run) for one in own if one.embeddings)
            _add(folder / EMBEDDINGS_FOLDER / f"{recipe}.parquet", ["run"], embedded, _write_embeddings)
        _add(folder / RUNS_FILE, ["group", "run"], map(_run_rows, kept), _write_runs)


def rename(folder: Path, old: str, new: str) -> None:
    """Give a group of stored runs, and that of their first stages, another name.

    Raises:
        ValueError: no run of that group is stored, or the new name is taken.
    """
    with FileLock(folder / LOCK_FILE):
        table = _rows(folder, old)
        if new in set(table["group"]):
            raise ValueError(f"{folder} holds a group {new!r} already; choose another name")
        names = {old: new, old + STAGE1: new + STAGE1}
        _write(folder / RUNS_FILE, table.assign(group=table["group"].replace(names)), ["group", "run"], _write_runs)


def remove(folder: Path, group: str) -> None:
    """Take a group of stored runs, and that of their first stages, out of the tables.

    Raises:
        ValueError: no run of that group is stored.
    """
    with FileLock(folder / LOCK_FILE):
        table = _rows(folder, group)
        left = table[~table["group"].isin([group, group + STAGE1])]
        _write(folder / RUNS_FILE, left, ["group", "run"], _write_runs)
        tables: list[tuple[Path, Callable]] = []
        tables += [(folder / name, write_table) for name in (LEAK_FILE, CURVES_FILE)]
        tables += [(path, write_table) for path in (folder / PREDICTIONS_FOLDER).glob("*.parquet")]
        tables += [(path, _write_embeddings) for path in (folder / EMBEDDINGS_FOLDER).glob("*.parquet")]
        for file, write in tables:
            if file.exists():
                rows = read_table(file)
                if not rows["run"].isin(left["run"]).all():
                    _write(file, rows[rows["run"].isin(left["run"])], ["run"], write)


def _rows(folder: Path, group: str) -> pd.DataFrame:
    file = folder / RUNS_FILE
    table = read_table(file) if file.exists() else pd.DataFrame({"group": []})
    if group not in set(table["group"]):
        raise ValueError(f"{folder} holds no run of the group {group!r}")
    return table


def _predictions_file(folder: Path, recipe: str) -> Path:
    return folder / LEAK_FILE if recipe == "leak" else folder / PREDICTIONS_FOLDER / f"{recipe}.parquet"


def _check_alike(one: Kept, rows: pd.DataFrame, folder: Path) -> None:
    """Raise where the group holds a run that differs in more than its seed and data."""
    mine = {**one.run.config["config"], "encoder": one.run.environment.get("encoder")}
    for row in rows[rows["group"] == one.group].to_dict("records"):
        theirs = {**json.loads(row["config"]), "encoder": json.loads(row["environment"]).get("encoder")}
        differing = sorted(name for name in {*mine, *theirs} - {"seed"} if mine.get(name) != theirs.get(name))
        if differing:
            raise ValueError(
                f"the group {one.group} in {folder} holds {row['run']}, which differs from {one.run.name} in "
                f"{', '.join(differing)}; give these runs a --name of their own, or rename or remove the group with "
                "`sernb results`"
            )


def _run_rows(one: Kept) -> pd.DataFrame:
    """The rows of a run and of its first stage in the table of runs."""
    rows = [_run_row(one.run, one.group, one.fold)]
    first = one.run.first_stage
    if first is not None:
        rows.append(_run_row(first, one.group + STAGE1, one.fold))
    return pd.DataFrame(rows)


def _run_row(run: Run, group: str, fold: int | None) -> dict[str, Any]:
    identity, place = run.config, run.environment
    config = identity["config"]
    report = run.report if (run.folder / REPORT_FILE).exists() else None
    figures = {
        f"{name}_{when}": report[when][name] if report else np.nan for name in REPORTED for when in ("before", "after")
    }
    trained = "batches_per_epoch" in config
    return {
        "group": group,
        "run": run.name,
        "recipe": identity["recipe"],
        "seed": config["seed"],
        "fold": fold,
        **{name: place.get(name) for name in ("encoder", "unlabelled", "held_out")},
        "steps": config["epochs"] * config["batches_per_epoch"] if trained else None,
        "workers": config.get("workers"),
        "date": place["date"],
        "minutes": place["wall_s"] / 60,
        "device": place["gpu"] or f"{place['cores']} cores of {place['processor']}",
        "stage1": place.get("stage1"),
        **figures,
        **{name: json.dumps(identity[name], sort_keys=True) for name in ("config", "inputs")},
        "environment": json.dumps(place, sort_keys=True),
        "report": report and json.dumps(report, sort_keys=True),
    }


def _predictions(one: Kept) -> pd.DataFrame:
    wanted = one.run.variants if one.variants is True else one.variants or ()
    names = [None, *(name for name in one.run.variants if name in wanted)]
    table = pd.concat([one.run.variant(name).assign(variant=name or MAIN) for name in names], ignore_index=True)
    table.insert(0, "run", one.run.name)
    table.insert(1, "variant", table.pop("variant"))
    return rounded(table)


def rounded(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predictions whose probabilities, if float32, are exact to 1 part in 8,000: compressed, they take half the room.

    Every clip's most probable class stays what it was: a row in which rounding would change it is left as it is.
    """
    exact = predictions[PROBABILITIES].to_numpy()
    if exact.dtype != np.float32:
        return predictions
    short = _shortened(exact, DROPPED_BITS)
    changed = short.argmax(axis=1) != exact.argmax(axis=1)
    short[changed] = exact[changed]
    return predictions.assign(**dict(zip(PROBABILITIES, short.T, strict=True)))


def _curves(run: Run) -> pd.DataFrame:
    """What was measured after each epoch, in long form; target clips, corpus by corpus, as scores."""
    metrics = run.metrics
    if metrics.empty:
        return pd.DataFrame()
    if not {"epoch", "step"} <= set(metrics):
        raise FileError(run.folder / METRICS_FILE, "names no epoch and step; remove the run")
    tables = [metrics.melt(["epoch", "step"], var_name="metric").assign(corpus=None)]
    if (run.folder / CURVE_FILE).exists():
        truth = run.predictions.query("part == 'test'")[["utterance_id", "corpus", "emotion"]]
        judged = read_table(run.folder / CURVE_FILE).merge(truth, on="utterance_id")
        scored = scores_by(judged, "corpus", "step").merge(metrics[["epoch", "step"]], on="step")
        tables.append(scored.melt(["epoch", "step", "corpus"], ["clips", *METRICS], "metric"))
    table = pd.concat(tables, ignore_index=True).dropna(subset="value").assign(run=run.name)
    return table[["run", "epoch", "step", "corpus", "metric", "value"]].astype({"value": float})


def _embeddings(run: Run) -> pd.DataFrame:
    if not run.has_embeddings:
        return pd.DataFrame()
    table = run.embeddings
    # to 1 part in 256, bfloat16's precision, in which encoders compute on a GPU: it packs better
    vectors = list(_shortened(table.to_numpy(np.float16), DROPPED_BITS_OF_HALF))
    return pd.DataFrame({"run": run.name, "utterance_id": table.index.to_numpy(object), "embedding": vectors})


def _shortened(exact: np.ndarray, dropped: int) -> np.ndarray:
    """Floats of any size rounded to so many bits fewer after the point."""
    bits = exact.view(f"i{exact.itemsize}")
    step = bits.dtype.type(1 << dropped)
    return ((bits + step // 2) & -step).view(exact.dtype)


def _add(file: Path, keys: Sequence[str], tables: Iterable[pd.DataFrame], write: Write = write_table) -> None:
    """Add to a table those rows whose keys it lacks; the file is left alone where there are none."""
    known = read_table(file) if file.exists() else pd.DataFrame(columns=list(keys))
    there = set(known[list(keys)].itertuples(index=False, name=None))
    new = []
    for table in tables:
        if len(table):
            found = list(table[list(keys)].itertuples(index=False, name=None))
            new.append(table[[key not in there for key in found]])
            there.update(found)
    if any(len(table) for table in new):
        _write(file, pd.concat([*([known] if len(known) else []), *new], ignore_index=True), keys, write)


def _write(file: Path, table: pd.DataFrame, keys: Sequence[str], write: Write) -> None:
    """Replace a table, sorted by its keys: which rows came first makes no difference."""
    file.parent.mkdir(exist_ok=True)
    with replacing(file) as temporary:
        write(temporary, table.sort_values(list(keys), kind="stable", ignore_index=True))


def _write_runs(file: Path, table: pd.DataFrame) -> None:
    write_table(file, table.astype(dict.fromkeys(["seed", "fold", "steps", "workers"], "Int64")))


def _write_embeddings(file: Path, table: pd.DataFrame) -> None:
    columns = {name: pa.array(table[name].to_list(), pa.string()) for name in ("run", "utterance_id")}
    vectors = pa.array(table["embedding"].to_list(), pa.list_(pa.float16()))
    parquet.write_table(
        pa.table(columns | {"embedding": vectors}),
        file,
        compression="zstd",
        compression_level=19,
        write_statistics=False,
        store_schema=False,
        use_dictionary=list(columns),
        column_encoding={"embedding.list.element": "BYTE_STREAM_SPLIT"},
    )
