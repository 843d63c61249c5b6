"""sernb train and predict: runs from the command line, and labels for new clips."""

import json
import sys
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sernb import evaluation, results
from sernb.commands.show import show
from sernb.inference import classify
from sernb.runs import MODEL_FOLDER
from sernb.study import open_study
from sernb.training.baseline import BaselineConfig, train_baseline

console = Console()


class Format(StrEnum):
    """How `sernb predict` prints."""

    csv = "csv"
    json = "json"


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    for command in (train, predict):
        app.command()(command)


def train(
    corpora: Annotated[Path | None, typer.Option(help="Folder of the corpora; without it, the demo corpus.")] = None,
    profile: Annotated[str, typer.Option(help="smoke, laptop or paper.")] = "laptop",
    encoder: Annotated[str | None, typer.Option(help="Initial weights; without it, the profile's.")] = None,
    seed: Annotated[list[int], typer.Option(help="Once for each run.")] = [0],  # noqa: B006 (typer reads it only)
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs"),
    change: Annotated[
        list[str], typer.Option("--set", help="A field of the config, as in TOML: learning_rate=1e-4")
    ] = [],  # noqa: B006
    keep: Annotated[Path | None, typer.Option(help="Also copy each run, weights left out, into this folder.")] = None,
):
    """Train the baseline on English and judge it on every other language; a finished run is not made again."""
    changes = tomllib.loads("\n".join(change))
    for number in seed:
        # the language only names a chapter's target: the baseline is judged on all of them
        study = open_study(None, profile, corpora, encoder, number, runs)
        config = study.profile.config("baseline", BaselineConfig, seed=number, **changes)
        run = train_baseline(config, study.zero_shot(), study.encoder, study.store)
        show(evaluation.scores_by(run.predictions, "part", "corpus", "language"), f"{run.folder} (seed {number})")
        if keep is not None:
            results.keep(run, keep)


def predict(
    model: Annotated[Path, typer.Argument(help="A run's folder, or a folder written by save_pretrained.")],
    files: Annotated[list[Path], typer.Argument(help="Audio files.")],
    format: Annotated[Format, typer.Option(help="csv or json.")] = Format.csv,
):
    """Label and probability of each emotion, for each file; exit status 1 if a file can't be read."""
    folder = model / MODEL_FOLDER if (model / MODEL_FOLDER).is_dir() else model
    table, problems = classify(folder, files)
    if format is Format.csv:
        table.to_csv(sys.stdout, index=False)
    else:
        json.dump(table.to_dict("records"), sys.stdout, indent=2)
        print()
    for problem in problems:
        print(f"sernb: {problem}", file=sys.stderr)
    if problems:
        raise typer.Exit(1)
