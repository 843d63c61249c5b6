"""A grid of runs, planned: which cells there are, in which order, and what the store says of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from sernb.progress import progress_bar
from sernb.results import keep
from sernb.runs import FinishedRuns, Run, RunMissing, partial_folder
from sernb.study import SOURCE_LANGUAGE, Study, open_study
from sernb.training.recipes import RECIPES, train_recipe

ZERO_SHOT = ("baseline",)
"""Methods that see no target speech: one run a seed, judged on every other language."""
STAGE1 = "contrastive-stage1"


@dataclass(frozen=True)
class Cell:
    """One run of the grid.

    Attributes:
        method: one of RECIPES.
        seed: of the run.
        fold: target fold left out; None where no target speech is learned from.
        languages: targets adapted to at once; None for every one in the corpora.
    """

    method: str
    seed: int
    fold: int | None = None
    languages: tuple[str, ...] | None = None

    def __str__(self) -> str:
        languages = [] if self.fold is None else ["+".join(self.languages or ("all targets",)), f"fold {self.fold}"]
        return ", ".join([self.method, f"seed {self.seed}", *languages])


@dataclass(frozen=True)
class Sweep:
    """What all cells of a grid have in common, in a form that can be sent to another process.

    Attributes:
        profile: name of the profile.
        corpora: folder of real corpora; None for the demo corpus.
        encoder: initial weights; None for the profile's.
        runs: folder of the runs; workers on several machines must all see it, and the corpora, under the same path.
        changes: fields that differ from the profile, as `train_recipe` takes them.
        stage1_changes: the same of the first stage of "contrastive".
    """

    profile: str
    corpora: Path | None = None
    encoder: str | None = None
    runs: Path = Path("runs")
    changes: dict[str, Any] = field(default_factory=dict)
    stage1_changes: dict[str, Any] = field(default_factory=dict)

    def study(self, progress: bool = False) -> Study:
        """The data, profile and store, as `open_study` raises and returns them."""
        return open_study(None, self.profile, self.corpora, self.encoder, runs=self.runs, progress=progress)

    def run(self, study: Study, cell: Cell) -> Run:
        """A cell's run: found in the study's store, or made there."""
        first = self.stage1_changes if cell.method == "contrastive" else None
        return next(train_recipe(cell.method, study, cell.seed, self.changes, first, cell.languages, [cell.fold]))


@dataclass(frozen=True)
class Planned:
    """A cell and what the store says of it: finished (`run`), to do (`lacks`), or impossible (`problem`).

    Attributes:
        cell: the cell.
        run: the finished run.
        lacks: folder of the first run that has yet to be made: the cell's own, or its first stage's.
        problem: why the cell can't be run, such as a fold without clips.
    """

    cell: Cell
    run: Run | None = None
    lacks: Path | None = None
    problem: str | None = None

    @property
    def state(self) -> str:
        """done, begun (something of it lies in the store), missing or impossible."""
        if self.problem is not None:
            return "impossible"
        if self.run is not None:
            return "done"
        first_stage_done = self.cell.method == "contrastive" and not self.lacks.name.startswith(STAGE1)
        return "begun" if first_stage_done or partial_folder(self.lacks).exists() else "missing"


def grid(
    methods: Sequence[str],
    languages: Sequence[str] | None = None,
    seeds: int = 5,
    folds: int = 5,
    together: bool = True,
    diagonals: int | None = None,
) -> list[Cell]:
    """The cells in the order they are run: stopped at any time, they form as balanced a set as can be.

    First every seed with one fold, seed s with fold s (modulo `folds`), for all methods; then every seed with the
    fold after that, and so on: a Latin square, diagonal by diagonal.

    Args:
        methods: of RECIPES.
        languages: targets to adapt to; None takes all.
        seeds: seeds 0 to seeds - 1.
        folds: target folds 0 to folds - 1, each left out once.
        together: one adaptation to all the languages; otherwise one a language, which must then be named.
        diagonals: how many folds each seed leaves out, one after the other; None for all.

    Raises:
        ValueError: an unknown method, nothing to run, more diagonals than folds, or one adaptation a language of no
            named ones.
    """
    unknown = set(methods) - set(RECIPES)
    if unknown or not methods:
        raise ValueError(f"unknown method {', '.join(sorted(unknown)) or '(none)'}; known are {', '.join(RECIPES)}")
    if seeds < 1 or folds < 1:
        raise ValueError(f"a grid needs at least one seed and one fold, not {seeds} and {folds}")
    if not together and not languages:
        raise ValueError("one adaptation a language needs the languages' names")
    diagonals = folds if diagonals is None else diagonals
    if not 1 <= diagonals <= folds:
        raise ValueError(f"{diagonals} diagonals: a seed can leave out one to {folds} of the {folds} folds")
    targets = [tuple(languages) if languages else None] if together else [(name,) for name in languages]
    cells = []
    for diagonal in range(diagonals):
        for seed in range(seeds):
            for method in dict.fromkeys(methods):
                if method not in ZERO_SHOT:
                    fold = (seed + diagonal) % folds
                    cells += [Cell(method, seed, fold, target) for target in targets]
                elif diagonal == 0:
                    cells.append(Cell(method, seed))
    return cells


def target_languages(study: Study) -> list[str]:
    """Every language with labelled clips but the source."""
    labelled = study.manifest[study.manifest["emotion"].notna()]
    return sorted(set(labelled["language"]) - {SOURCE_LANGUAGE})


def look_up(sweep: Sweep, study: Study, cell: Cell) -> Planned:
    """What the study's store holds of a cell; nothing is trained."""
    try:
        return Planned(cell, run=sweep.run(replace(study, store=FinishedRuns(study.store.root)), cell))
    except RunMissing as missing:
        return Planned(cell, lacks=missing.folder)
    except ValueError as error:
        return Planned(cell, problem=str(error))


