"""One folder a training run, named by the hash of what determines it: same key, same run."""

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import torch
from accelerate.utils import broadcast_object_list
from filelock import FileLock
from pyarrow import parquet

from sernb.processes import processes

CONFIG_FILE = "config.json"
ENVIRONMENT_FILE = "environment.json"
METRICS_FILE = "metrics.jsonl"
PREDICTIONS_FILE = "predictions.parquet"
EMBEDDINGS_FILE = "embeddings.parquet"
MODEL_FOLDER = "model"
RESULTS = Path(__file__).parents[1] / "results"  # the stored reference runs
SEEN = ("speaker", "emotion", "language", "audio_hash")


@dataclass(frozen=True)
class Run:
    """A finished run: everything said about it is read from its folder."""

    folder: Path

    @property
    def config(self) -> dict[str, Any]:
        """Recipe, its configuration, and the hashes of its data and initial weights."""
        return json.loads((self.folder / CONFIG_FILE).read_text())

    @property
    def environment(self) -> dict[str, Any]:
        """Where and when the run was made, and how long it took."""
        return json.loads((self.folder / ENVIRONMENT_FILE).read_text())

    @property
    def metrics(self) -> pd.DataFrame:
        """Learning curves, one row an epoch."""
        return pd.read_json(self.folder / METRICS_FILE, lines=True)

    @property
    def predictions(self) -> pd.DataFrame:
        """One row a clip of validation and test: who, what it is, and a probability for each class."""
        return self.variant(None)

    def variant(self, name: str | None) -> pd.DataFrame:
        """Predictions of other weights, or of other statistics, of the same run; None for the run's own.

        Raises:
            FileNotFoundError: the run has no such variant; names those it has.
        """
        file = self.folder / predictions_file(name)
        if not file.exists():
            raise FileNotFoundError(f"{self.folder} holds no variant {name!r}; it has {', '.join(self.variants)}")
        return pd.read_parquet(file)

    @property
    def variants(self) -> list[str]:
        """Names that `variant` takes."""
        stem = Path(PREDICTIONS_FILE).stem
        return sorted(path.stem.removeprefix(f"{stem}-") for path in self.folder.glob(f"{stem}-*.parquet"))

    @property
    def embeddings(self) -> pd.DataFrame:
        """Embeddings of the test clips in half precision, index utterance_id, one column a dimension."""
        return pd.read_parquet(self.folder / EMBEDDINGS_FILE).set_index("utterance_id")

    @property
    def model(self) -> Path:
        """Folder of the trained weights."""
        return self.folder / MODEL_FOLDER


@dataclass(frozen=True)
class RunStore:
    """A folder of runs."""

    root: Path

    def identity(self, recipe: str, config: Any, inputs: dict[str, str]) -> tuple[dict[str, Any], Path]:
        """All that determines a run, and the folder it has in this store once it is finished; see `run`."""
        identity = {"recipe": recipe, "config": asdict(config), "inputs": inputs}
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
        return identity, self.root / f"{recipe}-{key}"

    def run(
        self,
        recipe: str,
        config: Any,
        inputs: dict[str, str],
        execute: Callable[[Path], None],
        about: dict[str, str] | None = None,
    ) -> Run:
        """The run of this key: found in the store, or made there.

        Args:
            recipe: name of the recipe; with its version, where its meaning changed ("baseline").
            config: the recipe's frozen dataclass.
            inputs: hashes of all else that decides the outcome: data, initial weights, earlier runs.
            execute: fills a folder; called in each of the processes that train together. It may find there what an
                interrupted call left behind, and goes on from it.
            about: what a reader wants to know and the hashes don't tell, such as the encoder's name.

        Returns:
            The finished run. A second process that asks for the same run waits for the first.
        """
        identity, final = self.identity(recipe, config, inputs)
        partial = partial_folder(final)
        self.root.mkdir(parents=True, exist_ok=True)
        together = processes()
        with FileLock(self.root / f".{final.name}.lock") if together.is_main_process else nullcontext():
            (exists,) = broadcast_object_list([final.exists()])
            if not exists:
                if together.is_main_process:
                    partial.mkdir(exist_ok=True)
                    write_json(partial / CONFIG_FILE, identity)
                started = time.monotonic()
                execute(partial)
                if together.is_main_process:
                    write_json(partial / ENVIRONMENT_FILE, environment(time.monotonic() - started) | (about or {}))
                    partial.rename(final)
        together.wait_for_everyone()
        return Run(final)


class RunMissing(LookupError):
    """A store that only finds runs was asked for one it doesn't hold; `folder` is where it would lie."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} has not been made")
        self.folder = folder


class FinishedRuns(RunStore):
    """The runs a store holds: a recipe given this one finds its run, or learns that it is missing; none is made."""

    def run(self, recipe: str, config: Any, inputs: dict[str, str], execute: Any = None, about: Any = None) -> Run:
        """The finished run of this key.

        Raises:
            RunMissing: there is none.
        """
        final = self.identity(recipe, config, inputs)[1]
        if not final.exists():
            raise RunMissing(final)
        return Run(final)


def partial_folder(final: Path) -> Path:
    """Where a run is made before it gets its name."""
    return final.with_name(f"{final.name}.partial")


def predictions_file(variant: str | None = None) -> str:
    """Name of the file with a run's predictions, or with those of a variant of it."""
    return PREDICTIONS_FILE if variant is None else PREDICTIONS_FILE.replace(".", f"-{variant}.")


def environment(seconds: float) -> dict[str, Any]:
    """What a stored figure must carry to be believed: versions, hardware, date, wall time."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "wall_s": round(seconds, 1),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("sernb", "torch", "torchaudio", "transformers", "accelerate")},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "processes": processes().num_processes,
        "gpu": gpu,
    }


def days(runs: Iterable[Run]) -> str:
    """The day runs were made on, or the first and the last: "2026-01-01 to 2026-01-03"."""
    dates = sorted(run.environment["date"] for run in runs)
    return " to ".join(dict.fromkeys([dates[0], dates[-1]]))


def processor() -> str:
    """The processor's name as the system tells it."""
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that a reader never sees half a file."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
    temporary.replace(path)


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write Parquet as small as it gets without loss: the bytes of floats apart, no second description of the columns.

    Types come back as they were, save pandas' categories, which come back as words.
    """
    floats = table.select_dtypes("floating").columns
    parquet.write_table(
        pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None),
        path,
        compression="zstd",
        compression_level=19,
        write_statistics=False,
        store_schema=False,
        use_dictionary=[name for name in table if name not in floats],
        column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT"),
    )


def data_hash(*frames: pd.DataFrame, columns: Sequence[str] = SEEN) -> str:
    """SHA-256 of what a recipe sees of its clips, by default sound, speaker and class; not where the files lie."""
    digest = hashlib.sha256()
    for frame in frames:
        present = frame.reindex(columns=["utterance_id", *columns]).sort_values("utterance_id")
        digest.update(present.to_csv(index=False).encode())
    return digest.hexdigest()
