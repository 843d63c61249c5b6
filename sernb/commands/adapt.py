"""sernb adapt: from a folder of clips to a model for them."""

from pathlib import Path
from typing import Annotated

import typer

from sernb.commands.learn import Encoder, ProfileName, Runs
from sernb.data.escape import printable


def add_to(app: typer.Typer) -> None:
    """Register this file's command."""
    app.command()(adapt)


def adapt(
    clips: Annotated[Path, typer.Argument(help="Folder of clips: a corpus in any layout read here, or audio alone.")],
    source: Annotated[Path, typer.Option(help="Folder of corpora with English clips that have emotion labels.")],
    out: Annotated[Path, typer.Option(help="Folder for the model and its card.")],
    language: Annotated[str | None, typer.Option(help="Of the clips, ISO 639-1; without it, as they state.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=64, help="Models whose probabilities are averaged.")] = 3,
    stage1: Annotated[
        bool,
        typer.Option("--stage1", help="Adapt to the clips' speakers first; not shown to help yet, and takes longer."),
    ] = False,
    self_training: Annotated[
        bool,
        typer.Option(
            "--self-training",
            help="Teach each model a new head by what it calls the clips itself; takes emotions about equally often.",
        ),
    ] = False,
    profile: ProfileName = "laptop",
    encoder: Encoder = None,
    runs: Runs = Path("runs"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
):
    """Make a model for a language from unlabelled clips of it and English clips with labels.

    Says first what it found, what it will do, why, how long it takes here and what it can't know. Labels on some of the
    clips are only used to judge. Stop it at any time and give the same command again: it goes on where it was.
    """
    from sernb.experiments.early import check_recipes

    check_recipes(profile, ["baseline"])
    from sernb.experiments import adapt as made

    planned = made.plan(clips, source, language, seeds, stage1, self_training, profile, encoder, runs)
    for line in planned.lines:
        typer.echo(printable(line))
    if dry_run:
        return
    done = made.adapt(planned, out)
    for line in done.lines:
        typer.echo(printable(line))
    typer.echo(f"wrote {done.model}; use it with `sernb predict {done.model} FILES`")
