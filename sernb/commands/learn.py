"""sernb train, leak and predict: runs from the command line, and labels for new clips.

What needs torch is imported inside the commands: `sernb --help` and the data commands stay quick.
"""

import json
import sys
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sernb.commands.show import show

CorporaDir = Annotated[Path | None, typer.Option(help="Folder of the corpora; without it, the demo corpus.")]
ProfileName = Annotated[str, typer.Option(help="smoke, laptop or paper.")]
Encoder = Annotated[str | None, typer.Option(help="Initial weights; without it, the profile's.")]
Seeds = Annotated[list[int], typer.Option(help="Once for each run.")]
Targets = Annotated[list[str], typer.Option(help="Target to adapt to, once for each; without it, all.")]
Folds = Annotated[list[int], typer.Option(help="Target fold left out and tested on, once for each.")]
Runs = Annotated[Path, typer.Option(help="Folder of the runs.")]
Changes = Annotated[list[str], typer.Option("--set", help="A config field as in TOML, or none: learning_rate=1e-4")]
Keep = Annotated[Path | None, typer.Option(help="Also copy each run, weights left out, into this folder.")]


class Format(StrEnum):
    """How `sernb predict` prints."""

    csv = "csv"
    json = "json"


class Recipe(StrEnum):
    """What `sernb train` trains."""

    baseline = "baseline"
    contrastive = "contrastive"
    byol = "byol"


def fields(given: list[str]) -> dict[str, Any]:
    """What `--set` says: fields of a config and their values, as in TOML, which has no word for None but "none" here.

    Raises:
        ValueError: something that is no field and value.
    """
    parted = [(name.strip(), value.strip()) for name, _, value in (text.partition("=") for text in given)]
    try:
        values = tomllib.loads("\n".join(f"{name} = {value}" for name, value in parted if value != "none"))
    except tomllib.TOMLDecodeError as problem:
        examples = "learning_rate=1e-4, 'pooling=\"all\"', projection=none"
        raise ValueError(f"{', '.join(given)}: {problem}; give a field and its value as in TOML: {examples}") from None
    return values | {name: None for name, value in parted if value == "none"}


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    for command in (train, leak, predict):
        app.command()(command)


def train(
    corpora: CorporaDir = None,
    recipe: Annotated[Recipe, typer.Option(help="baseline, contrastive (both stages) or byol.")] = Recipe.baseline,
    profile: ProfileName = "laptop",
    encoder: Encoder = None,
    seed: Seeds = [0],  # noqa: B006 (typer only reads it)
    language: Targets = [],  # noqa: B006
    fold: Folds = [0, 1, 2, 3, 4],  # noqa: B006
    runs: Runs = Path("runs"),
    change: Changes = [],  # noqa: B006
    stage1: Annotated[list[str], typer.Option(help="As --set, for the first stage of contrastive.")] = [],  # noqa: B006
    keep: Keep = None,
):
    """Train a recipe on English emotion and judge it on other languages; a finished run is not made again.

    The baseline is one run a seed, judged on every other language. The others adapt to the targets' unlabelled speech
    as well: one run a seed and fold, judged on the fold left out.
    """
    from sernb import evaluation, results
    from sernb.processes import processes
    from sernb.study import open_study
    from sernb.training.recipes import train_recipe

    together = processes()
    changes, first = fields(change), fields(stage1)
    with together.main_process_first():  # what it finds in the audio, the others read from its notes
        study = open_study(None, profile, corpora, encoder, runs=runs, progress=together.is_main_process)
    for number in seed:
        made = train_recipe(recipe.value, study, number, changes, first, language or None, fold)
        for run in made:
            if not together.is_main_process:
                continue
            show(evaluation.scores_by(run.predictions, "part", "corpus", "language"), f"{run.folder} (seed {number})")
            if keep is not None:
                results.keep(run, keep)
    together.destroy_process_group()


def leak(
    corpora: CorporaDir = None,
    profile: ProfileName = "laptop",
    encoder: Encoder = None,
    seed: Seeds = [0],  # noqa: B006
    runs: Runs = Path("runs"),
    keep: Keep = None,
):
    """Measure on every target corpus what a careless random split adds to the score of frozen embeddings."""
    from sernb import evaluation, results
    from sernb.leak import LeakConfig, measure_leak
    from sernb.study import SOURCE_LANGUAGE, open_study

    study = open_study(None, profile, corpora, encoder, runs=runs)
    labelled = study.manifest[study.manifest["emotion"].notna()]
    for (corpus, language), clips in labelled.groupby(["corpus", "language"]):
        if language == SOURCE_LANGUAGE:
            continue
        for number in seed:
            config = study.profile.config("leak", LeakConfig, seed=number)
            run = measure_leak(config, clips, study.encoder, study.store)
            show(evaluation.scores_by(run.predictions, "part"), f"{corpus}, {language} (seed {number})")
            if keep is not None:
                results.keep(run, keep)


def predict(
    model: Annotated[Path, typer.Argument(help="A run's folder, or a folder written by save_pretrained.")],
    files: Annotated[list[Path], typer.Argument(help="Audio files.")],
    format: Annotated[Format, typer.Option(help="csv or json.")] = Format.csv,
):
    """Label and probability of each emotion, for each file; exit status 1 if a file can't be read."""
    from sernb.inference import classify
    from sernb.runs import MODEL_FOLDER

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
