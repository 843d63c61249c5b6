"""sernb corpora, harmonize, audit, export: from folders as downloaded to one table that can be trusted."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sernb import manifest as tables
from sernb.audit import audit as audit_manifest
from sernb.card import rejections, write_card
from sernb.commands.show import show
from sernb.concerns import concerns
from sernb.corpora.registry import CORPORA, discover
from sernb.escape import printable
from sernb.export import EXPORTERS

CorporaDir = Annotated[
    Path, typer.Argument(help="Folder that holds the corpora, in the layouts they are published in.")
]
HarmonizedDir = Annotated[Path, typer.Argument(help="Folder written by `sernb harmonize`.")]
Format = StrEnum("Format", list(EXPORTERS))
console = Console()


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    for command in (corpora, harmonize, audit, export):
        app.command()(command)


def corpora(folder: Annotated[Path | None, typer.Argument(help="Also look for corpora below this folder.")] = None):
    """What is known of each corpus: language, speakers, licence, citation, where to get it, where it was found."""
    found = {corpus.name: place for corpus, place in discover(folder)} if folder else {}
    for corpus in CORPORA.values():
        table = Table(title=corpus.title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
        for key, value in (
            ("name", corpus.name),
            ("languages", ", ".join(corpus.languages) or "as its clips state"),
            ("speakers", str(corpus.speakers or "depends on the release")),
            ("licence", corpus.licence),
            ("citation", corpus.citation),
            ("obtain", corpus.obtain),
            ("found", str(found.get(corpus.name, "no")) if folder else None),
        ):
            if value is not None:
                table.add_row(key, Text(printable(value)))
        console.print(table, "")


def harmonize(
    folder: CorporaDir,
    out: Annotated[Path, typer.Option(help="Folder for manifest.parquet, rejected.parquet and the card.")],
    folds: Annotated[int, typer.Option(help="Speaker-disjoint folds a corpus.")] = 5,
    seed: Annotated[int, typer.Option(help="Decides between equally good folds.")] = 0,
    headers_only: Annotated[
        bool, typer.Option("--headers-only", help="Read no samples: quick, but finds no broken or identical audio.")
    ] = False,
):
    """Bring every corpus below a folder into one table; reject unusable clips with a reason."""
    result = tables.harmonize(
        folder,
        folds=folds,
        seed=seed,
        cache=out / tables.CHECKS_FILE,
        headers_only=headers_only,
        unpacked=out / tables.UNPACKED_FOLDER,
    )
    result.save(out)
    card = write_card(result, out)
    show(tables.summarize(result), "Harmonized", decimals=2)
    if len(result.rejected):
        show(rejections(result), "Rejected")
    console.print("wrote " + ", ".join(map(str, (out / tables.MANIFEST_FILE, out / tables.REJECTED_FILE, *card))))


def audit(folder: HarmonizedDir):
    """Look for leaks: speakers and identical audio across folds, splits and corpora. Exit status 1 on a leak.

    What is no leak but limits what can be learnt or measured (few speakers, one gender, labels of no class) is noted.
    """
    manifest = tables.Harmonized.load(folder).manifest
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
    for line in concerns(manifest):
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
    manifest = tables.Harmonized.load(folder).manifest
    EXPORTERS[format.value](manifest, out)
    console.print(f"wrote {len(manifest)} clips to {out}")
