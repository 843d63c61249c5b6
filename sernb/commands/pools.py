"""sernb pool: a recipe given other speech to learn from."""

from pathlib import Path
from typing import Annotated

import typer

from sernb.commands.learn import Changes, CorporaDir, Encoder, ProfileName, RecipeName, Runs, Stage1Changes, fields
from sernb.commands.show import show
from sernb.corpora.ranges import unknown

CONTRASTIVE = RecipeName("contrastive")


def add_to(app: typer.Typer) -> None:
    """Register this file's command."""
    app.command()(pool)


def pool(
    condition: Annotated[list[str], typer.Argument(help="Names of conditions; --list prints them.")] = [],  # noqa: B006
    recipe: Annotated[RecipeName, typer.Option(help="baseline, contrastive or byol.")] = CONTRASTIVE,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds 0 to N - 1.")] = 5,
    folds: Annotated[int, typer.Option(min=1, help="Seed S leaves out target fold S modulo this.")] = 5,
    diagonals: Annotated[int, typer.Option(min=1, help="Each seed with so many folds, one after the other.")] = 1,
    profile: ProfileName = "laptop",
    corpora: CorporaDir = None,
    encoder: Encoder = None,
    change: Changes = [],  # noqa: B006 (read only)
    stage1: Stage1Changes = [],  # noqa: B006
    runs: Runs = Path("runs"),
    keep: Annotated[
        Path | None,
        typer.Option(help="Also add each run to the tables in this folder, in the group RECIPE-CONDITION."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Print the conditions and stop.")] = False,
):
    """Train a recipe under conditions that change the speech it is given; what the store holds is not made again.

    Give the same command again after an interruption: it goes on where it was.
    """
    from sernb.experiments.early import check_recipes

    changes, first = fields(change), fields(stage1)
    check_recipes(profile, [recipe.value], changes=changes, stage1_changes=first)

    import pandas as pd

    from sernb.experiments.conditions import CONDITIONS, condition_group, train_condition

    if list_ or not condition:
        show(pd.DataFrame([{"condition": name, "what": one.what} for name, one in CONDITIONS.items()]), "Conditions")
        return
    for name in condition:
        if name not in CONDITIONS:
            raise ValueError(unknown("condition", name, CONDITIONS))
    from sernb.evaluation.predictions import scores_by
    from sernb.experiments.kept import Kept, add_runs
    from sernb.experiments.study import open_study
    from sernb.experiments.sweep import grid

    study = open_study(None, profile, corpora, encoder, runs=runs)
    for cell in grid([recipe.value], seeds=seeds, folds=folds, diagonals=diagonals):
        seed, fold = cell.seed, cell.fold
        split = study.zero_shot(seed) if fold is None else study.adapted(fold, seed=seed)
        for name in condition:
            for run in train_condition(name, recipe.value, study, split, seed, changes=changes, stage1_changes=first):
                title = f"{run.folder} ({name}, seed {seed}{'' if fold is None else f', fold {fold}'})"
                show(scores_by(run.predictions.query("part == 'test'"), "corpus", "language", "gender"), title)
                if keep is not None:
                    add_runs(
                        keep, [Kept(run, condition_group(recipe.value, name), fold, variants=False, embeddings=False)]
                    )
