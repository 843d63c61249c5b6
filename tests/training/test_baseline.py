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

from sernb.data.folds import LeakError, Split
from sernb.evaluation.model_card import CARD_FILE
from sernb.experiments.study import open_study
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.runs import RunStore
from sernb.speech.dataset import Speech, collate
from sernb.training.baseline import BaselineConfig, EmotionObjective, train_baseline

SHORT = {"epochs": 3, "batches_per_epoch": 3, "batch_size": 8, "workers": 0}
TIMES = ["clips_per_s", "training_s", "validation_s"]
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


def test_test_clips_decide_nothing(run, split, tmp_path):
    """Training with other test clips gives the same weights."""
    fewer = Split(split.train, split.validation, split.test[:4])
    other = train_baseline(BaselineConfig(**SHORT), fewer, ENCODER, RunStore(tmp_path), progress=False)
    weights = [EmotionClassifier.from_pretrained(r.model).state_dict() for r in (run, other)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_rates_rise_over_the_warm_up_and_fall_to_zero():
    config = BaselineConfig(batches_per_epoch=50, epochs=2, warmup=20)
    rates = [config.rate(step) for step in range(config.steps)]
    assert rates[0] == pytest.approx(1 / 20) and rates[19] == rates[20] == 1.0
    assert rates[60] == pytest.approx(0.5) and rates[-1] == pytest.approx(1 / 80)
    assert set(replace(config, decay="none").rate(step) for step in range(20, 100)) == {1.0}
    with pytest.raises(ValueError, match="linear or none"):
        replace(config, decay="cosine")


def test_a_reversed_speaker_head_learns_speakers_while_the_encoder_unlearns_them(split):
    torch.manual_seed(0)
    model = EmotionClassifier(WhisperEncoder(ENCODER), dropout=0.0)
    labels, speakers = torch.tensor([0, 1, 2, 3]), torch.tensor([0, 0, 1, 1])
    batch = collate([Speech(split.train, 4.0)[(clip, 7)] for clip in range(4)])
    gradients = {}
    for weight in (0.0, 1.0):
        quiet = replace(BaselineConfig().spectrogram, probability=0.0)
        torch.manual_seed(1)
        objective = EmotionObjective(model, labels, quiet, None, speakers, weight)
        model.zero_grad()
        objective(batch)[0].backward()
        gradients[weight] = model.encoder.whisper.layers[0].fc1.weight.grad.clone()
        assert objective.speaker_head.weight.grad.abs().sum() > 0
    model.zero_grad()
    embeddings = model.encoder(model.log_mel(batch.waveforms), batch.frames)
    torch.nn.functional.cross_entropy(objective.speaker_head(embeddings), speakers).backward()
    named = model.encoder.whisper.layers[0].fc1.weight.grad
    torch.testing.assert_close(gradients[1.0], gradients[0.0] - named, rtol=1e-3, atol=1e-6)


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
    logits = model(model.log_mel(batch.waveforms), batch.frames)
    expected = -logits.log_softmax(-1)[torch.arange(4), labels].mean()
    torch.testing.assert_close(loss, expected)
    assert figures["train_accuracy"] == (logits.argmax(-1) == labels).float().mean()


def train_command(runs: Path) -> list[str]:
    changes = [f"--set={name}={value}" for name, value in (SHORT | {"epochs": 6}).items()]
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
    metrics = [pd.read_json(f / "metrics.jsonl", lines=True).drop(columns=TIMES) for f in (one, other)]
    pd.testing.assert_frame_equal(*metrics)
