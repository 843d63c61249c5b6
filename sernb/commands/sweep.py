"""sernb sweep: a grid of runs over methods, languages, seeds and folds."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sernb.commands.cluster import Scheduler, TlsCaFile, TlsCert, TlsKey, check_options, workers_of
from sernb.commands.data import TakenAs, absolute, folders_taken_as
from sernb.commands.learn import (
    Changes,
    CorporaDir,
    Encoder,
    HoldOut,
    ProfileName,
    Runs,
    Stage1Changes,
    Unlabelled,
    fields,
    listed,
    weights,
)
from sernb.commands.show import show
from sernb.data.escape import one_line
from sernb.experiments.recipes import RECIPES

Names = Annotated[str | None, typer.Option(help="Separated by commas; without it, every language but English.")]


def add_to(app: typer.Typer) -> None:
    """Register this file's commands."""
    app.command()(sweep)


def sweep(
    methods: Annotated[str, typer.Option(help="Separated by commas.")] = ",".join(RECIPES),
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
    stage1: Stage1Changes = [],  # noqa: B006
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Also add each run, weights left out, to the tables in this folder, in the group METHOD, or, "
            "slimmer, in METHOD-NAME."
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of an ablation: sets its groups apart.")] = None,
    unlabelled: Unlabelled = None,
    hold_out: HoldOut = None,
    taken_as: TakenAs = [],  # noqa: B006
    scheduler: Scheduler = None,
    tls_ca_file: TlsCaFile = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
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
    cluster = (scheduler, workers, tls_ca_file, tls_cert, tls_key)
    check_options(*cluster)
    names, named = list(listed(methods)), list(listed(languages)) or None
    changes, first = fields(change), fields(stage1)
    from sernb.experiments.early import check_languages, check_recipes

    check_recipes(profile, names, range(seeds), changes, first)
    check_languages(named, corpora)

    from sernb.experiments import sweep as grids
    from sernb.experiments.kept import add_runs
    from sernb.progress import progress_bar

    asked = grids.Sweep(
        profile,
        corpora and absolute(corpora),
        encoder and weights(encoder),
        runs.resolve(),
        changes,
        first,
        listed(unlabelled),
        listed(hold_out),
        folders_taken_as(taken_as),
    )
    study = asked.study(progress=True)
    if named is None and not together:
        named = grids.target_languages(study)
    cells = grids.grid(names, named, seeds, folds, together, diagonals, bool(asked.unlabelled))
    planned = grids.plan(asked, study, cells)
    if dry_run:
        show(grids.cell_table(planned), "Cells, in the order they are run")
    show(grids.progress_by_method(planned), f"Grid in {runs}")
    if dry_run:
        return

    finished = [one.run for one in planned if one.run is not None]
    failed: list[tuple[grids.Cell, str | None, Path | None]] = [
        (one.cell, one.problem, None) for one in planned if one.problem is not None
    ]
    left = [one.cell for one in planned if one.lacks is not None]

    def store(made):
        if keep is not None:
            add_runs(keep, [grids.kept(cell, run, name, together) for cell, run in made])

    store([(one.cell, one.run) for one in planned if one.run is not None])
    if left:
        from sernb.experiments.workers import run_cells

        # without a guess at what is left by the number of cells: a baseline takes a fraction of two stages' time
        layout = "{l_bar}{bar}| {n_fmt}/{total_fmt} cells [{elapsed}{postfix}]"
        bar = progress_bar(total=len(left), desc="sweep", bar_format=layout)
        with workers_of(*cluster) as client, bar:

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
                    store([(outcome.cell, outcome.run)])
                update(1)
    for cell, error, log in failed:
        print(one_line(f"sernb: {cell}: {error}{f' (traceback in {log})' if log else ''}"), file=sys.stderr)
    if failed:
        raise typer.Exit(1)
