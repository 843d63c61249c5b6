"""sernb student, check, slides: the book as a course."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from sernb.commands.show import new_console
from sernb.data.escape import printable

COLOURS = {"right": "green", "wrong": "red", "open": "dim"}


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    for name, command in (("student", student), ("check", check_answers), ("slides", slides)):
        app.command(name)(command)


def student(
    out: Annotated[Path, typer.Option(help="Folder for the chapters and answers.py.")],
    chapters: Annotated[list[Path] | None, typer.Argument(metavar="[CHAPTER]...", help="Without any, all.")] = None,
):
    """Write the chapters without their solutions, and a file of skeletons for the answers."""
    from sernb.book import layout
    from sernb.teaching.student import write_student

    for path in write_student(chapters or layout.chapters(), out):
        print(path)


def check_answers(answers: Annotated[Path, typer.Argument(help="A Python file; it is run.")]):
    """Judge a student's functions against slow, readable ones; exit status 1 if one is wrong."""
    from sernb.teaching.answers import judge

    console = new_console()
    verdicts = judge(answers)
    for verdict in verdicts:
        console.print(
            Text.assemble((f"{verdict.outcome:5} ", COLOURS[verdict.outcome]), f"{verdict.chapter}  "),
            Text(printable(verdict.message if verdict.outcome == "right" else f"{verdict.name}: {verdict.message}")),
            sep="",
        )
    counts = {outcome: sum(verdict.outcome == outcome for verdict in verdicts) for outcome in COLOURS}
    console.print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    if counts["wrong"]:
        raise typer.Exit(1)


def slides(
    out: Annotated[Path, typer.Option(help="Folder for CHAPTER.html and what the slides need offline.")],
    executed: Annotated[Path, typer.Option(help="Folder of executed chapters, as `sernb book` leaves it.")] = Path(
        "_build/executed/ur"
    ),
    chapters: Annotated[
        list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="Names; without any, all.")
    ] = None,
):
    """Make reveal.js slides of executed chapters; they need no network."""
    from sernb.teaching.slides import write_slides

    for path in write_slides(executed, out, chapters or ()):
        print(path)
