"""One training on two processes: the same result as on one, and a run begun on two goes on with one."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from sernb.evaluation.predictions import PROBABILITIES
from sernb.runs import Run
from sernb.training import distributed

SCRIPT = """
import json, sys
from pathlib import Path

import torch
from accelerate import Accelerator

from sernb.processes import processes
from sernb.experiments.sweep import Sweep, grid
from sernb.training import loop
from sernb.experiments.recipes import RECIPES

# in bf16 the results would differ by its rounding
torch.cpu._is_amx_tile_supported = torch.cpu._is_avx512_bf16_supported = lambda: False
root, here = Path(sys.argv[1]), processes()
name = {1: "one", 2: "two"}[here.num_processes]
short = {"epochs": 2, "batches_per_epoch": 4, "warmup": 2, "workers": 0}
norms, clip, checkpoint = [], Accelerator.clip_grad_norm_, loop._checkpoint

def run(folder, cells):
    sweep = Sweep("smoke", encoder="random-1x32", runs=root / folder, changes=short, stage1_changes=short)
    with here.main_process_first():
        study = sweep.study()
    for cell in cells:
        sweep.run(study, cell)

def recorded(*arguments):
    norms.append(float(clip(*arguments)))

def stop_after(*arguments):
    checkpoint(*arguments)
    raise InterruptedError

Accelerator.clip_grad_norm_ = recorded  # Adam forgives gradients that are a constant factor off, this does not
cells = grid(RECIPES, seeds=1, folds=1)
run(name, cells)
(root / f"norms-{name}-{here.process_index}.json").write_text(json.dumps(norms))

loop._checkpoint = stop_after if name == "two" else checkpoint
try:
    run("begun", cells[:1])
except InterruptedError:
    pass
here.destroy_process_group()
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Every recipe trained by two processes and by one, and a run begun by two and ended by one."""
    root = tmp_path_factory.mktemp("trained")
    (root / "script.py").write_text(SCRIPT)
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    for launcher in (["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"], []):
        command = [sys.executable, *launcher, root / "script.py", root]
        done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return root


def runs_of(folder):
    runs = [Run(path.parent) for path in folder.glob("*/config.json")]
    return {run.config["recipe"]: run for run in runs}


def assert_alike(one: Run, other: Run):
    mine, theirs = (run.metrics.drop(columns=["clips_per_s", "training_s", "validation_s"]) for run in (one, other))
    np.testing.assert_allclose(mine, theirs, rtol=1e-2, atol=1e-3)
    if (one.folder / "predictions.parquet").exists():
        mine, theirs = (run.predictions for run in (one, other))
        assert (mine["utterance_id"] == theirs["utterance_id"]).all()
        np.testing.assert_allclose(mine[PROBABILITIES], theirs[PROBABILITIES], atol=1e-3)


def test_two_processes_come_to_the_result_of_one(trained):
    one, two = runs_of(trained / "one"), runs_of(trained / "two")
    assert set(one) == set(two) == {"baseline", "contrastive-stage1", "contrastive", "byol"}
    for recipe, run in one.items():
        assert run.environment["processes"] == 1 and two[recipe].environment["processes"] == 2
        assert_alike(run, two[recipe])


def test_gradients_are_those_of_the_whole_batch_in_every_process(trained):
    norms = [json.loads((trained / f"norms-{name}.json").read_text()) for name in ("one-0", "two-0", "two-1")]
    assert norms[1] == norms[2]
    np.testing.assert_allclose(norms[0], norms[1], rtol=1e-2)


def test_a_run_begun_on_two_processes_goes_on_with_one(trained):
    ended = runs_of(trained / "begun")["baseline"]
    assert ended.environment["processes"] == 1
    assert_alike(runs_of(trained / "one")["baseline"], ended)


def test_a_process_takes_its_share_of_every_batch(monkeypatch):
    monkeypatch.setattr(distributed, "processes", lambda: SimpleNamespace(num_processes=2, process_index=1))
    assert list(distributed.Shares([[1, 2, 3, 4], [5, 6]])) == [[3, 4], [6]]
    with pytest.raises(ValueError, match="3 clips can't be shared out equally over 2 processes"):
        distributed.share(3)
