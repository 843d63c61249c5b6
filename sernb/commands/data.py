"""sernb corpora, harmonize, audit, export: from folders as downloaded to one table that can be trusted.

What reads corpora and tables is imported inside the commands: `sernb --help` stays quick.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from sernb.commands.cluster import Scheduler, TlsCaFile, TlsCert, TlsKey, check_options, workers_of
from sernb.commands.show import new_console, show
from sernb.corpora.base import Corpus
from sernb.data.escape import printable

if TYPE_CHECKING:
    from sernb.data.inspection import Look

CorporaDir = Annotated[Path, typer.Argument(help="Folder that holds the corpora; `sernb corpora NAME` shows a layout.")]
HarmonizedDir = Annotated[Path, typer.Argument(help="Folder written by `sernb harmonize`.")]
TakenAs = Annotated[
    list[str],
    typer.Option("--as", metavar="NAME=FOLDER", help="Take a folder as a corpus: --as banglaser=FOLDER. Repeatable."),
]
console = new_console()


class Format(StrEnum):
    """What `sernb export` writes."""

    audiofolder = "audiofolder"
    audformat = "audformat"


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    for command in (corpora, harmonize, audit, export):
        app.command()(command)


def corpora(
    name: Annotated[str | None, typer.Argument(help="A corpus, to see its layout, or a folder to look in.")] = None,
    taken_as: TakenAs = [],  # noqa: B006
):
    """What is known of each corpus: language, speakers, licence, citation, where to get it, where it was found."""
    from sernb.corpora.discovery import discover
    from sernb.corpora.registry import CORPORA

    folder = absolute(name) if name and name not in CORPORA else None
    if name and folder and not folder.is_dir():
        nearest = get_close_matches(name.lower(), CORPORA, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(CORPORA)}"
        raise FileNotFoundError(f"{name} is neither a corpus nor a folder; {hint}")
    places = discover(folder, folders_taken_as(taken_as)) if folder else []
    found = defaultdict(list)
    for place in places:
        found[place.corpus.name].append(str(place.folder))
    for corpus in CORPORA.values() if folder or not name else [CORPORA[name]]:
        table = Table(title=corpus.title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
        for key, value in (
            ("name", corpus.name),
            ("languages", ", ".join(corpus.languages) or "as its clips state"),
            ("speakers", str(corpus.speakers or "depends on the release")),
            ("licence", corpus.licence),
            ("citation", corpus.citation),
            ("obtain", corpus.obtain),
            ("found", ", ".join(dict.fromkeys(found[corpus.name])) or "no" if folder else None),
        ):
            if value is not None:
                table.add_row(key, Text(printable(value)))
        console.print(table, "")
        if not folder and name:
            console.print(_layout(corpus))


def _layout(corpus: Corpus) -> Tree:
    """The corpus's example as a tree of folders, a table's lines below its name."""
    tree = Tree("[bold]layout: what lies in its folder[/]")
    branches = {Path("."): tree}
    for path, text in corpus.example.items():
        for part in (*reversed(Path(path).parents), Path(path)):
            if part not in branches:
                branches[part] = branches[part.parent].add(Text(part.name + ("/" if part != Path(path) else "")))
        for line in text.splitlines():
            branches[Path(path)].add(Text(line.replace("\t", " <tab> "), style="dim"))
    if corpus.names is not None:
        tree.add("files named so are found in any other folder too", style="italic")
    return tree


def absolute(folder: str | Path) -> Path:
    """A folder that a command is given, from wherever its workers are started; a linked folder keeps its name."""
    return Path(os.path.abspath(Path(folder).expanduser()))


def folders_taken_as(options: list[str]) -> dict[Path, str]:
    """The folders of `--as NAME=FOLDER` and the corpora they are taken as.

    Raises:
        ValueError: no such pair.
    """
    for option in options:
        if not all(option.partition("=")):
            raise ValueError(f"--as {option}: give a corpus and a folder, as --as banglaser=FOLDER")
    return {absolute(folder): name for name, _, folder in (option.partition("=") for option in options)}


def harmonize(
    folder: CorporaDir,
    out: Annotated[Path, typer.Option(help="Folder for manifest.parquet, rejected.parquet and the card.")],
    folds: Annotated[int, typer.Option(help="Speaker-disjoint folds a corpus.")] = 5,
    seed: Annotated[int, typer.Option(help="Decides between equally good folds.")] = 0,
    headers_only: Annotated[
        bool, typer.Option("--headers-only", help="Read no samples: quick, but finds no broken or identical audio.")
    ] = False,
    taken_as: TakenAs = [],  # noqa: B006
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine that open the files; without it, threads.")
    ] = None,
    scheduler: Scheduler = None,
    tls_ca_file: TlsCaFile = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
):
    """Bring every corpus below a folder into one table; reject unusable clips with a reason, and name what is left."""
    from sernb.corpora.unclaimed import by_folder
    from sernb.data import manifest as tables
    from sernb.data.harmonization_card import rejections, write_card

    with _look(scheduler, workers, tls_ca_file, tls_cert, tls_key) as look:
        result = tables.harmonize(
            folder,
            folds=folds,
            seed=seed,
            cache=out / tables.CHECKS_FILE,
            headers_only=headers_only,
            unpacked=out / tables.UNPACKED_FOLDER,
            taken_as=folders_taken_as(taken_as),
            look=look,
        )
    result.save(out)
    card = write_card(result, out)
    show(tables.summarize(result), "Harmonized", decimals=2)
    if len(result.rejected):
        show(rejections(result), "Rejected")
    for line in by_folder(result.unclaimed):
        console.print(Text.assemble(("CLAIMED BY NO PARSER ", "yellow"), printable(line)))
    counts = len(result.manifest), len(result.rejected), len(result.unclaimed)
    console.print("{} kept + {} rejected + {} claimed by no parser = {} files".format(*counts, sum(counts)))
    files = (tables.MANIFEST_FILE, tables.REJECTED_FILE, tables.UNCLAIMED_FILE)
    console.print("wrote " + ", ".join(map(str, (*(out / name for name in files), *card))))


@contextmanager
def _look(scheduler: str | None, workers: int | None, *certificates: Path | None) -> "Iterator[Look | None]":
    """Who opens the files: the workers asked for, or None."""
    check_options(scheduler, workers, *certificates)
    if scheduler is None and workers is None:
        yield None
        return
    from sernb.experiments.harmonize_many import by_workers

    with workers_of(scheduler, workers, *certificates) as client:
        yield by_workers(client)


def audit(folder: HarmonizedDir):
    """Look for leaks: speakers and identical audio across folds, splits and corpora. Exit status 1 on a leak.

    What is no leak but limits what can be learnt or measured (few speakers, one gender, labels of no class) is noted.
    """
    from sernb.data.audit import audit as audit_manifest
    from sernb.data.limits import concerns, refusals
    from sernb.data.manifest import Harmonized

    harmonized = Harmonized.load(folder)
    manifest = harmonized.manifest
    found = audit_manifest(manifest)
    counts = found.counts.copy()
    counts.columns = [column if isinstance(column, str) else "\n".join(column).strip() for column in counts.columns]
    show(counts.reset_index(), "Clips per fold")
    if len(found.duplicates):
        show(found.duplicates.drop(columns="audio_hash"), "Identical audio")
    else:
        console.print("no identical audio")
    unread = int(manifest["audio_hash"].isna().sum())
    if unread:
        console.print(f"{unread} clips were taken by their headers only: identical audio among them is not found")
    for line in (*concerns(manifest), *refusals(harmonized.rejected)):
        console.print(Text.assemble(("NOTE ", "yellow"), printable(line)))
    for leak in found.leaks:
        console.print(Text.assemble(("LEAK ", "red"), printable(leak)))
    if found.leaks:
        raise typer.Exit(1)
    console.print("no leak: no speaker and no identical audio on both sides of any split")


def export(
    folder: HarmonizedDir,
    out: Annotated[Path, typer.Option(help="New folder for the copy.")],
    format: Annotated[Format, typer.Option(help="What to write.")],
):
    """Copy the kept clips and their labels into a format other libraries read."""
    from sernb.data.export import EXPORTERS
    from sernb.data.manifest import Harmonized

    manifest = Harmonized.load(folder).manifest
    EXPORTERS[format.value](manifest, out)
    console.print(f"wrote {len(manifest)} clips to {out}")
