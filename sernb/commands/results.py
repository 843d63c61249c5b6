"""sernb results: every reported figure, computed again from the stored runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sernb.commands.show import show

if TYPE_CHECKING:
    from sernb.results import Report

BEGIN, END = "<!-- results:begin, written by `sernb results --readme` -->", "<!-- results:end -->"


def add_to(app: typer.Typer) -> None:
    """Register this file's command."""
    app.command()(results)


def results(
    readme: Annotated[Path | None, typer.Option(help="Also rewrite the results section of this file.")] = None,
):
    """Compute the reported figures from the stored reference runs."""
    from sernb import results as stored

    report = stored.report()
    for sentence in report.sentences:
        typer.echo(f"* {sentence}")
    for title, table in report.tables.items():
        show(table, title)
    if readme is not None:
        write_section(readme, section(report))


def section(report: "Report") -> str:
    """The README's results, in Markdown.

    Args:
        report: from `sernb.results.report`.
    """
    from sernb.words import named

    sentences = "\n".join(f"* {sentence}" for sentence in report.sentences)
    parts = [f"**{title}**\n\n{markdown(named(table))}" for title, table in report.tables.items()]
    return "\n\n".join([BEGIN, sentences, *parts, END])


def markdown(table) -> str:
    """A frame as a Markdown table, shares with three decimals."""
    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|" + " --- |" * len(table.columns)]
    for row in table.itertuples(index=False):
        lines.append("| " + " | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row) + " |")
    return "\n".join(lines)


def write_section(readme: Path, text: str) -> None:
    """Replace what lies between the two marks.

    Raises:
        ValueError: the file lacks the marks.
    """
    content = readme.read_text()
    if BEGIN not in content or END not in content:
        raise ValueError(f"{readme} lacks the marks {BEGIN!r} and {END!r}; put them where the results belong")
    before, rest = content.split(BEGIN, 1)
    readme.write_text(before + text + rest.split(END, 1)[1])
