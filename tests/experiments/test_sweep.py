"""The run grid: its order, its plan, and workers that fail, die or are started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client
from stored import PLACE
from typer.testing import CliRunner

from sernb.cli import app
from sernb.experiments.stored import open_stored
from sernb.experiments.sweep import Cell, Sweep, cell_table, grid, grid_group, plan, progress_by_method, time_left
from sernb.experiments.workers import local_cluster
from sernb.runs import Run, run_name

SHORT = {"epochs": 1, "batches_per_epoch": 2, "workers": 0}
LONG = {"epochs": 10, "batches_per_epoch": 4, "workers": 0}
PATIENCE_S = 1200  # for what takes seconds on a machine with nothing else to do


def test_every_diagonal_has_each_seed_and_each_fold_once():
    cells = grid(["baseline", "contrastive", "byol"], ["ur", "de"], seeds=5, folds=5)
    assert len(cells) == len(set(cells)) == 5 + 2 * 25
    assert {cell.languages for cell in cells if cell.method != "baseline"} == {("ur", "de")}
    assert [cell for cell in cells if cell.method == "baseline"] == [Cell("baseline", seed) for seed in range(5)]
    for method in ("contrastive", "byol"):
        own = [cell for cell in cells if cell.method == method]
        for first in range(0, 25, 5):
            diagonal = own[first : first + 5]
            assert [cell.seed for cell in diagonal] == list(range(5))
            assert {cell.fold for cell in diagonal} == set(range(5))
    assert grid(["baseline", "contrastive", "byol"], ["ur", "de"], seeds=5, folds=5, diagonals=2) == cells[:25]
    # stopped anywhere, no method and no seed is more than one cell ahead
    adapted = [cell for cell in cells if cell.fold is not None]
    for stop in range(len(adapted)):
        counts = Counter((cell.method, cell.seed) for cell in adapted[:stop])
        assert (
            max(counts.values(), default=0) - min(counts[m, s] for m in ("byol", "contrastive") for s in range(5)) < 2
        )


def test_apart_adapts_to_one_language_at_a_time():
    cells = grid(["byol"], ["ur", "de"], seeds=1, folds=2, together=False)
    assert cells == [Cell("byol", 0, fold, (name,)) for fold in (0, 1) for name in ("ur", "de")]
    assert grid_group(cells[0], "lambda-0.2", together=False) == "byol-apart-lambda-0.2"
    assert grid_group(cells[0]) == "byol"


def test_a_grid_that_means_nothing_is_refused():
    for wrong in (
        {"methods": ["simclr"]},
        {"methods": []},
        {"methods": ["byol"], "seeds": 0},
        {"methods": ["byol"], "diagonals": 6},
    ):
        with pytest.raises(ValueError):
            grid(**wrong)
    with pytest.raises(ValueError, match="names"):
        grid(["byol"], together=False)


def made(root: Path, recipe: str, seed: int, wall_s: float, **about) -> Run:
    identity = {"recipe": recipe, "config": {"seed": seed}, "inputs": {}}
    folder = root / run_name(identity)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(identity))
    (folder / "environment.json").write_text(json.dumps({**PLACE, "wall_s": wall_s, **about}))
    return Run(folder)


def test_time_left_follows_from_finished_runs(tmp_path):
    runs = [made(tmp_path, "baseline", seed, wall_s) for seed, wall_s in enumerate((60, 120, 1800))]
    cells = [Cell("baseline", 3), Cell("byol", 0, 0), Cell("contrastive", 0, 0)]
    assert time_left(cells, []) == "unknown" and time_left([], []) == "0 s"
    assert time_left(cells[:1], runs) == "2 min"  # the median
    first = made(tmp_path, "contrastive-stage1", 0, 3600)
    runs.append(made(tmp_path, "contrastive", 0, 120, stage1=first.name))
    assert time_left(cells[2:], runs) == "1 h 02 min"
    # byol has no run yet: it is taken to be like the mean of the others, (2 + 62) / 2 minutes
    assert time_left(cells, runs) == "1 h 36 min" and time_left(cells, runs, workers=2) == "48 min"


@pytest.fixture(scope="module")
def short(tmp_path_factory) -> Sweep:
    runs = tmp_path_factory.mktemp("runs")
    return Sweep("smoke", encoder="random-1x32", runs=runs, changes=SHORT, stage1_changes=SHORT)


def test_the_plan_knows_what_the_store_holds_and_trains_nothing(short):
    study = short.study()
    cells = grid(["baseline", "contrastive"], seeds=1, folds=2)
    assert [one.state for one in plan(short, study, cells, progress=False)] == ["missing"] * 3
    assert not list(short.runs.glob("*-*/"))

    run = short.run(study, cells[1])
    planned = plan(short, study, cells, progress=False)
    assert [one.state for one in planned] == ["missing", "done", "missing"] and planned[1].run.folder == run.folder
    counts = progress_by_method(planned).set_index("method")
    assert counts.loc["contrastive", ["cells", "done", "missing"]].tolist() == [2, 1, 1]
    assert cell_table(planned)["run"][1] == run.folder.name

    # the second stage gone, the first one still counts
    run.folder.rename(run.folder.with_name("elsewhere"))
    assert plan(short, study, cells, progress=False)[1].state == "begun"


def test_a_fold_without_clips_is_impossible_and_a_grid_without_any_is_a_mistake(short):
    study = short.study()
    folds = study.manifest["fold"].nunique()
    planned = plan(short, study, grid(["byol"], ["de"], seeds=1, folds=folds + 1), progress=False)
    assert [one.state for one in planned] == ["missing"] * folds + ["impossible"] and "fold" in planned[-1].problem
    with pytest.raises(ValueError, match="BaselineConfig: unknown field .momentum."):
        wrong = Sweep("smoke", encoder="random-1x32", runs=short.runs, changes={"momentum": 0.9})
        plan(wrong, study, grid(["byol", "baseline"], seeds=1, folds=1), progress=False)


def test_a_sweep_gives_the_same_twice_and_what_training_gives(tmp_path):
    """The scheduler's threads draw random numbers while a worker trains; no view of a clip may depend on them."""
    changes = [f"--set={name}={value}" for name, value in ({"epochs": 2, "batches_per_epoch": 4, "workers": 0}).items()]
    options = ["--profile", "smoke", "--encoder", "random-1x32", *changes]
    swept = ["sweep", "--methods", "baseline", "--seeds", "1", "--threads-per-worker", "1"]
    # with more threads, sums are taken in another order
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    for name, command in (("once", swept), ("again", swept), ("train", ["train"])):
        asked = [sys.executable, "-m", "sernb", *command, *options, "--runs", str(tmp_path / name)]
        subprocess.run(asked, check=True, capture_output=True, env=environment)
    made = [next((tmp_path / name).glob("baseline-*/predictions.parquet")) for name in ("once", "again", "train")]
    assert len({path.parent.name for path in made}) == 1
    first, *others = [pd.read_parquet(path) for path in made]
    for other in others:
        pd.testing.assert_frame_equal(first, other)