def plan(sweep: Sweep, study: Study, cells: Sequence[Cell], progress: bool = True) -> list[Planned]:
    """Look every cell up.

    Raises:
        ValueError: no cell of a method can be run, which is a mistake in what was asked for.
    """
    planned = [look_up(sweep, study, cell) for cell in progress_bar(cells, desc="plan", unit="cell", show=progress)]
    for method in dict.fromkeys(cell.method for cell in cells):
        problems = [one.problem for one in planned if one.cell.method == method]
        if all(problems):
            raise ValueError(f"{method}: {problems[0]}")
    return planned


def summary(planned: Sequence[Planned]) -> pd.DataFrame:
    """One row a method: how many cells are in which state, and how long one worker will take for those to do."""
    finished = [one.run for one in planned if one.run is not None]
    rows = []
    for method in dict.fromkeys(one.cell.method for one in planned):
        own = [one for one in planned if one.cell.method == method]
        states = [one.state for one in own]
        counts = {state: states.count(state) for state in ("done", "begun", "missing", "impossible")}
        left = time_left([one.cell for one in own if one.lacks is not None], finished)
        rows.append({"method": method, "cells": len(own), **counts, "one worker needs": left})
    return pd.DataFrame(rows)


def cell_table(planned: Sequence[Planned]) -> pd.DataFrame:
    """One row a cell, in the order they are run."""
    return pd.DataFrame(
        [
            {
                "method": one.cell.method,
                "languages": "" if one.cell.fold is None else "+".join(one.cell.languages or ("all",)),
                "seed": str(one.cell.seed),
                "fold": "" if one.cell.fold is None else str(one.cell.fold),
                "state": one.state,
                "run": one.problem or (one.lacks or one.run.folder).name,
            }
            for one in planned
        ]
    )


def time_left(cells: Sequence[Cell], finished: Sequence[Run], workers: int = 1) -> str:
    """How long cells will take, in words, from the median of each method's finished runs; "unknown" without any.

    A method without a finished run is taken to be like the others.
    """
    took = pd.DataFrame([(run.config["recipe"], seconds(run)) for run in finished], columns=["method", "seconds"])
    typical = took.groupby("method")["seconds"].median()
    if cells and typical.empty:
        return "unknown"
    return duration(sum(typical.get(cell.method, typical.mean()) for cell in cells) / workers)


def seconds(run: Run) -> float:
    """How long a run took; a second stage's time includes its first stage's."""
    environment = run.environment
    first = environment.get("stage1")
    before = seconds(Run(run.folder.with_name(first))) if first else 0.0
    return before + environment["wall_s"]


def duration(seconds: float) -> str:
    """Seconds in words: "1 h 05 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def group(cell: Cell, name: str | None = None, together: bool = True) -> str:
    """The folder of the stored results a cell belongs to: its method, and what sets the grid apart ("byol-apart")."""
    return "-".join([cell.method, *([] if together or cell.fold is None else ["apart"]), *([name] if name else [])])


def keep_alike(run: Run, folder: Path, variants: bool = True, embeddings: bool = True) -> Path:
    """`results.keep`, into a folder whose runs differ in seed and data only.

    Raises:
        ValueError: the folder holds a run with another configuration or encoder: their mean would mean nothing.
    """
    for other in map(Run, sorted(path.parent for path in folder.glob("*/config.json"))):
        differing = _differing(run, other)
        if differing:
            raise ValueError(
                f"{folder} holds {other.folder.name}, which differs from {run.folder.name} in {', '.join(differing)}; "
                "give this grid a --name of its own, or empty the folder"
            )
    return keep(run, folder, variants, embeddings)


def _differing(run: Run, other: Run) -> list[str]:
    mine, theirs = ({**one.config["config"], "encoder": one.environment.get("encoder")} for one in (run, other))
    return sorted(name for name in {*mine, *theirs} - {"seed"} if mine.get(name) != theirs.get(name))
