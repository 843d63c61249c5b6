"""sernb train and leak: runs from the command line.

What needs torch is imported inside the commands: `sernb --help` and the data commands stay quick.
"""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sernb.commands.data import TakenAs, folders_taken_as
from sernb.commands.show import show
from sernb.experiments.recipes import RECIPES

CorporaDir = Annotated[Path | None, typer.Option(help="Folder of the corpora; without it, the demo corpus.")]
ProfileName = Annotated[str, typer.Option(help="smoke, laptop or paper.")]
Encoder = Annotated[str | None, typer.Option(help="Initial weights; without it, the profile's.")]
Seeds = Annotated[list[int], typer.Option(min=0, help="Once for each run.")]
Targets = Annotated[list[str], typer.Option(help="Target to adapt to, once for each; without it, all.")]
Folds = Annotated[list[int], typer.Option(min=0, help="Target fold left out and tested on, once for each.")]
Runs = Annotated[Path, typer.Option(help="Folder of the runs.")]
Changes = Annotated[list[str], typer.Option("--set", help="A config field as in TOML, or none: learning_rate=1e-4")]
Stage1Changes = Annotated[list[str], typer.Option("--stage1", help="As --set, for the first stage of contrastive.")]
Unlabelled = Annotated[
    str | None,
    typer.Option(
        help="Corpora whose speech contrastive and byol learn from without labels, separated by commas, such as "
        "commonvoice,openslr; without it, the targets' other folds."
    ),
]
HoldOut = Annotated[
    str | None,
    typer.Option(help="English corpora to test on instead of learning from them, separated by commas: ravdess."),
]
Keep = Annotated[Path | None, typer.Option(help="Also add each run, weights left out, to the tables in this folder.")]
Group = Annotated[str | None, typer.Option(help="Of the runs in these tables; without it, the recipe.")]


RecipeName = StrEnum("RecipeName", list(RECIPES))  # type: ignore[misc]  # its members are made here
BASELINE = RecipeName("baseline")


def weights(encoder: str) -> str:
    """Initial weights that a command is given: a folder from wherever, or a name on the model hub as it is."""
    return str(Path(encoder).resolve()) if Path(encoder).exists() else encoder


def fields(given: list[str]) -> dict[str, Any]:
    """What `--set` says: fields of a config and their values, as in TOML, which has no word for None but "none" here.

    A field of a field is named with a dot: waveform.gain_db=none.

    Raises:
        ValueError: something that is no field and value.
    """
    parted = [(name.strip(), value.strip()) for name, _, value in (text.partition("=") for text in given)]
    try:
        values = tomllib.loads("\n".join(f"{name} = {value}" for name, value in parted if value != "none"))
    except tomllib.TOMLDecodeError as problem:
        examples = "learning_rate=1e-4, 'pooling=\"all\"', projection=none"
        raise ValueError(f"{', '.join(given)}: {problem}; give a field and its value as in TOML: {examples}") from None
    for name, value in parted:
        if value == "none":
            *outer, last = name.split(".")
            inner = values
            for part in outer:
                inner = inner.setdefault(part, {})
            inner[last] = None
    return values


def listed(names: str | None) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(part.strip() for part in (names or "").split(",") if part.strip())


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    for command in (train, leak):
        app.command()(command)


def train(
    corpora: CorporaDir = None,
    recipe: Annotated[RecipeName, typer.Option(help="Contrastive trains both stages.")] = BASELINE,
    profile: ProfileName = "laptop",
    encoder: Encoder = None,
    seed: Seeds = [0],  # noqa: B006 (typer only reads it)
    language: Targets = [],  # noqa: B006
    fold: Folds = [0, 1, 2, 3, 4],  # noqa: B006
    runs: Runs = Path("runs"),
    change: Changes = [],  # noqa: B006
    stage1: Stage1Changes = [],  # noqa: B006
    unlabelled: Unlabelled = None,
    hold_out: HoldOut = None,
    taken_as: TakenAs = [],  # noqa: B006
    keep: Keep = None,
    group: Group = None,
):
    """Train a recipe on English emotion and judge it on other languages; a finished run is not made again.

    The baseline is one run per seed, judged on every other language. The others adapt to the targets' unlabelled speech
    as well: one run per seed and fold, judged on the fold left out; or, with --unlabelled, one run per seed.
    """
    from sernb.experiments.early import check_languages, check_recipes

    changes, first = fields(change), fields(stage1)
    check_recipes(profile, [recipe.value], seed, changes, first)
    check_languages(language, corpora)

    from sernb.evaluation.predictions import scores_by
    from sernb.experiments.kept import Kept, add_runs
    from sernb.experiments.recipes import train_recipe
    from sernb.experiments.study import open_study
    from sernb.processes import processes

    together = processes()
    with together.main_process_first():  # what it finds in the audio, the others read from its notes
        study = open_study(
            None,
            profile,
            corpora,
            encoder,
            runs=runs,
            progress=together.is_main_process,
            unlabelled=listed(unlabelled),
            held_out=listed(hold_out),
            taken_as=folders_taken_as(taken_as),
        )
    for number in seed:
        made = train_recipe(recipe.value, study, number, changes, first, language or None, fold)
        for run in made:
            if not together.is_main_process:
                continue
            show(scores_by(run.predictions, "part", "corpus", "language"), f"{run.folder} (seed {number})")
            if keep is not None:
                add_runs(keep, [Kept(run, group or recipe.value, embeddings=number == 0)])
    together.destroy_process_group()


def leak(
    corpora: CorporaDir = None,
    profile: ProfileName = "laptop",
    encoder: Encoder = None,
    seed: Seeds = [0],  # noqa: B006
    runs: Runs = Path("runs"),
    taken_as: TakenAs = [],  # noqa: B006
    keep: Keep = None,
):
    """Measure on every target corpus what a careless random split adds to the score of frozen embeddings."""
    from sernb.data.grouping import each_corpus
    from sernb.evaluation.predictions import scores_by
    from sernb.experiments.kept import Kept, add_runs
    from sernb.experiments.leak import LeakConfig, measure_leak
    from sernb.experiments.study import SOURCE_LANGUAGE, open_study

    study = open_study(None, profile, corpora, encoder, runs=runs, taken_as=folders_taken_as(taken_as))
    labelled = study.manifest[study.manifest["emotion"].notna()]
    for about, clips in each_corpus(labelled):
        if about["language"] == SOURCE_LANGUAGE:
            continue
        for number in seed:
            config = study.profile.config("leak", LeakConfig, seed=number)
            run = measure_leak(config, clips, study.encoder, study.store)
            show(scores_by(run.predictions, "part"), f"{about['corpus']}, {about['language']} (seed {number})")
            if keep is not None:
                add_runs(keep, [Kept(run, "leak")])