class Grid:
    """`sernb sweep` of byol on one language of the demo corpus, in a process of its own."""

    def __init__(self, runs: Path, seeds: int, *options) -> None:
        asked = ["--profile", "smoke", "--encoder", "random-1x32", "--methods", "byol", "--languages", "de"]
        asked += [
            "--folds",
            "1",
            "--seeds",
            seeds,
            "--runs",
            runs,
            *[f"--set={name}={value}" for name, value in LONG.items()],
        ]
        command = [sys.executable, "-m", "sernb", "sweep", *map(str, [*asked, *options])]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


def wait_for(true, what: str):
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_S:
        if found := true():
            return found
        time.sleep(0.1)
    raise TimeoutError(what)


def first_epochs(runs: Path) -> dict[str, float]:
    """Speed measured in the first epoch of each run, finished or not: no two attempts measure the same."""
    found = {}
    for checkpoint in runs.glob("byol-*.partial/checkpoint-*/history.json"):
        with suppress(FileNotFoundError):  # just replaced by the next epoch's
            found[checkpoint.parts[-3].removesuffix(".partial")] = json.loads(checkpoint.read_text())[0]["clips_per_s"]
    for metrics in runs.glob("byol-*/metrics.jsonl"):
        if metrics.parent.suffix != ".partial":
            found[metrics.parent.name] = Run(metrics.parent).metrics["clips_per_s"][0]
    return found


