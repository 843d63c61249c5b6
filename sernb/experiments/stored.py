"""The stored runs: finished runs without their weights, as a few Parquet tables in one folder."""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sernb.data.environment import parse_environment
from sernb.data.files import FileError, parse_json, read_table
from sernb.data.prediction_tables import read_predictions
from sernb.runs import REPORT_FIELDS, Run, run_name

RUNS_FILE = "runs.parquet"
PREDICTIONS_FOLDER = "predictions"  # a file a recipe
LEAK_FILE = "leak.parquet"  # predictions of the leak probes, which judge every clip twice and name the fold
CURVES_FILE = "curves.parquet"
EMBEDDINGS_FOLDER = "embeddings"  # a file a recipe
MAIN = "main"  # names a run's own predictions among its variants
_COLUMNS = {
    RUNS_FILE: ["group", "run", "recipe", "seed", "stage1", "config", "inputs", "environment", "report"],
    CURVES_FILE: ["run", "epoch", "step", "corpus", "metric", "value"],
}


@dataclass(frozen=True)
class StoredRun(Run):
    """A run of the tables. Its `folder`, TABLES/GROUP/RUN, names it in messages; nothing lies there."""

    tables: "StoredRuns" = field(repr=False, compare=False)

    @property
    def _row(self) -> dict[str, Any]:
        return self.tables.rows[self.name]

    @property
    def config(self) -> dict[str, Any]:
        """As `Run.config`."""
        return self.tables.identity(self._row)

    @property
    def environment(self) -> dict[str, Any]:
        """As `Run.environment`."""
        return parse_environment(self.tables.folder / RUNS_FILE, self._row["environment"])

    @property
    def first_stage(self) -> Run | None:
        """As `Run.first_stage`; it may be stored in any group."""
        return self.tables.run(self.environment.get("stage1", ""))

    @property
    def report(self) -> dict[str, Any]:
        """As `Run.report`."""
        if pd.isna(self._row["report"]):
            raise FileNotFoundError(f"{self.folder} is no first stage, and has no report")
        return parse_json(self.tables.folder / RUNS_FILE, self._row["report"], REPORT_FIELDS)

    @property
    def metrics(self) -> pd.DataFrame:
        """As `Run.metrics`."""
        curve = self.tables.curves.get(self.name)
        if curve is None:
            return pd.DataFrame()
        own = curve[curve["corpus"].isna()]
        wide = own.pivot(index=["epoch", "step"], columns="metric", values="value")[own["metric"].unique()]
        return wide.reset_index().rename_axis(columns=None)

    def variant(self, name: str | None) -> pd.DataFrame:
        """As `Run.variant`."""
        found = self.tables.predictions.get(self.name, {}).get(name or MAIN)
        if found is None:
            raise FileNotFoundError(f"{self.folder} holds no variant {name!r}; it has {', '.join(self.variants)}")
        return found.copy()

    @property
    def variants(self) -> list[str]:
        """As `Run.variants`."""
        return sorted(self.tables.predictions.get(self.name, {}).keys() - {MAIN})

    @property
    def has_embeddings(self) -> bool:
        """As `Run.has_embeddings`."""
        return self.name in self.tables.embeddings

    @property
    def embeddings(self) -> pd.DataFrame:
        """As `Run.embeddings`, of those test clips that every method judged with this seed."""
        if not self.has_embeddings:
            raise FileNotFoundError(f"{self.folder}: no embeddings are stored")
        rows = self.tables.embeddings[self.name]
        values = np.stack(rows["embedding"].to_list())
        index = pd.Index(rows["utterance_id"], name="utterance_id")
        return pd.DataFrame(values, index, [f"e{number}" for number in range(values.shape[1])])


class StoredRuns:
    """The tables in a folder, each read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The table of runs, a row a run and group it belongs to; empty where the folder holds none.

        Raises:
            FileError: no such table, or a run whose config gives another name: one of them was changed.
        """
        table = self._read(RUNS_FILE)
        for row in table.to_dict("records"):
            named = run_name(self.identity(row))
            if named != row["run"]:
                raise FileError(
                    self.folder / RUNS_FILE,
                    f"the config of {row['run']} gives the name {named}; remove it with `sernb results --remove`",
                )
        return table

    @cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The table of runs, by the run's name."""
        return {row["run"]: row for row in self.runs.to_dict("records")}

    def identity(self, row: dict[str, Any]) -> dict[str, Any]:
        """What determines a run, from its row."""
        file = self.folder / RUNS_FILE
        config, inputs = parse_json(file, row["config"], {"seed": int}), parse_json(file, row["inputs"])
        return {"recipe": row["recipe"], "config": config, "inputs": inputs}

    def group(self, name: str) -> list[Run]:
        """The runs of a group ("baseline"), by seed and name; an empty list where there are none."""
        table = self.runs[self.runs["group"] == name].sort_values(["seed", "run"])
        return [StoredRun(self.folder / name / run, self) for run in table["run"]]

    def run(self, name: str | None) -> StoredRun | None:
        """The run of this name; None where it isn't stored."""
        row = None if name is None else self.rows.get(name)
        return None if row is None else StoredRun(self.folder / row["group"] / row["run"], self)

    @cached_property
    def predictions(self) -> dict[str, dict[str, pd.DataFrame]]:
        """Run -> variant -> predictions.

        Raises:
            FileError: as `read_predictions`.
        """
        found: dict[str, dict[str, pd.DataFrame]] = {}
        files = sorted((self.folder / PREDICTIONS_FOLDER).glob("*.parquet"))
        for file in (*files, self.folder / LEAK_FILE):
            if file.exists():
                for (run, variant), rows in read_predictions(file).groupby(["run", "variant"], sort=False):
                    own = rows.drop(columns=["run", "variant"]).reset_index(drop=True)
                    found.setdefault(run, {})[variant] = own
        return found

    @cached_property
    def curves(self) -> dict[str, pd.DataFrame]:
        """Run -> what was measured after each epoch."""
        return dict(list(self._read(CURVES_FILE).groupby("run", sort=False)))

    @cached_property
    def embeddings(self) -> dict[str, pd.DataFrame]:
        """Run -> embeddings of test clips, columns utterance_id and embedding."""
        tables = [read_table(path) for path in sorted((self.folder / EMBEDDINGS_FOLDER).glob("*.parquet"))]
        return {run: rows for table in tables for run, rows in table.groupby("run", sort=False)}

    def _read(self, name: str) -> pd.DataFrame:
        """A table of this folder; one without rows where the file is missing."""
        file = self.folder / name
        if not file.exists():
            return pd.DataFrame(columns=_COLUMNS[name])
        table = read_table(file)
        lacks = [column for column in _COLUMNS[name] if column not in table]
        if lacks:
            raise FileError(file, f"lacks the column {', '.join(lacks)}; get it again")
        return table


def open_stored(folder: Path) -> StoredRuns:
    """The tables of a folder; they are read again once the table of runs was replaced."""
    file = folder / RUNS_FILE
    found = file.stat() if file.exists() else None
    return _opened(folder, found and (found.st_mtime_ns, found.st_ino, found.st_size))


@lru_cache(maxsize=2)
def _opened(folder: Path, version: tuple[int, ...] | None) -> StoredRuns:
    return StoredRuns(folder)
