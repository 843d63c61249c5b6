"""The whole grid in one command: the runs of every table of grid.toml, continuous metric learning, throughput.

    python benchmarks/reproduce.py --corpora ~/corpora --out results --dry-run
    python benchmarks/reproduce.py --corpora ~/corpora --out results --table main --table held-out

On a GPU torch finds it by itself and trains in bf16, one run a GPU at a time. Small encoders leave it waiting between
their steps: with `--workers`, about as many as there are cores, runs share it. On a CPU the same command works, slowly.
Finished runs are found again, so that an interrupted command goes on where it stopped, and one that `sernb sweep` made
is not made again. A run that fails doesn't stop the others: it is reported at the end (exit status 1). `--out` gets the
tables of stored runs, the scores as scores-TABLE.csv, and what `throughput.py` measures: with this encoder against the
stock step, and the share of the matrix rate that whisper-small's shape reaches.
"""

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grid import ENCODERS, FILE, TABLES, Group, plan_group, read_grid, read_profile, title

from sernb.commands.data import absolute
from sernb.commands.learn import fields, weights

if TYPE_CHECKING:
    import pandas as pd

    from sernb.experiments.sweep import Cell, Planned, Sweep
    from sernb.runs import Run

    Looked = tuple[str, Group, Sweep, list[Planned]]

METRIC, THROUGHPUT = "metric", "throughput"
ALL = (*TABLES, METRIC, THROUGHPUT)


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--table", action="append", choices=ALL, help="once for each; without it, all of them in this order")
    add("--dry-run", action="store_true", help="print what would be trained and what is there, and stop")
    add("--corpora", type=absolute, help="folder of the corpora; without it, the demo corpus")
    add("--encoder", type=weights, default=ENCODERS["base"], help="initial weights of whisper-base")
    add("--tiny", type=weights, default=ENCODERS["tiny.en"], help="initial weights of whisper-tiny.en")
    add("--profile", help="without it, the grid's")
    add("--seeds", type=int, help="of every group; without it, the grid's")
    add("--folds", type=int, help="of every group; without it, the grid's")
    add("--set", action="append", default=[], dest="change", help="a field of every config, as in TOML: epochs=2")
    add("--stage1", action="append", default=[], help="as --set, for the first stage of contrastive")
    add("--workers", type=int, help="runs at once; without it, one a GPU, or one")
    add("--threads-per-worker", type=int, help="without it, a worker's share of the cores")
    add("--shape", default="small", help="whose share of the matrix rate is measured")
    add("--speed", default="", help="more options for throughput.py, in quotes")
    add("--runs", type=absolute, default=absolute("runs"))
    add("--out", type=Path, required=True, help="folder of the results")
    return parser.parse_args(arguments)


def chosen_groups(chosen: argparse.Namespace) -> list[tuple[str, Group]]:
    """The groups asked for, each with its table, checked.

    Raises:
        ValueError: as `Group.check`.
    """
    asked = {name: value for name in ("seeds", "folds") if (value := getattr(chosen, name)) is not None}
    tables = chosen.table or ALL
    groups = [(table, replace(one, **asked)) for table, own in read_grid().items() if table in tables for one in own]
    for _, group in groups:
        group.check(chosen.profile)
    return groups


def looked_up(chosen: argparse.Namespace, groups: list[tuple[str, Group]]) -> "Iterator[Looked]":
    """Each group as a sweep, and what the store says of its runs at that moment."""
    from sernb.experiments.sweep import Sweep

    changes = fields(chosen.change), fields(chosen.stage1)
    where = Sweep(chosen.profile, chosen.corpora, chosen.encoder, chosen.runs, *changes)
    study = where.study(progress=True)
    for table, group in groups:
        asked = group.sweep(where, {"base": chosen.encoder, "tiny.en": chosen.tiny})
        yield table, group, asked, plan_group(group, asked, study)


def show_runs(chosen: argparse.Namespace, groups: list[tuple[str, Group]]) -> None:
    """Print each group's command and the state of its runs."""
    from sernb.experiments.sweep import cell_table

    shown = None
    for table, group, _, planned in looked_up(chosen, groups):
        if table != shown:
            print(f"\n{table}: {title(table)}")
            shown = table
        print(f"\n{group.command()}", cell_table(planned).to_string(index=False), sep="\n")


