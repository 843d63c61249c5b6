"""Ablations: questions that two or more groups of stored runs answer, one table each."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from sernb.data.grouping import each_method
from sernb.evaluation import comparison, uncertainty
from sernb.evaluation.counts import SCORES, by_round
from sernb.evaluation.names import word
from sernb.evaluation.predictions import scores
from sernb.results.findings import STAGE1_FIGURES, mean_std, runs_of_group
from sernb.runs import Run


@dataclass(frozen=True)
class Row:
    """One line of an ablation: a group of stored runs, and perhaps a variant of them.

    Attributes:
        label: what differs.
        group: of the stored runs.
        variant: as `Run.variant` takes it.
        command: what makes the runs.
    """

    label: str
    group: str
    variant: str | None = None
    command: str = ""


@dataclass(frozen=True)
class Ablation:
    """A question that two or more groups of runs answer; the first row is what the others are compared with."""

    name: str
    question: str
    rows: tuple[Row, ...]


@cache
def all_ablations() -> dict[str, Ablation]:
    """Every ablation the book shows, by name, from ablations.toml."""
    content = tomllib.loads((files(__package__) / "ablations.toml").read_text())
    return {
        name: Ablation(name, entry["question"], tuple(Row(**row) for row in entry["rows"]))
        for name, entry in content.items()
    }


def rows_of(row: Row, root: Path) -> pd.DataFrame:
    """Test predictions of the runs behind a row, empty where none is stored."""
    runs = runs_behind(row, root)
    return comparison.pooled(runs, variant=row.variant) if runs else pd.DataFrame()


def runs_behind(row: Row, root: Path) -> list[Run]:
    """The stored runs behind a row."""
    return [run for run in runs_of_group(root, row.group) if row.variant is None or row.variant in run.variants]


def ablation_table(ablation: Ablation, root: Path, metric: str = "macro_f1") -> pd.DataFrame:
    """Scores of each row whose runs are stored, and its difference from the first row on common clips.

    Returns:
        Columns what, corpus, language, seeds, score (mean (std) over rounds), against (the first row's score on the
        clips both judged), then value, low, high of the difference; empty where fewer than two rows are stored.
    """
    tables = {row.label: rows_of(row, root) for row in ablation.rows}
    tables = {label: table for label, table in tables.items() if len(table)}
    first = ablation.rows[0].label
    if first not in tables or len(tables) < 2:
        return pd.DataFrame()
    found = []
    for about, judged in each_method(tables, "what"):
        entry = about | {"seeds": judged["seed"].nunique(), word(metric): _mean_std_of_rounds(judged, metric)}
        own, control = comparison.common(judged, tables[first])
        if about["what"] != first and len(own):
            chosen = {metric: SCORES[metric]}
            (gain,) = uncertainty.difference(own, control, metrics=chosen).to_dict("records")
            entry["against"] = _mean_std_of_rounds(control, metric)
            entry |= {name: gain[name] for name in ("value", "low", "high")}
        found.append(entry)
    table = pd.DataFrame(found)
    return table.sort_values(["language", "corpus"], kind="stable", ignore_index=True)


def _mean_std_of_rounds(judged: pd.DataFrame, metric: str) -> str:
    return mean_std(pd.Series(SCORES[metric](by_round(judged))))


def ablation_page(table: pd.DataFrame, metric: str = "macro_f1") -> pd.DataFrame:
    """`ablation_table` with a column a corpus; below the first row also the first row's score on the same clips.

    Cells "0.554 (0.028)" in the first row, "0.554 (0.028), not 0.533 (0.031): +0.021 [-0.010, +0.052]" below it.
    """
    score = word(metric)
    cells = [
        row[score] if pd.isna(row["value"]) else f"{row[score]}, not {row['against']}: {uncertainty.in_words(row)}"
        for row in table.to_dict("records")
    ]
    wide = table.assign(cell=cells).pivot(index=["what", "seeds"], columns="corpus", values="cell")
    return wide.loc[table["what"].unique()].reset_index().rename_axis(columns=None)


def seed_by_seed(ablation: Ablation, label: str, root: Path) -> pd.DataFrame:
    """What one row of an ablation has over the first under each seed, on the clips both judged: macro-F1.

    Returns:
        One row a seed and a last one, "all", of their mean; columns seed and each corpus.
    """
    (row,) = (row for row in ablation.rows if row.label == label)
    own, control = rows_of(row, root), rows_of(ablation.rows[0], root)
    keys = ["seed", "corpus", "utterance_id"]
    both = own[keys].merge(control[keys])
    own, control = own.merge(both, on=keys), control.merge(both, on=keys)
    table = uncertainty.gains_per_seed(own, control, "corpus")
    return pd.concat([table, table.mean().to_frame("all").T]).rename_axis("seed").reset_index()


def tuning_table(ablation: Ablation, root: Path) -> pd.DataFrame:
    """What a choice between settings of stage 1 may look at: no test clip.

    Columns what, seeds, validation macro-F1 (English speakers, after stage 2), and stage 1's own figures afterwards:
    mean (std) over the row's runs, and what the first row has with the same seeds and left-out folds.
    """
    measured = {}
    for row in ablation.rows:
        found = [_tuned(run) for run in runs_of_group(root, row.group)]
        if found:
            measured[row.label] = pd.DataFrame(found).set_index(["seed", "data"])
    first = next(iter(measured.values()), pd.DataFrame())
    rows = []
    for label, own in measured.items():
        same = first.loc[first.index.intersection(own.index)]
        cells = {
            name: mean_std(own[name]) if own is first else f"{mean_std(own[name])}, not {mean_std(same[name])}"
            for name in own
        }
        rows.append({"what": label, "seeds": own.index.unique("seed").size} | cells)
    return pd.DataFrame(rows)


def _tuned(run: Run) -> dict:
    before = run.first_stage
    if before is None:
        raise FileNotFoundError(f"{run.folder}: its first stage is not stored")
    after = before.report["after"]
    validation = scores(run.predictions.query("part == 'validation'"))["macro_f1"]
    cell = {"seed": run.config["config"]["seed"], "data": run.config["inputs"]["data"]}
    return cell | {"validation macro-F1": validation} | {what: after[name] for name, what in STAGE1_FIGURES.items()}


def rows_without_runs(ablation: Ablation, root: Path) -> list[Row]:
    """The rows without stored runs."""
    return [row for row in ablation.rows if not runs_behind(row, root)]
