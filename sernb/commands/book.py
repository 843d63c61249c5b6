"""sernb run and book: chapters executed for one language or several, and the book made of them."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from sernb.commands.learn import weights


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    for command in (run, book):
        app.command()(command)


def run(
    notebooks: Annotated[list[Path], typer.Argument(metavar="CHAPTER...", help="Notebooks of book/.")],
    language: Annotated[list[str], typer.Option(help="Once for each language.")],
    profile: Annotated[str, typer.Option(help="smoke, laptop or paper.")] = "smoke",
    corpora: Annotated[Path | None, typer.Option(help="Folder of the corpora; without it, the demo corpus.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Initial weights; without it, the profile's.")] = None,
    seed: Annotated[int, typer.Option(help="Of every run.")] = 0,
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs"),
    out: Annotated[Path, typer.Option(help="Executed notebooks go to OUT/LANGUAGE/CHAPTER.ipynb.")] = Path("executed"),
    jobs: Annotated[int, typer.Option(help="Chapters executed at a time.")] = 1,
):
    """Execute chapters with papermill for one or more languages."""
    from sernb.book.build import ChapterError, run_chapters

    parameters: dict[str, object] = {
        "profile": profile,
        "corpora": None if corpora is None else str(corpora.resolve()),
        "encoder": encoder and weights(encoder),
        "seed": seed,
        "runs": str(runs.resolve()),
    }
    try:
        executed = run_chapters(notebooks, language, out, parameters, jobs)
    except ChapterError as error:
        sys.exit(f"sernb: {error}")
    print(*executed, sep="\n")


def book(
    language: Annotated[list[str], typer.Option(help="Once for each language that pages show.")] = ["ur", "de", "bn"],  # noqa: B006
    jobs: Annotated[int | None, typer.Option(help="Chapters executed at a time; without it, one a core.")] = None,
    repository: Annotated[
        str | None, typer.Option(help="https://github.com/OWNER/NAME, for launch and edit links; git's origin is one.")
    ] = None,
    branch: Annotated[str, typer.Option(help="That these links lead to.")] = "main",
    address: Annotated[str, typer.Option(help="Where the book is published, for previews of links to it.")] = "",
    executed: Annotated[bool, typer.Option("--executed", help="Render what is executed in _build already.")] = False,
):
    """Execute every chapter on the demo corpus, render the book to _build/html and check its pages."""
    from sernb.book.build import ChapterError, build, finish
    from sernb.book.layout import Place, origin
    from sernb.book.merge import MergeError
    from sernb.book.pagecheck import PageError

    try:
        place = Place(origin() if repository is None else repository, branch, address)
        print(finish(language, place=place) if executed else build(language, jobs=jobs, place=place))
    except (ChapterError, MergeError, PageError, subprocess.CalledProcessError) as error:
        sys.exit(f"sernb: {error}")
