"""Every recipe on a GPU that isn't there: torch's FakeTensorMode follows each tensor's device without its numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import PartialState
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from sernb.data.folds import Split
from sernb.experiments.study import open_study
from sernb.models.autoencoder import DenoisingAutoencoder
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.runs import RunStore
from sernb.speech.augment import SpectrogramAugmentation, spectrogram
from sernb.training import baseline, byol, contrastive, loop, metric
from sernb.training.configs import BaselineConfig, ByolConfig, ContrastiveConfig
from sernb.training.metric import MetricConfig
from sernb.training.outputs import CURVE_FILE

ENCODER = "random-1x32"
ONE_STEP = {"epochs": 1, "batches_per_epoch": 1, "workers": 0, "validation_clips": 8}
CUT = SpectrogramAugmentation(band_limit_probability=0.5)
BASELINE = BaselineConfig(**ONE_STEP, batch_size=8, spectrogram=CUT, highest_hz=5500.0, speaker_reversal=0.1)
STAGE1 = ContrastiveConfig(**ONE_STEP, batch_size=16, held_out=0.2, held_out_clips=2, spectrogram=CUT)
BYOL = ByolConfig(**ONE_STEP, batch_size=16, projector_hidden=32, projection=16)


class DevicesOnly(FakeTensorMode):
    """FakeTensorMode that answers, at random, where code asks for a number or a size that only numbers decide."""

    def dispatch(self, func, types, args=(), kwargs=None):
        asked = func.overloadpacket
        if asked is torch.ops.aten._local_scalar_dense:
            return {torch.bool: False}.get(args[0].dtype, 1.0 if args[0].is_floating_point() else 1)
        if asked is torch.ops.aten.nonzero:
            return args[0].new_zeros((len(args[0]), args[0].dim()), dtype=torch.int64)
        if asked in (torch.ops.aten._unique2, torch.ops.aten.bincount):
            counts = args[0].new_zeros(3)
            return counts if asked is torch.ops.aten.bincount else (counts, torch.zeros_like(args[0]), counts)
        if asked is torch.ops.aten.index and any(at is not None and at.dtype == torch.bool for at in args[1]):
            return args[0].clone()
        return super().dispatch(func, types, args, kwargs)


def as_numpy(tensor: FakeTensor, **_) -> np.ndarray:
    """Numbers in a fake tensor's place; as for a real one, not of a GPU's."""
    if tensor.device.type != "cpu" or tensor.requires_grad:
        raise TypeError(f"no NumPy array of a tensor on {tensor.device}, requires_grad {tensor.requires_grad}")
    values = np.random.default_rng(0).random(tensor.shape) if tensor.is_floating_point() else np.zeros(tensor.shape)
    return values.astype(str(tensor.dtype).removeprefix("torch."))


def copied(tensor: FakeTensor, memo: dict) -> FakeTensor:
    """deepcopy of a fake tensor, which would copy its mode too."""
    with torch.no_grad():
        twin = tensor.clone()
    return memo.setdefault(id(tensor), nn.Parameter(twin, tensor.requires_grad) if is_parameter(tensor) else twin)


def moved(module: nn.Module, change, recurse: bool = True) -> nn.Module:
    """`Module._apply`, which tries to give a fake parameter the memory of another."""
    for one in module.modules() if recurse else [module]:
        for kept in (one._parameters, one._buffers):
            for name, tensor in kept.items():
                with torch.no_grad():
                    new = tensor if tensor is None else change(tensor)
                if new is not tensor:
                    kept[name] = nn.Parameter(new, tensor.requires_grad) if is_parameter(tensor) else new
    return module


def backward(accelerator: Accelerator, loss: torch.Tensor) -> None:
    """`Accelerator.backward` over autograd's own graph, node by node: its engine asks the driver for the GPU."""
    order, seen, given = [], set(), {loss.grad_fn: {0: torch.ones_like(loss)}}

    def visit(node: torch.autograd.graph.Node) -> None:
        seen.add(node)
        for below, _ in node.next_functions:
            if below is not None and below not in seen:
                visit(below)
        order.append(node)

    visit(loss.grad_fn)
    with torch.no_grad():
        for node in reversed(order):
            own = given.pop(node, {})
            inputs = [own.get(number) for number in range(len(node._input_metadata))]
            found = getattr(node, "apply", node)(*inputs)  # `apply` of our own functions
            found = found if isinstance(found, tuple) else (found,)
            for (below, number), gradient in zip(node.next_functions, found, strict=False):
                if below is not None and gradient is not None:
                    wanted = below._input_metadata[number]
                    gradient = gradient.sum_to_size(wanted.shape).to(wanted.dtype)
                    there = given.setdefault(below, {})
                    there[number] = there[number] + gradient if number in there else gradient


def is_parameter(tensor: FakeTensor) -> bool:
    return isinstance(tensor, nn.Parameter)


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    study = open_study(None, "smoke", runs=tmp_path_factory.mktemp("runs"), progress=False)
    whole = study.adapted(0, ["ur"])
    few = lambda clips: clips.groupby(["speaker", "emotion"]).head(1)  # noqa: E731
    return Split(few(whole.train), few(whole.validation), few(whole.test), few(whole.unlabelled), target=whole.target)


