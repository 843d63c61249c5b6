"""The baseline on the demo corpus: deterministic, resumable after a kill, and blind to test speakers."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from sernb.dataset import Speech, collate
from sernb.evaluation import scores
from sernb.folds import LeakError, Split
from sernb.modelcard import CARD_FILE
from sernb.models import EmotionClassifier, WhisperEncoder
from sernb.runs import RunStore
from sernb.study import open_study
from sernb.training.baseline import BaselineConfig, EmotionObjective, train_baseline

SHORT = {"epochs": 3, "batches_per_epoch": 3, "batch_size": 8, "workers": 0, "patience": 3}
ENCODER = "random-1x32"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return open_study(None, "smoke", runs=tmp_path_factory.mktemp("runs"), progress=False)


@pytest.fixture(scope="module")
def split(study):
    split = study.zero_shot()
    # two test clips of each speaker keep this quick
    few = split.test.groupby("speaker").head(2)
    return Split(split.train, split.validation, few)


@pytest.fixture(scope="module")
def run(study, split):
    return train_baseline(BaselineConfig(**SHORT), split, ENCODER, study.store, progress=False)


def test_two_runs_with_one_seed_predict_the_same(run, split, tmp_path):
    again = train_baseline(BaselineConfig(**SHORT), split, ENCODER, RunStore(tmp_path), progress=False)
    pd.testing.assert_frame_equal(run.predictions, again.predictions)


def test_workers_do_not_change_what_is_learnt(run, split, tmp_path):
    config = BaselineConfig(**SHORT | {"workers": 2})
    again = train_baseline(config, split, ENCODER, RunStore(tmp_path), progress=False)
    pd.testing.assert_frame_equal(run.predictions, again.predictions)


def test_another_seed_predicts_something_else(run, split, tmp_path):
    config = BaselineConfig(**SHORT, seed=1)
    other = train_baseline(config, split, ENCODER, RunStore(tmp_path), progress=False)
    assert not run.predictions.equals(other.predictions)


def test_the_run_holds_what_a_reader_needs(run, split):
    assert len(run.metrics) == SHORT["epochs"]
    assert {"loss", "macro_f1", "uar", "accuracy", "clips_per_s"} <= set(run.metrics)
    parts = run.predictions.groupby("part").size()
    assert parts.to_dict() == {"validation": len(split.validation), "test": len(split.test)}
    assert not list(run.folder.glob("checkpoint*"))
    assert "macro-F1" in (run.model / CARD_FILE).read_text()


def test_the_kept_weights_are_those_of_the_best_validation_epoch(run):
    validation = run.predictions[run.predictions["part"] == "validation"]
    assert scores(validation)["macro_f1"] == pytest.approx(run.metrics["macro_f1"].max())


def test_test_clips_decide_nothing(run, split, tmp_path):
    """Training with other test clips gives the same weights."""
    fewer = Split(split.train, split.validation, split.test[:4])
    other = train_baseline(BaselineConfig(**SHORT), fewer, ENCODER, RunStore(tmp_path), progress=False)
    weights = [EmotionClassifier.from_pretrained(r.model).state_dict() for r in (run, other)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_patience_stops_a_run_that_no_longer_improves(split, tmp_path):
    config = replace(BaselineConfig(**SHORT), epochs=20, patience=1, learning_rate=0.0, head_learning_rate=0.0)
    run = train_baseline(config, split, ENCODER, RunStore(tmp_path), progress=False)
    assert len(run.metrics) == 2


def test_a_leaking_split_cannot_be_made(split):
    with pytest.raises(LeakError, match="training and test share"):
        Split(split.train, split.validation, split.train[:3])


def test_the_loss_is_the_cross_entropy_of_the_augmented_view(split):
    model = EmotionClassifier(WhisperEncoder(ENCODER), dropout=0.0)
    labels = torch.tensor([0, 1, 2, 3])
    quiet = replace(BaselineConfig().spectrogram, probability=0.0)
    objective = EmotionObjective(model, labels, quiet)
    batch = collate([Speech(split.train, 4.0)[(clip, 7)] for clip in range(4)])
    loss, figures = objective(batch)
    logits = model(model.log_mel(batch.waveforms), batch.lengths // 160 * 160)
    expected = -logits.log_softmax(-1)[torch.arange(4), labels].mean()
    torch.testing.assert_close(loss, expected)
    assert figures["train_accuracy"] == (logits.argmax(-1) == labels).float().mean()


def train_command(runs: Path) -> list[str]:
    changes = [f"--set={name}={value}" for name, value in (SHORT | {"epochs": 6, "patience": 6}).items()]
    options = ["--profile", "smoke", "--encoder", ENCODER, "--runs", str(runs)]
    return [sys.executable, "-c", "from sernb.cli import main; main()", "train", *options, *changes]


def test_a_killed_run_goes_on_to_the_same_end(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run(train_command(whole), check=True, capture_output=True)
    process = subprocess.Popen(train_command(broken), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(broken.glob("*.partial/checkpoint-0002")) and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list(broken.glob("*.partial")), "killed too late to prove anything"
    subprocess.run(train_command(broken), check=True, capture_output=True)
    (one,), (other,) = ([p for p in folder.glob("baseline-*") if p.is_dir()] for folder in (whole, broken))
    assert one.name == other.name
    pd.testing.assert_frame_equal(*(pd.read_parquet(f / "predictions.parquet") for f in (one, other)))
    metrics = [pd.read_json(f / "metrics.jsonl", lines=True).drop(columns="clips_per_s") for f in (one, other)]
    pd.testing.assert_frame_equal(*metrics)