def make_runs(chosen: argparse.Namespace, groups: list[tuple[str, Group]]) -> list[str]:
    """Find or train the runs of groups, add them to the tables and print their scores; what went wrong, in words."""
    import pandas as pd

    from sernb.experiments.kept import add_runs
    from sernb.experiments.sweep import kept
    from sernb.experiments.workers import connected, run_cells

    failed: list[str] = []
    scored: dict[str, list[pd.DataFrame]] = {}
    with connected(workers=chosen.workers) as client:
        for table, group, asked, planned in looked_up(chosen, groups):
            failed += [f"{one.cell}: {one.problem}" for one in planned if one.problem is not None]
            done = [(one.cell, one.run) for one in planned if one.run is not None]
            add_runs(chosen.out, [kept(cell, run, group.name) for cell, run in done])
            for outcome in run_cells(asked, planned, client, chosen.threads_per_worker):
                if outcome.run is None:
                    log = f" (traceback in {outcome.log})" if outcome.log else ""
                    failed.append(f"{outcome.cell}: {outcome.error}{log}")
                else:
                    add_runs(chosen.out, [kept(outcome.cell, outcome.run, group.name)])
                    done.append((outcome.cell, outcome.run))
            print(f"{table}: {len(done)} runs of {group.command()}", flush=True)
            if done:
                scored.setdefault(table, []).append(scores_of(group, done))
                pd.concat(scored[table]).to_csv(chosen.out / f"scores-{table}.csv", index=False)
    for table, rows in scored.items():
        print(f"\n{table}: {title(table)}", pd.concat(rows).to_string(index=False), sep="\n")
    return failed


def scores_of(group: Group, done: "list[tuple[Cell, Run]]") -> "pd.DataFrame":
    """Mean and deviation over seeds, a row a recipe, corpus and kind of statistics; a seed's folds count as one run."""
    import pandas as pd

    from sernb.evaluation import comparison
    from sernb.evaluation.predictions import scores_by
    from sernb.experiments.sweep import grid_group
    from sernb.results import report
    from sernb.runs import STATISTICS

    rows = []
    for method in dict.fromkeys(cell.method for cell, _ in done):
        own = [(cell, run) for cell, run in done if cell.method == method]
        for variant, statistics in ((None, "as it is"), (STATISTICS, "target")):
            found = scores_by(comparison.pooled([run for _, run in own], variant=variant), "corpus", "language", "seed")
            about = {"group": grid_group(own[0][0], group.name), "seeds": found["seed"].nunique()}
            rows.append(report.mean_std_table(report.over_seeds(found)).assign(**about, statistics=statistics))
    return pd.concat(rows)


def learn_metric(chosen: argparse.Namespace) -> list[str]:
    """Continuous metric learning as the grid has it; what stands in its way, in words."""
    settings = tomllib.loads(FILE.read_text())[METRIC]
    print(f"\n{METRIC}: {settings.pop('title')}")
    command = ["sernb", "metric", "--corpora", str(chosen.corpora), "--out", str(chosen.out), "--runs"]
    command += [str(chosen.runs), "--encoder", chosen.encoder]
    for name, value in settings.items():
        for one in value if isinstance(value, list) else [value]:
            command += [f"--{name.replace('_', '-')}", str(one)]
    print(*command)
    if chosen.dry_run:
        return []
    if chosen.corpora is None:
        return [f"{METRIC}: nobody rated the demo corpus's activation and valence; give --corpora"]
    done = subprocess.run([sys.executable, "-m", *command])
    return [f"{METRIC}: exit status {done.returncode}"] if done.returncode else []


def measure_speed(chosen: argparse.Namespace) -> None:
    """Throughput with this encoder, and with the shape of a larger one."""
    where = ["--profile", chosen.profile, "--runs", str(chosen.runs), *chosen.speed.split()]
    where += ["--corpora", str(chosen.corpora)] if chosen.corpora else []
    for name, what in (
        ("trained", ["--encoder", chosen.encoder]),
        (f"whisper-{chosen.shape}", ["--shape", chosen.shape, "--without-stock"]),
    ):
        script = str(Path(__file__).with_name("throughput.py"))
        keep = ["--keep", str(chosen.out), "--name", name]
        subprocess.run([sys.executable, script, *where, *what, *keep], check=True)


def main() -> None:
    chosen = options()
    chosen.profile = chosen.profile or read_profile()
    tables = chosen.table or ALL
    groups = chosen_groups(chosen)
    failed: list[str] = []
    if groups and chosen.dry_run:
        show_runs(chosen, groups)
    elif groups:
        failed += make_runs(chosen, groups)
    if METRIC in tables:
        failed += learn_metric(chosen)
    if THROUGHPUT in tables and not chosen.dry_run:
        measure_speed(chosen)
    for problem in failed:
        print(f"reproduce: {problem}", file=sys.stderr)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