@pytest.fixture
def cuda(monkeypatch):
    """A make-believe GPU; what is written is left out, as it would hold numbers."""
    monkeypatch.setattr(FakeTensor, "numpy", as_numpy)
    monkeypatch.setattr(FakeTensor, "tolist", lambda tensor: as_numpy(tensor).tolist())
    for kind in (EmotionClassifier, WhisperEncoder):
        monkeypatch.setattr(kind, "save_pretrained", lambda model, folder: None)
    monkeypatch.setattr(FakeTensor, "__deepcopy__", copied)
    monkeypatch.setattr(nn.Module, "_apply", moved)
    monkeypatch.setattr(Accelerator, "backward", backward)
    monkeypatch.setattr(loop, "_checkpoint", lambda *_: None)
    monkeypatch.setattr(baseline, "carded", lambda run: run)
    monkeypatch.setattr(byol, "carded", lambda run: run)
    PartialState()  # reads what there is, once
    monkeypatch.setitem(PartialState._shared_state, "device", torch.device("cuda", 0))
    with DevicesOnly(allow_non_fake_inputs=True):
        yield torch.device("cuda", 0)


def test_the_make_believe_gpu_refuses_what_a_real_one_does(cuda):
    assert loop.make_accelerator().device == cuda
    model = EmotionClassifier(WhisperEncoder(ENCODER)).to(cuda)
    log_mel, frames = torch.zeros(2, 80, 400, device=cuda), torch.ones(2)
    assert model(log_mel, frames.to(cuda)).device == cuda
    with pytest.raises(RuntimeError, match="device"):
        model(log_mel, frames)
    with pytest.raises(TypeError, match="cuda"):
        log_mel.numpy()


def test_baseline(cuda, split, tmp_path):
    run = baseline.train_baseline(BASELINE, split, ENCODER, RunStore(tmp_path), progress=False)
    assert run.variants == ["last", "last-statistics", "self-trained", "statistics"]
    assert len(run.predictions.query("part == 'test'")) == len(split.test) == len(run.embeddings)
    assert pd.read_parquet(run.folder / CURVE_FILE)["step"].unique().tolist() == [1]


def test_contrastive_stage_1(cuda, split, tmp_path):
    run = contrastive.train_stage1(STAGE1, split, ENCODER, RunStore(tmp_path), progress=False)
    assert set(run.metrics) >= {"train_recall_at_1", "emotion_macro_f1"}


def test_contrastive_stage_2_learns_from_stage_1s_encoder(cuda, split, tmp_path):
    """Stage 2 is the baseline's recipe; `layers` cuts the encoder, whose new norm must follow it to the device."""
    config = replace(BASELINE, layers=1, speaker_reversal=0.0)
    run = baseline.train_baseline(config, split, "random-2x32", RunStore(tmp_path), progress=False)
    assert run.variants == ["last", "last-statistics", "self-trained", "statistics"]


@pytest.mark.parametrize("views", [1, 3])
def test_byol(views, cuda, split, tmp_path):
    config = replace(BYOL, supervised_views=views)
    run = byol.train_byol(config, split, ENCODER, RunStore(tmp_path), progress=False)
    assert "online" in run.variants and set(run.metrics) >= {"target_macro_f1", "variance", "byol"}


@pytest.mark.parametrize(
    ("loss", "label"),
    [("metric", "joint"), ("metric", "valence"), ("concordance", "joint"), ("cluster", "joint"), ("plain", "joint")],
)
def test_metric(loss, label, cuda, split):
    config = MetricConfig(loss=loss, label=label)
    targets = metric.Targets(*(torch.zeros(8, device=cuda, dtype=kind) for kind in (None, None, torch.int64)))
    model = DenoisingAutoencoder(88, config.latent, config.hidden, config.noise).to(cuda)
    latents, reconstruction = model(torch.zeros(8, 88, device=cuda))
    term = metric.supervision(config, latents, targets)
    assert term.device == reconstruction.device == cuda
    if term.grad_fn is not None:
        backward(None, term + reconstruction.square().mean())
        assert all(weights.grad.device == cuda for weights in model.parameters())


@pytest.mark.parametrize("place", ["labels", "band", "draws"])
def test_a_tensor_left_on_the_processor_is_found(place, cuda, split, tmp_path, monkeypatch):
    if place == "labels":
        moved_labels = baseline.EmotionObjective.to
        monkeypatch.setattr(
            baseline.EmotionObjective,
            "to",
            lambda objective, device: (
                setattr(moved_labels(objective, device), "labels", objective.labels.cpu()) or objective
            ),
        )
    if place == "band":
        monkeypatch.setattr(spectrogram, "limit_band", lambda log_mel, hz: log_mel.cpu())
    if place == "draws":
        original = spectrogram.masks
        monkeypatch.setattr(spectrogram, "masks", lambda draws, *rest: original(draws.cpu(), *rest))
    with pytest.raises(RuntimeError, match="device"):
        baseline.train_baseline(BASELINE, split, ENCODER, RunStore(tmp_path), progress=False)
