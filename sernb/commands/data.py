"""sernb corpora, harmonize, audit: from folders as downloaded to one table that can be trusted."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from sernb import manifest as tables
from sernb.audit import audit as audit_manifest
from sernb.corpora.registry import CORPORA, discover

CorporaDir = Annotated[
    Path, typer.Argument(help="Folder that holds the corpora, in the layouts they are published in.")
]
console = Console()


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    for command in (corpora, harmonize, audit):
        app.command()(command)


def corpora(folder: Annotated[Path | None, typer.Argument(help="Also look for corpora below this folder.")] = None):
    """What is known of each corpus: language, speakers, licence, citation, where to get it, where it was found."""
    found = {corpus.name: place for corpus, place in discover(folder)} if folder else {}
    for corpus in CORPORA.values():
        table = Table(title=corpus.title, title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
        for key, value in (
            ("name", corpus.name),
            ("languages", ", ".join(corpus.languages)),
            ("speakers", str(corpus.speakers or "depends on the release")),
            ("licence", corpus.licence),
            ("citation", corpus.citation),
            ("obtain", corpus.obtain),
            ("found", str(found.get(corpus.name, "no")) if folder else None),
        ):
            if value is not None:
                table.add_row(key, value)
        console.print(table, "")


def harmonize(
    folder: CorporaDir,
    out: Annotated[Path, typer.Option(help="Folder for manifest.parquet and rejected.parquet.")],
    folds: Annotated[int, typer.Option(help="Speaker-disjoint folds a corpus.")] = 5,
    seed: Annotated[int, typer.Option(help="Decides between equally good folds.")] = 0,
):
    """Bring every corpus below a folder into one table; reject unusable clips with a reason."""
    result = tables.harmonize(folder, folds=folds, seed=seed, cache=out / tables.CHECKS_FILE)
    result.save(out)
    _show(tables.summarize(result), "Harmonized")
    if len(result.rejected):
        _show(result.rejected.groupby(["corpus", "reason"]).size().rename("clips").reset_index(), "Rejected")
    console.print(f"wrote {out / tables.MANIFEST_FILE} and {out / tables.REJECTED_FILE}")


def audit(folder: Annotated[Path, typer.Argument(help="Folder written by `sernb harmonize`.")]):
    """Look for leaks: speakers and identical audio across folds, splits and corpora. Exit status 1 on a leak."""
    found = audit_manifest(tables.Harmonized.load(folder).manifest)
    counts = found.counts.copy()
    counts.columns = [column if isinstance(column, str) else "\n".join(column).strip() for column in counts.columns]
    _show(counts.reset_index(), "Clips per fold")
    if len(found.duplicates):
        _show(found.duplicates.drop(columns="audio_hash"), "Identical audio")
    else:
        console.print("no identical audio")
    for leak in found.leaks:
        console.print(f"[red]LEAK[/red] {leak}")
    if found.leaks:
        raise typer.Exit(1)
    console.print("no leak: no speaker and no identical audio on both sides of any split")


def _show(frame: pd.DataFrame, title: str) -> None:
    table = Table(title=title, title_justify="left")
    for column, dtype in frame.dtypes.items():
        table.add_column(str(column), justify="right" if pd.api.types.is_numeric_dtype(dtype) else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{value:.2f}" if isinstance(value, float) else str(value) for value in row))
    console.print(table)
