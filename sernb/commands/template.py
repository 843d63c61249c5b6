"""sernb template: a folder to start from with a language of one's own."""

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register this file's command."""
    app.command()(template)


def template(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    language: Annotated[str | None, typer.Option(help="Code or English name of the language: am, Amharic.")] = None,
    example: Annotated[
        bool, typer.Option("--example", help="With a made-up Swahili corpus, so that everything runs at once.")
    ] = False,
):
    """Write a starter folder for a language of your own: corpus.csv to fill, README, notebook."""
    from sernb.teaching.starter_folder import write_template

    for path in write_template(folder, language, example):
        print(path)
