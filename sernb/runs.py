"""One folder a training run, named by the hash of what determines it: same key, same run."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from accelerate.utils import broadcast_object_list
from filelock import FileLock

from sernb.data.disk import naming_full_disk
from sernb.data.environment import environment, parse_environment
from sernb.data.files import MAX_JSON, MAX_TABLE, FileError, opened, read_json, read_table
from sernb.data.prediction_tables import read_predictions
from sernb.data.writing import write_json
from sernb.models.settings import MODEL_FOLDER
from sernb.processes import processes

CONFIG_FILE = "config.json"
ENVIRONMENT_FILE = "environment.json"
METRICS_FILE = "metrics.jsonl"
PREDICTIONS_FILE = "predictions.parquet"
EMBEDDINGS_FILE = "embeddings.parquet"
REPORT_FILE = "speakers.json"  # of a first contrastive stage: what it did to the embedding
PARTIAL = ".partial"  # ends the name of a run's folder until the run is finished
STATISTICS = "statistics"  # variant of a run: its predictions with the target's statistics
SELF_TRAINED = "self-trained"  # variant of a run: those of a head that its own names of target clips taught
LAST = "last"  # variant of a run: its weights as the last step left them, where its model is their average over steps
REPORTED = ("recall_at_1", "eer", "emotion_macro_f1")  # figures of a first stage's report, before and after it
_CONFIG = {"recipe": str, "config": dict, "config.seed": int, "inputs": dict}
REPORT_FIELDS = {f"{when}.{name}": (int, float) for when in ("before", "after") for name in REPORTED}


@dataclass(frozen=True)
class Run:
    """A finished run: everything said about it is read from its folder."""

    folder: Path

    @property
    def name(self) -> str:
        """See `run_name`."""
        return self.folder.name

    @property
    def config(self) -> dict[str, Any]:
        """Recipe, its configuration, and the hashes of its data and initial weights.

        Raises:
            FileNotFoundError, FileError: not there, or not what a run writes, as from all these properties.
        """
        return read_json(self.folder / CONFIG_FILE, _CONFIG)

    @property
    def environment(self) -> dict[str, Any]:
        """Where and when the run was made, and how long it took."""
        file = self.folder / ENVIRONMENT_FILE
        with opened(file, MAX_JSON) as content:
            return parse_environment(file, content.read(MAX_JSON))

    @property
    def seed(self) -> int:
        """Decides all that is random in it, its split too."""
        return self.config["config"]["seed"]

    @property
    def device(self) -> str:
        """What computed it: the GPU's name, or so many cores of a processor."""
        place = self.environment
        return place["gpu"] or f"{place['cores']} cores of {place['processor']}"

    @property
    def minutes(self) -> float:
        """Wall time, its first stage's included; NaN where it had one that isn't at hand."""
        before = self.first_stage
        if before is None and "stage1" in self.environment:
            return math.nan
        return self.environment["wall_s"] / 60 + (0.0 if before is None else before.minutes)

    @property
    def first_stage(self) -> "Run | None":
        """The run of the first stage; None where there was none, or where it isn't at hand."""
        name = self.environment.get("stage1")
        folder = self.folder.with_name(name or "-")
        return stored_run(folder) if name and (folder / CONFIG_FILE).exists() else None

    @property
    def report(self) -> dict[str, Any]:
        """What a first contrastive stage did to the embedding: REPORTED, each "before" and "after" it."""
        return read_json(self.folder / REPORT_FILE, REPORT_FIELDS)

    @property
    def metrics(self) -> pd.DataFrame:
        """Learning curves, one row an epoch; numbers exactly as they were written."""
        file = self.folder / METRICS_FILE
        with opened(file, MAX_TABLE) as lines:
            try:
                return pd.DataFrame([json.loads(line) for line in lines])  # pandas' own reader rounds
            except (ValueError, RecursionError) as error:
                raise FileError(file, f"can't be read as lines of JSON ({error}); get it again") from error

    @property
    def predictions(self) -> pd.DataFrame:
        """One row a clip of validation and test: who, what it is, and a probability for each class."""
        return self.variant(None)

    def variant(self, name: str | None) -> pd.DataFrame:
        """Predictions of other weights, or of other statistics, of the same run; None for the run's own.

        Raises:
            FileNotFoundError: the run has no such variant; names those it has.
            FileError: a column is missing, a class unknown, or a probability none.
        """
        file = self.folder / predictions_file(name)
        if not file.exists():
            raise FileNotFoundError(f"{self.folder} holds no variant {name!r}; it has {', '.join(self.variants)}")
        return read_predictions(file)

    @property
    def variants(self) -> list[str]:
        """Names that `variant` takes."""
        stem = Path(PREDICTIONS_FILE).stem
        return sorted(path.stem.removeprefix(f"{stem}-") for path in self.folder.glob(f"{stem}-*.parquet"))

    @property
    def has_embeddings(self) -> bool:
        """Whether embeddings of test clips are at hand."""
        return (self.folder / EMBEDDINGS_FILE).exists()

    @property
    def embeddings(self) -> pd.DataFrame:
        """Embeddings of the test clips in half precision, index utterance_id, one column a dimension."""
        file = self.folder / EMBEDDINGS_FILE
        table = read_table(file)
        if "utterance_id" not in table:
            raise FileError(file, "lacks the column utterance_id; get it again, or remove it")
        return table.set_index("utterance_id")

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
        return identity, self.root / run_name(identity)

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

        Raises:
            FileError: a folder of this name holds another run, or what was begun holds links.
            FileNotFoundError: the folder was removed while the run was made.
        """
        identity, final = self.identity(recipe, config, inputs)
        partial = partial_folder(final)
        self.root.mkdir(parents=True, exist_ok=True)
        together = processes()
        lock = FileLock(self.root / f".{final.name}.lock") if together.is_main_process else nullcontext()
        with lock, naming_full_disk(self.root):
            (exists,) = broadcast_object_list([final.exists()])
            if not exists:
                if together.is_main_process:
                    partial.mkdir(exist_ok=True)
                    _check_no_links(partial)
                    write_json(partial / CONFIG_FILE, identity)
                started = time.monotonic()
                execute(partial)
                if together.is_main_process:
                    write_json(partial / ENVIRONMENT_FILE, environment(time.monotonic() - started) | (about or {}))
                    if not (partial / CONFIG_FILE).exists():
                        raise FileNotFoundError(f"{partial} was removed while the run was made; start it again")
                    partial.rename(final)
        together.wait_for_everyone()
        return stored_run(final)


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
        return stored_run(final)


def run_name(identity: dict[str, Any]) -> str:
    """A run's folder, named by what determines it: its recipe, and the hash of that, its config and its inputs."""
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]
    return f"{identity['recipe']}-{key}"


