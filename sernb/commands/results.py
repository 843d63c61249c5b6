"""sernb results: every reported figure, computed again from the stored runs; and the tables these runs are kept in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sernb.commands.show import show
from sernb.data.escape import printable

if TYPE_CHECKING:
    from sernb.results.report import Report

BEGIN, END = "<!-- results:begin, written by `sernb results --readme` -->", "<!-- results:end -->"
PICTURE = Path("book/_static/results.png")  # beside the README


def add_to(app: typer.Typer) -> None:
    """Register this file's command."""
    app.command()(results)


def results(
    readme: Annotated[
        Path | None,
        typer.Option(help="Also rewrite the findings and the picture of this README.md, and results/README.md by it."),
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(help="Folder of the tables; without it, those that come with the package.")
    ] = None,
    add: Annotated[
        Path | None, typer.Option(help="Add this folder's finished runs, in the groups of their recipes, and stop.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="With --add: the groups are RECIPE-NAME.")] = None,
    rename: Annotated[
        str | None, typer.Option(metavar="OLD=NEW", help="Give a group, and its first stages, another name, and stop.")
    ] = None,
    remove: Annotated[
        str | None, typer.Option(help="Take a group, and its first stages, out of the tables, and stop.")
    ] = None,
):
    """Compute the reported figures from the stored runs; or add, rename and remove such runs."""
    if add is not None or rename is not None or remove is not None:
        change(tables, add, name, rename, remove)
        return
    from sernb.figures.ladder import panels
    from sernb.results import report as stored
    from sernb.results.ladder import every_rung

    folder = tables or stored.FOLDER
    report = stored.whole_report(folder)
    for sentence in report.sentences:
        typer.echo(f"* {printable(sentence)}")
    for title, table in report.tables.items():
        show(table, title)
    if readme is not None:
        (readme.parent / PICTURE.parent).mkdir(parents=True, exist_ok=True)
        picture, alt = panels(every_rung(folder))
        picture.savefig(readme.parent / PICTURE, dpi=150, metadata={"Software": None})
        write_section(readme, "\n".join([BEGIN, f"![{alt}]({PICTURE.as_posix()})", "", *bullets(report.findings), END]))
        write_section(readme.parent / "results" / "README.md", section(report))


def change(
    tables: Path | None, add: Path | None = None, name: str | None = None, old_new: str | None = None,
    removed: str | None = None,
) -> None:  # fmt: skip
    """Rename, remove or add stored runs, in this order, and print which groups there are."""
    from sernb.data.shipped import RESULTS
    from sernb.experiments import kept
    from sernb.experiments.recipes import RECIPES
    from sernb.experiments.stored import open_stored
    from sernb.runs import finished_runs

    folder = tables or RESULTS
    if old_new is not None:
        old, equals, new = old_new.partition("=")
        if not (old and new):
            raise ValueError(f"--rename {old_new}: give the group's name and its new one, as --rename old=new")
        kept.rename(folder, old, new)
    if removed is not None:
        kept.remove(folder, removed)
    if add is not None:
        found = [(run, run.config) for run in finished_runs(add)]
        chosen = [
            kept.Kept(run, "-".join(filter(None, [config["recipe"], name])), embeddings=config["config"]["seed"] == 0)
            for run, config in found
            if config["recipe"] in {*RECIPES, "leak"}
        ]
        if not chosen:
            raise FileNotFoundError(f"{add} holds no finished run of {', '.join(RECIPES)} or leak")
        kept.add_runs(folder, chosen)
    runs = open_stored(folder).runs.groupby(["group", "recipe"])
    show(runs.agg(runs=("run", "size"), first=("date", "min"), last=("date", "max")).reset_index(), f"In {folder}")


def section(report: "Report") -> str:
    """The generated part of results/README.md, in Markdown.

    Args:
        report: from `sernb.results.report.whole_report`.
    """
    from sernb.data.markdown import markdown_table
    from sernb.evaluation.names import named

    parts = [
        f"**{title}**\n\n{markdown_table(named(table), decimals=3, escape=str)}"
        for title, table in report.tables.items()
    ]
    return "\n\n".join([BEGIN, "\n".join(bullets(report.sentences)), *parts, END])


def bullets(sentences: list[str]) -> list[str]:
    """Sentences as a list in Markdown."""
    return [f"* {sentence}" for sentence in sentences]


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
