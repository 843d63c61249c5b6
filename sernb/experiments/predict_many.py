"""`predict` for more recordings than one process should hold: in parts, by Dask's workers, into partitioned Parquet."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import pandas as pd
import torch
from distributed import Client, as_completed

from sernb.data.files import FileError, read_json, replacing
from sernb.data.writing import write_table
from sernb.evaluation.inference import predict
from sernb.models.ensemble import Ensemble
from sernb.models.statistics import Statistics

PART = 256
"""Files of a part: minutes of work at most, so that little is lost with a worker."""
PLAN_FILE = "parts.json"
TABLES = ("files", "windows", "rejects")


@dataclass(frozen=True)
class Task:
    """What all parts have in common.

    Attributes:
        model: folder of the model, absolute: workers may have another folder of their own.
        out: folder of the tables.
        window: as `predict` takes it.
        step: the same.
        own: the same.
    """

    model: str
    out: str
    window: float | None = None
    step: float | None = None
    own: tuple[Statistics, ...] | None = None


def predict_many(task: Task, files: Sequence[str], client: Client, size: int = PART, threads: int = 1) -> Iterator[int]:
    """Listen to files in parts; yields how many files each finished part has.

    A part is written at once when it is done, OUT/files/part-00000.parquet and so on, and is not made again: stopped,
    or with a worker killed, the work goes on where it was. Nothing of a part is kept in memory here.

    Args:
        task: model, folder and windows.
        files: in an order that stays the same from call to call.
        client: of the Dask scheduler that hands the parts out.
        size: files of a part.
        threads: that a worker computes with.

    Raises:
        FileError: OUT holds the parts of other files, or of another model.
        RuntimeError: a part could not be made, with the reason; the others were.
    """
    files = [os.path.abspath(name) for name in files]
    out = Path(task.out)
    _check_plan(task, files, size)
    left = [number for number in range(-(-len(files) // size)) if not _done(out, number)]
    yield len(files) - sum(len(files[number * size : (number + 1) * size]) for number in left)
    waiting, failed = iter(left), []

    def begin(count: int) -> list:
        """As many parts as are asked for: all at once, the lists of a million files would lie in the scheduler."""
        parts = [(number, files[number * size : (number + 1) * size]) for number in islice(waiting, count)]
        return [client.submit(listen_to_part, task, *part, threads, pure=False, retries=2) for part in parts]

    running = as_completed(begin(4 * max(1, len(client.nthreads()))))
    for future in running:
        if future.status == "finished":
            yield future.result()
        else:
            failed.append(repr(future.exception()))
        for new in begin(1):
            running.add(new)
    for half in out.glob("*/*.tmp"):  # of a worker killed while it wrote; who reads the folder would trip
        half.unlink()
    if failed:
        raise RuntimeError(f"{len(failed)} parts could not be made ({failed[0]}); the same command tries them again")


def listen_to_part(task: Task, number: int, files: Sequence[str], threads: int = 1) -> int:
    """Make one part, on a worker; returns how many files it has."""
    torch.set_num_threads(threads)
    found = predict(_model(task.model), files, task.window, task.step, task.own)
    # the table of files last: it says that the part is done
    for name in reversed(TABLES):
        file = part_file(Path(task.out), name, number)
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file, f".{os.getpid()}.tmp") as temporary:
            write_table(temporary, _typed(getattr(found, name)))
    return len(files)


def part_file(out: Path, table: str, number: int) -> Path:
    """Where a part of a table lies."""
    return out / table / f"part-{number:05d}.parquet"


def _done(out: Path, number: int) -> bool:
    return part_file(out, "files", number).exists()


@lru_cache(1)
def _model(folder: str) -> Ensemble:
    """Read once a worker."""
    return Ensemble.load(Path(folder))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Types that are the same in a part where a column is empty."""
    text = {name: "string" for name in ("file", "label", "problem", "reason") if name in table}
    numbers = {name: "float64" for name in table if name not in text and name != "windows"}
    whole = {"windows": "Int64"} if "windows" in table else {}
    return table.astype(text | numbers | whole)


def _check_plan(task: Task, files: Sequence[str], size: int) -> None:
    """Note what the parts are made of, or compare it with what was noted before."""
    digest = hashlib.sha256(json.dumps([list(files), size]).encode())
    for part in sorted(Path(task.model).rglob("*")):
        if part.suffix in (".json", ".safetensors"):
            digest.update(part.read_bytes())
    for one in task.own or ():
        digest.update(one.mean.tobytes() + one.deviation.tobytes())
    settings = {name: value for name, value in asdict(task).items() if name in ("window", "step")}
    plan = {"files": len(files), "of": digest.hexdigest(), **settings}
    file = Path(task.out) / PLAN_FILE
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as temporary:
            temporary.write_text(json.dumps(plan) + "\n")
    elif read_json(file) != plan:
        raise FileError(file, "tells of other files, another model or other windows; give a new --out")