def stored_run(folder: Path) -> Run:
    """The run of a folder that was made elsewhere or before.

    Raises:
        FileNotFoundError: it holds no config.
        FileError: its config gives another name: one of them was changed.
    """
    run = Run(folder)
    if run_name(run.config) != folder.name:
        raise FileError(folder, f"its {CONFIG_FILE} gives the name {run_name(run.config)}; remove the folder")
    return run


def finished_runs(store: Path) -> list[Run]:
    """The finished runs of a store, by name; none where there is no such folder.

    Raises:
        FileError: as `stored_run`.
    """
    folders = [path.parent for path in sorted(store.glob(f"*/{CONFIG_FILE}"))]
    return [stored_run(folder) for folder in folders if not folder.name.endswith(PARTIAL)]


def _check_no_links(folder: Path) -> None:
    """Raise where a link would lead what is written into a folder out of it."""
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            raise FileError(path, "is a link, and would be written through; remove it")


def partial_folder(final: Path) -> Path:
    """Where a run is made before it gets its name."""
    return final.with_name(f"{final.name}{PARTIAL}")


def predictions_file(variant: str | None = None) -> str:
    """Name of the file with a run's predictions, or with those of a variant of it."""
    return PREDICTIONS_FILE if variant is None else PREDICTIONS_FILE.replace(".", f"-{variant}.")


def days(runs: Iterable[Run]) -> str:
    """The day runs were made on, or the first and the last: "2026-01-01 to 2026-01-03"."""
    dates = sorted(run.environment["date"] for run in runs)
    return " to ".join(dict.fromkeys([dates[0], dates[-1]]))
