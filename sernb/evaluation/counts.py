"""Confusion counts of predictions by round and speaker, and the scores computed from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sernb.labels import EMOTIONS, PROBABILITIES

Metric = Callable[[np.ndarray], np.ndarray]


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Share of clips named right; confusion counts (..., true, predicted) -> (...)."""
    return ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum((-2, -1)))


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Mean F1 of the four classes, 0 for one that is neither true nor named; as `evaluation.scores`."""
    named_and_true = counts.sum(-1) + counts.sum(-2)
    f1 = np.nan_to_num(ratio(2 * np.diagonal(counts, axis1=-2, axis2=-1), named_and_true))
    return np.where(counts.sum((-2, -1)) > 0, f1.mean(-1), np.nan)


def uar(counts: np.ndarray) -> np.ndarray:
    """Mean recall of the classes that occur; as `evaluation.scores`."""
    recalls = recall(counts)
    return ratio(np.nansum(recalls, -1), (~np.isnan(recalls)).sum(-1))


def recall(counts: np.ndarray) -> np.ndarray:
    """Recall of each class, (..., 4, 4) -> (..., 4); NaN for one that doesn't occur.

    Examples:
        >>> counts = np.diag([3, 1, 2, 0])
        >>> counts[0, 3] = 1  # of four angry clips, one is taken for sad
        >>> recall(counts)
        array([0.75, 1.  , 1.  ,  nan])
        >>> float(uar(counts).round(3)), float(accuracy(counts).round(3))
        (0.917, 0.857)
    """
    return ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(-1))


SCORES: dict[str, Metric] = {"accuracy": accuracy, "macro_f1": macro_f1, "uar": uar}


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, arrays that broadcast together; NaN where the whole is 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def rounds(predictions: pd.DataFrame) -> pd.Series:
    """Round of each row, by seed: within a round every clip is judged once at most.

    Where every seed judges every clip, a round is a seed. Where each run judges only its left-out fold, the runs of
    all folds together make a round, and its confusion matrix counts every clip once.
    """
    order = predictions.sort_values("seed", kind="stable")
    return order.groupby(["corpus", "utterance_id"]).cumcount().reindex(predictions.index)


def by_round(predictions: pd.DataFrame) -> np.ndarray:
    """Confusion counts of each round over all speakers, shape (rounds, 4, 4)."""
    number = rounds(predictions).to_numpy()
    true = pd.Categorical(predictions["emotion"], EMOTIONS).codes
    named = predictions[PROBABILITIES].to_numpy().argmax(1)
    counts = np.zeros((int(number.max()) + 1, len(EMOTIONS), len(EMOTIONS)))
    np.add.at(counts, (number, true, named), 1)
    return counts


def with_runs(predictions: pd.DataFrame) -> pd.DataFrame:
    """The same table with a column `run`, the seed where it has none: which training gave each row."""
    return predictions if "run" in predictions else predictions.assign(run=predictions["seed"])


@dataclass(frozen=True)
class Counts:
    """Confusion counts of one or more tables of predictions about the same speakers.

    Attributes:
        counts: table name -> counts, shape (rounds, speakers, 4, 4); all 0 where a speaker is not judged.
        run: table name -> number of the run that judged each speaker in each round, shape (rounds, speakers); -1
            where none did. Equal numbers in two tables are the same training.
        stratum: number of each speaker's stratum, shape (speakers,): speakers of one corpus who occur in the same
            tables.
    """

    counts: dict[str, np.ndarray]
    run: dict[str, np.ndarray]
    stratum: np.ndarray

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], equal_speakers: bool = False) -> "Counts":
        """Count.

        Args:
            tables: predictions with a column `seed`, and perhaps `run`, as `comparison.pooled` returns them.
            equal_speakers: every speaker counts the same, whoever left more clips.

        Raises:
            ValueError: a table is empty.
        """
        parts = []
        for name, table in tables.items():
            if table.empty:
                raise ValueError(f"no predictions to judge in {name!r}")
            parts.append(
                pd.DataFrame(
                    {
                        "table": name,
                        "round": rounds(table).to_numpy(),
                        "run": with_runs(table)["run"].astype(str).to_numpy(object),
                        "speaker": (table["corpus"] + "|" + table["speaker"].fillna("unknown")).to_numpy(object),
                        "corpus": table["corpus"].to_numpy(object),
                        "true": pd.Categorical(table["emotion"], EMOTIONS).codes,
                        "named": table[PROBABILITIES].to_numpy().argmax(1),
                    }
                )
            )
        rows = pd.concat(parts, ignore_index=True)
        rows["run"] = _joint_runs(rows)
        number, speakers = pd.factorize(rows["speaker"], sort=True)
        counts, runs = {}, {}
        for name in tables:
            here = (rows["table"] == name).to_numpy()
            place = rows["round"][here], number[here]
            shape = (int(rows["round"][here].max()) + 1, len(speakers))
            table = np.zeros((*shape, len(EMOTIONS), len(EMOTIONS)))
            np.add.at(table, (*place, rows["true"][here], rows["named"][here]), 1)
            if equal_speakers:
                table /= np.maximum(table.sum((2, 3), keepdims=True), 1)
            counts[name], runs[name] = table, np.full(shape, -1)
            runs[name][place] = rows["run"][here]
        pairs = rows[["speaker", "table"]].drop_duplicates().sort_values("table")
        occurs = pairs.groupby("speaker")["table"].agg("|".join)
        home = rows.groupby("speaker")["corpus"].first()
        return cls(counts, runs, pd.factorize((home + "|" + occurs)[speakers])[0])

    def score(self, table: str, metric: Metric) -> float:
        """A table's score: that of each round, averaged over rounds by their clips."""
        return float(mean_of_rounds(metric, self.counts[table].sum(1)))


def mean_of_rounds(metric: Metric, confusion: np.ndarray) -> np.ndarray:
    """Metric of each round, averaged by clips: confusion counts (rounds, ..., 4, 4) -> (...); NaN if none has one."""
    value, clips = metric(confusion), confusion.sum((-2, -1))
    known = ~np.isnan(value)
    return ratio(np.where(known, value * clips, 0).sum(0), np.where(known, clips, 0).sum(0))


def _joint_runs(rows: pd.DataFrame) -> np.ndarray:
    """Number of each row's run; runs that share a speaker's clips of one round count as one."""
    run = pd.factorize(rows["run"])[0]
    cell = len(rows) + rows.groupby(["table", "round", "speaker"]).ngroup().to_numpy()
    size = int(cell.max()) + 1
    return connected_components(coo_array((np.ones(len(rows)), (run, cell)), (size, size)), directed=False)[1][run]
