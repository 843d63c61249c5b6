"""Which recipe of the baseline would English choose, without a label of a target? results/selection.parquet.

    python benchmarks/choose.py --corpora ~/corpora --out results

Every candidate of candidates.toml is trained on all English corpora but one, once for each of them, and judged on that
one. The best get a second seed. What each run says of the targets is stored too, and plays no part. On a GPU give
`--workers`, about as many as there are cores. Finished runs are found again; a run that fails stops the command, and
the same command goes on.
"""

import argparse
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from distributed import Client
from grid import ENCODERS, Group, plan_group

from sernb.commands.data import absolute
from sernb.commands.learn import weights
from sernb.data.writing import write_table
from sernb.evaluation.predictions import scores_by
from sernb.experiments.study import Study
from sernb.experiments.sweep import Planned, Sweep
from sernb.experiments.workers import connected, run_cells
from sernb.results.selection import SELECTION_FILE, SPEAKERS, chosen, ranked
from sernb.runs import STATISTICS, Run

FILE = Path(__file__).with_name("candidates.toml")


def read_groups(content: dict[str, Any], names: Iterable[str], seeds: int) -> Iterator[tuple[str, Group]]:
    """The runs of some candidates: each with every English corpus held out."""
    changes = {one["name"]: tuple(one.get("set", ())) for one in content["candidates"]}
    for name in names:
        for corpus in content["held_out"]:
            yield name, Group(methods=("baseline",), seeds=seeds, set=changes[name], hold_out=(corpus,))


def scored(run: Run) -> Iterator[dict[str, Any]]:
    """A run's macro-F1, on every corpus that judges it."""
    said = run.predictions
    speakers, tested = said[said["part"] == "validation"], said[said["part"] == "test"]
    tables = [("as it is", speakers.assign(corpus=SPEAKERS)), ("as it is", tested), ("target", run.variant(STATISTICS))]
    for statistics, table in tables:
        for row in scores_by(table, "corpus").to_dict("records"):
            named = {"corpus": row["corpus"], "statistics": statistics}
            yield named | {name: row[name] for name in ("macro_f1", "clips")}


def judged(
    groups: Iterable[tuple[str, Group]], where: Sweep, study: Study, client: Client, workers: int
) -> pd.DataFrame:
    """Scores of the groups' runs, found or trained, so many groups at a time.

    Raises:
        RuntimeError: a run failed, or can't be made.
    """
    asked = [(name, group, group.sweep(where, {"base": str(where.encoder)})) for name, group in groups]
    # one after the other: to name a run, weights are drawn from a global generator
    planned = [(name, group, sweep, plan_group(group, sweep, study)) for name, group, sweep in asked]

    def rows(name: str, group: Group, sweep: Sweep, cells: list[Planned]) -> list[dict[str, Any]]:
        runs = {one.cell: one.run for one in cells}
        runs |= {outcome.cell: outcome.run for outcome in run_cells(sweep, cells, client)}
        found = []
        for cell, run in runs.items():
            if run is None:
                raise RuntimeError(f"{name}, {cell}: failed; the traceback lies in {where.runs}")
            about = {"candidate": name, "set": " ".join(group.set), "held_out": group.hold_out[0], "seed": cell.seed}
            made = {"run": run.name, "device": run.device, "date": run.environment["date"]}
            found += [about | score | made for score in scored(run)]
            print(f"{name}, without {group.hold_out[0]}, seed {cell.seed}: {run.name}", flush=True)
        return found

    with ThreadPoolExecutor(workers) as pool:
        return pd.DataFrame(list(chain.from_iterable(pool.map(rows, *zip(*planned, strict=True)))))


def main() -> None:
    """Choose and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=absolute, required=True)
    parser.add_argument("--encoder", type=weights, default=ENCODERS["base"], help="initial weights of whisper-base")
    parser.add_argument("--candidates", type=Path, default=FILE)
    parser.add_argument("--runs", type=absolute, default=absolute("runs"))
    parser.add_argument("--workers", type=int, default=1, help="runs at once")
    parser.add_argument("--out", type=Path, required=True, help="folder of the table")
    given = parser.parse_args()
    content = tomllib.loads(given.candidates.read_text())
    names = [one["name"] for one in content["candidates"]]
    where = Sweep(content["profile"], given.corpora, given.encoder, given.runs)
    study = where.study(progress=True)
    with connected(workers=given.workers) as client:
        first = judged(read_groups(content, names, 1), where, study, client, given.workers)
        best = [name for name in ranked(first) if name != names[0]][: content["best"] - 1]
        again = judged(read_groups(content, [names[0], *best], content["seeds"]), where, study, client, given.workers)
    table = pd.concat([first, again]).drop_duplicates(["candidate", "held_out", "seed", "corpus", "statistics"])
    write_table(given.out / SELECTION_FILE, table.reset_index(drop=True))
    for name in ranked(table, content["seeds"]):
        print(name)
    print(f"chosen: {chosen(table)}")


if __name__ == "__main__":
    main()
