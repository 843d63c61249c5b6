"""sernb sweep: a grid of runs over methods, languages, seeds and folds."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sernb.commands.learn import Changes, CorporaDir, Encoder, ProfileName, Runs, fields
from sernb.commands.show import show

Names = Annotated[str | None, typer.Option(help="Separated by commas; without it, every language but English.")]


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    app.command()(sweep)


def sweep(
    methods: Annotated[str, typer.Option(help="Separated by commas.")] = "baseline,contrastive,byol",
    languages: Names = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds 0 to N - 1.")] = 5,
    folds: Annotated[int, typer.Option(min=1, help="Target folds 0 to N - 1, each left out once.")] = 5,
    diagonals: Annotated[
        int | None, typer.Option(min=1, help="Each seed with so many folds, one after the other; without it, all.")
    ] = None,
    together: Annotated[
        bool, typer.Option("--together/--apart", help="One adaptation to all languages, or one for each.")
    ] = True,
    profile: ProfileName = "laptop",
    corpora: CorporaDir = None,
    encoder: Encoder = None,
    runs: Runs = Path("runs"),
    change: Changes = [],  # noqa: B006 (typer only reads it)
    stage1: Annotated[list[str], typer.Option(help="As --set, for the first stage of contrastive.")] = [],  # noqa: B006
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Also copy each run, weights left out, into KEEP/METHOD, or, slimmer, into KEEP/METHOD-NAME."
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of an ablation: sets its folders in KEEP apart.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, tcp://...; without it, workers on this machine.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine; without it, one a GPU, or one.")
    ] = None,
    threads_per_worker: Annotated[
        int | None, typer.Option(min=1, help="Threads each computes with; without it, its share of the cores.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the cells and what is there, and stop.")] = False,
):
    """Train a grid of methods, seeds and folds; what the store holds is not made again.

    Stop it at any time and give the same command again: it goes on where it was. Seeds and folds are taken in an order
    that leaves a balanced set. A cell that fails doesn't stop the others: it is reported at the end (exit status 1),
    its traceback in a .log file beside the runs.
    """
    from sernb import sweep as grids
    from sernb.progress import progress_bar

    if scheduler is not None and workers is not None:
        raise ValueError(
            "--workers starts workers on this machine; those of --scheduler are started with `dask worker`"
        )
    names = [part.strip() for part in methods.split(",")]
    if stage1 and "contrastive" not in names:
        raise ValueError(f"--stage1 changes the first stage of contrastive, which is not among {methods}")
    asked = grids.Sweep(
        profile,
        corpora and corpora.expanduser().resolve(),
        str(Path(encoder).resolve()) if encoder and Path(encoder).exists() else encoder,
        runs.resolve(),
        fields(change),
        fields(stage1),
    )
    study = asked.study(progress=True)
    named = [part.strip() for part in languages.split(",")] if languages else None
    if named is None and not together:
        named = grids.target_languages(study)
    cells = grids.grid(names, named, seeds, folds, together, diagonals)
    planned = grids.plan(asked, study, cells)
    if dry_run:
        show(grids.cell_table(planned), "Cells, in the order they are run")
    show(grids.summary(planned), f"Grid in {runs}")
    if dry_run:
        return

    finished = [one.run for one in planned if one.run is not None]
    failed = [(one.cell, one.problem, None) for one in planned if one.problem is not None]
    left = [one.cell for one in planned if one.lacks is not None]

    def store(run, cell):
        if keep is not None:
            main_grid = name is None and together
            # of each seed once: the embeddings of every cell would be more than all the rest
            embeddings = main_grid and cell.fold in (None, cell.seed % folds)
            grids.keep_alike(run, keep / grids.group(cell, name, together), main_grid, embeddings)

    for one in planned:
        if one.run is not None:
            store(one.run, one.cell)
    if left:
        from sernb.workers import connected, run_cells

        # without a guess at what is left by the number of cells: a baseline takes a fraction of two stages' time
        layout = "{l_bar}{bar}| {n_fmt}/{total_fmt} cells [{elapsed}{postfix}]"
        bar = progress_bar(total=len(left), desc="sweep", bar_format=layout)
        with connected(scheduler, workers) as client, bar:

            def update(cells):
                count = max(1, len(client.nthreads()))
                bar.set_postfix_str(f"{grids.time_left(left, finished, count)} left on {count} workers", refresh=False)
                bar.update(cells)
                bar.refresh()

            update(0)
            for outcome in run_cells(asked, planned, client, threads_per_worker):
                left.remove(outcome.cell)
                if outcome.run is None:
                    failed.append((outcome.cell, outcome.error, outcome.log))
                else:
                    finished.append(outcome.run)
                    store(outcome.run, outcome.cell)
                update(1)
    for cell, error, log in failed:
        print(f"sernb: {cell}: {error}{f' (traceback in {log})' if log else ''}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)