def test_two_workers_one_killed_and_one_cell_that_fails(tmp_path):
    plain = Sweep("smoke", encoder="random-1x32", runs=tmp_path, changes=LONG)
    blocked = plan(plain, plain.study(), grid(["byol"], ["de"], seeds=1, folds=1), progress=False)[0].lacks
    (tmp_path / f"{blocked.name}.partial").touch()  # a file where a folder must be

    with local_cluster(workers=2) as cluster, Client(cluster) as client:
        # it takes as long as a run here: one could end before the other begins
        client.run(__import__, "sernb.experiments.workers")
        sweep = Grid(tmp_path, 3, "--scheduler", cluster.scheduler_address, "--threads-per-worker", 1)
        before = wait_for(lambda: len(found := first_epochs(tmp_path)) == 2 and found, "no first epoch of both cells")
        assert all((tmp_path / f"{name}.partial").exists() for name in before)
        victim = sorted(client.run(os.getpid).values())[0]
        os.kill(victim, signal.SIGKILL)
        status, out, err = sweep.end()
        assert victim not in client.run(os.getpid).values()

        assert status == 1 and "byol, seed 0, de, fold 0: FileExistsError" in err and "Traceback" not in err
        assert "FileExistsError" in (tmp_path / f"{blocked.name}.log").read_text()
        # both others were finished, and neither began anew
        assert first_epochs(tmp_path) == before
        assert [len(Run(tmp_path / name).metrics) for name in before] == [10, 10]

        (tmp_path / f"{blocked.name}.partial").unlink()
        made = {path: path.stat().st_mtime_ns for path in tmp_path.glob("byol-*/metrics.jsonl")}
        status, out, err = Grid(
            tmp_path, 3, "--scheduler", cluster.scheduler_address, "--keep", tmp_path / "kept"
        ).end()
        assert status == 0, err
    assert all(path.stat().st_mtime_ns == then for path, then in made.items()) and len(made) == 2
    assert sorted(run.seed for run in open_stored(tmp_path / "kept").group("byol")) == [0, 1, 2]


def test_killed_and_started_again_a_sweep_goes_on(tmp_path):
    first = Grid(tmp_path, 1)
    before = wait_for(lambda: first_epochs(tmp_path), "no first epoch")
    first.process.kill()
    first.end()
    status, out, err = Grid(tmp_path, 1).end()
    assert status == 0, err
    assert first_epochs(tmp_path) == before and len(list(tmp_path.glob("byol-*/predictions.parquet"))) == 1


def test_embeddings_are_kept_of_the_first_seed_alone(tmp_path):
    asked = ["--profile", "smoke", "--encoder", "random-1x32", "--methods", "byol", "--languages", "de", "--seeds", "2"]
    asked += ["--folds", "1", "--runs", tmp_path / "runs", "--keep", tmp_path / "kept"]
    asked += [f"--set={name}={value}" for name, value in SHORT.items()]
    outcome = CliRunner().invoke(app, ["sweep", *map(str, asked)])
    assert outcome.exit_code == 0, outcome.output
    kept = open_stored(tmp_path / "kept")
    assert [run.has_embeddings for run in kept.group("byol")] == [True, False]
    assert all("online" in run.variants for run in kept.group("byol")) and kept.runs["fold"].tolist() == [0, 0]
    cells = grid(["byol"], ["de"], seeds=2, folds=1)
    sweep = Sweep("smoke", encoder="random-1x32", runs=tmp_path / "runs", changes=SHORT)
    assert [run.name for run in kept.group("byol")] == [sweep.run(sweep.study(), cell).name for cell in cells]
