"""A grid of runs, planned: which cells there are, in which order, and what the store says of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from sernb.experiments.kept import Kept
from sernb.experiments.recipes import RECIPES, recipe_named, train_recipe
from sernb.experiments.study import SOURCE_LANGUAGE, Study, open_study
from sernb.progress import progress_bar
from sernb.runs import STATISTICS, FinishedRuns, Run, RunMissing, partial_folder

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
        unlabelled: as `open_study` takes them.
        held_out: as `open_study` takes them.
        taken_as: as `open_study` takes them, absolute.
    """

    profile: str
    corpora: Path | None = None
    encoder: str | None = None
    runs: Path = Path("runs")
    changes: dict[str, Any] = field(default_factory=dict)
    stage1_changes: dict[str, Any] = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    taken_as: dict[Path, str] = field(default_factory=dict)

    def study(self, progress: bool = False) -> Study:
        """The data, profile and store, as `open_study` raises and returns them."""
        return open_study(
            None,
            self.profile,
            self.corpora,
            self.encoder,
            runs=self.runs,
            progress=progress,
            unlabelled=self.unlabelled,
            held_out=self.held_out,
            taken_as=self.taken_as,
        )

    def run(self, study: Study, cell: Cell) -> Run:
        """A cell's run: found in the study's store, or made there."""
        first = self.stage1_changes if RECIPES[cell.method].stage1 else None
        folds = [] if cell.fold is None else [cell.fold]
        return next(train_recipe(cell.method, study, cell.seed, self.changes, first, cell.languages, folds))


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
        if self.run is not None:
            return "done"
        if self.lacks is None:
            return "impossible"
        first_stage_done = RECIPES[self.cell.method].stage1 and not self.lacks.name.startswith(STAGE1)
        return "begun" if first_stage_done or partial_folder(self.lacks).exists() else "missing"

    @property
    def found(self) -> str:
        """Name of the finished run or of the first one that is missing; the problem where there can be none."""
        folder = self.lacks if self.run is None else self.run.folder
        return str(self.problem) if folder is None else folder.name


def grid(
    methods: Sequence[str],
    languages: Sequence[str] | None = None,
    seeds: int = 5,
    folds: int = 5,
    together: bool = True,
    diagonals: int | None = None,
    reading: bool = False,
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
        reading: the unlabelled speech is read, from corpora of its own, so that no target fold is left out.

    Raises:
        ValueError: an unknown method, nothing to run, more diagonals than folds, or one adaptation a language of no
            named ones.
    """
    recipes = [recipe_named(method) for method in dict.fromkeys(methods)]
    if not recipes:
        raise ValueError(f"a grid needs at least one method of {', '.join(RECIPES)}")
    if seeds < 1 or folds < 1:
        raise ValueError(f"a grid needs at least one seed and one fold, not {seeds} and {folds}")
    if not together and not languages:
        raise ValueError("one adaptation a language needs the languages' names")
    diagonals = folds if diagonals is None else diagonals
    if not 1 <= diagonals <= folds:
        raise ValueError(f"{diagonals} diagonals: a seed can leave out one to {folds} of the {folds} folds")
    targets: list[tuple[str, ...] | None] = [(name,) for name in languages or ()]
    if together:
        targets = [tuple(languages) if languages else None]
    cells = []
    for diagonal in range(diagonals):
        for seed in range(seeds):
            for recipe in recipes:
                if recipe.adapts and not reading:
                    fold = (seed + diagonal) % folds
                    cells += [Cell(recipe.name, seed, fold, target) for target in targets]
                elif diagonal == 0:
                    cells.append(Cell(recipe.name, seed))
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


def progress_by_method(planned: Sequence[Planned]) -> pd.DataFrame:
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
                "run": one.found,
            }
            for one in planned
        ]
    )


def time_left(cells: Sequence[Cell], finished: Sequence[Run], workers: int = 1) -> str:
    """How long cells will take, in words, from the median of each method's finished runs; "unknown" without any.

    A method without a finished run is taken to be like the others.
    """
    took = pd.DataFrame([(run.config["recipe"], 60 * run.minutes) for run in finished], columns=["method", "seconds"])
    typical = took.groupby("method")["seconds"].median()
    if cells and typical.empty:
        return "unknown"
    return duration(sum(typical.get(cell.method, typical.mean()) for cell in cells) / workers)


def duration(seconds: float) -> str:
    """Seconds in words: "1 h 05 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def grid_group(cell: Cell, name: str | None = None, together: bool = True) -> str:
    """The group of stored runs a cell belongs to: its method, and what sets the grid apart ("byol-apart")."""
    return "-".join([cell.method, *([] if together or cell.fold is None else ["apart"]), *([name] if name else [])])


def kept(cell: Cell, run: Run, name: str | None = None, together: bool = True) -> Kept:
    """A cell's run as it is stored: of an ablation, its predictions as it is and with the targets' statistics."""
    main = name is None and together
    # of one seed: the embeddings of every cell would be more than all the rest
    return Kept(run, grid_group(cell, name, together), cell.fold, main or (STATISTICS,), main and cell.seed == 0)
