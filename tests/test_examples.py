"""Each example computes its recipe's loss on the first batch, and trains."""

import importlib
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from sernb.corpora.demo import make_demo
from sernb.data.folds import adapted
from sernb.data.manifest import harmonize
from sernb.models.byol_networks import Networks
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.training.baseline import EmotionObjective
from sernb.training.byol import ByolObjective
from sernb.training.configs import BaselineConfig, ByolConfig, ContrastiveConfig
from sernb.training.contrastive import SpeakerObjective

FOLDER = Path(__file__).parents[1] / "examples"
NAMES = ("baseline", "contrastive", "byol")
ENCODER = "random-1x32"
CPU = torch.device("cpu")
SHORT = {"epochs": 1, "batches_per_epoch": 2, "batch_size": 16}


@pytest.fixture(scope="module")
def split():
    return adapted(harmonize(make_demo(), headers_only=True, progress=False).manifest, fold=0, languages=["de"])


@pytest.fixture
def example(monkeypatch):
    """An example as a module, imported as python runs it: from its own folder."""
    monkeypatch.syspath_prepend(FOLDER)
    yield importlib.import_module
    for name in NAMES:
        sys.modules.pop(name, None)


def seeded(function, *arguments):
    """A loss under the same dropout each time; an objective's comes with figures to log."""
    torch.manual_seed(0)
    found = function(*arguments)
    return (found[0] if isinstance(found, tuple) else found).item()


def test_baseline(example, split):
    baseline, config = example("baseline"), BaselineConfig(**SHORT)
    labels, batch = baseline.class_numbers(split.train), next(iter(baseline.batches(split.train, config)))
    model = EmotionClassifier(WhisperEncoder(ENCODER, config.seconds), config.hidden, config.dropout)
    objective = EmotionObjective(model, labels, config.spectrogram)
    assert seeded(baseline.loss_of, model, batch, labels, config) == seeded(objective, batch)
    before = model.encoder.whisper.layers[0].fc1.weight.clone()
    averaged = baseline.fine_tune(model.encoder, split.train, config, CPU)
    assert not torch.equal(before, averaged.encoder.whisper.layers[0].fc1.weight)


def test_contrastive(example, split):
    contrastive, config = example("contrastive"), ContrastiveConfig(**SHORT)
    pool = split.unlabelled
    speakers, batch = torch.from_numpy(pd.factorize(pool["speaker"])[0]), next(iter(contrastive.batches(pool, config)))
    objective = SpeakerObjective(WhisperEncoder(ENCODER, config.seconds), config, speakers)
    own = seeded(contrastive.loss_of, objective.encoder, objective.projection, batch, speakers, config)
    assert own == seeded(objective, batch)
    before = objective.encoder.whisper.layers[0].fc1.weight.clone()
    contrastive.adapt(objective.encoder, pool, config, CPU)
    assert not torch.equal(before, objective.encoder.whisper.layers[0].fc1.weight)


def test_byol(example, split):
    byol, config = example("byol"), ByolConfig(**SHORT, projector_hidden=32, projection=16)
    batch = next(iter(byol.batches(split, config)))
    classifier = EmotionClassifier(WhisperEncoder(ENCODER, config.seconds), config.hidden, config.dropout)
    networks = Networks(classifier, config.projector_hidden, config.projection, config.predictor)
    labels = example("baseline").class_numbers(split.train)
    objective = ByolObjective(networks, labels, config)
    assert seeded(byol.loss_of, networks, batch, labels, 0, config) == seeded(objective, batch)
    before = networks.target.encoder.whisper.layers[0].fc1.weight.clone()
    byol.train(networks, split, config, CPU)
    assert not torch.equal(before, networks.target.encoder.whisper.layers[0].fc1.weight)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_fits_a_screen(name):
    assert len((FOLDER / f"{name}.py").read_text().splitlines()) < 100
