"""A model as one ONNX file, from samples to probabilities, so that it runs where there is no Python.

Its input `samples` has shape (windows, seconds * 16000), float32, 16 kHz, zeros after the speech; `lengths`, int64,
shape (windows,), says how many samples hold speech. Its output `probabilities`, shape (windows, 4), is what
`Ensemble.probabilities` gives: averaged over members, re-centred where the model was adapted to clips, calibrated.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sernb.data.files import replacing
from sernb.labels import EMOTIONS
from sernb.models.ensemble import Ensemble
from sernb.models.plain import PlainClassifier
from sernb.models.statistics import LEAST
from sernb.speech.audio import FLOOR, HOP, SAMPLE_RATE, WINDOW, LogMel


class ExportableLogMel(nn.Module):
    """`LogMel` with its Fourier transform as a convolution, which every runtime has."""

    waves: torch.Tensor
    filters: torch.Tensor

    def __init__(self, log_mel: LogMel) -> None:
        super().__init__()
        angles = 2 * np.pi * np.outer(np.arange(WINDOW // 2 + 1), np.arange(WINDOW)) / WINDOW
        window = log_mel.window.double().cpu().numpy()
        waves = np.concatenate([np.cos(angles), -np.sin(angles)]) * window
        self.register_buffer("waves", torch.from_numpy(waves).float()[:, None])
        self.register_buffer("filters", log_mel.filters.detach().clone())

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Waveforms (batch, samples) at 16 kHz -> log-mels (batch, bins, samples / 160)."""
        padded = nn.functional.pad(waveforms[:, None], (WINDOW // 2, WINDOW // 2), mode="reflect")
        real, imaginary = nn.functional.conv1d(padded, self.waves, stride=HOP)[..., :-1].chunk(2, 1)
        mel = (self.filters @ (real.square() + imaginary.square())).clamp(min=1e-10).log10()
        mel = torch.maximum(mel, mel.amax((-2, -1), keepdim=True) - 4 * FLOOR)
        return (mel + 4.0) / 4.0


class Exportable(nn.Module):
    """An ensemble as one module, from samples to calibrated probabilities."""

    def __init__(self, model: Ensemble) -> None:
        super().__init__()
        self.log_mel = ExportableLogMel(model.members[0].log_mel)
        self.members = nn.ModuleList(one.float() for one in model.members)
        self.temperature = 1.0 if model.confidence is None else model.confidence.temperature
        self.scales, self.shifts = nn.ParameterList(), nn.ParameterList()
        for one, source, target in zip(model.members, model.sources, model.targets, strict=True):
            scale, shift = np.ones(one.width, "f4"), np.zeros(one.width, "f4")
            if target is not None and source is not None:
                scale = source.deviation / target.deviation.clip(min=LEAST)
                shift = source.mean - target.mean * scale
            for kept, values in ((self.scales, scale), (self.shifts, shift)):
                kept.append(nn.Parameter(torch.from_numpy(values), requires_grad=False))

    def forward(self, samples: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Samples (batch, seconds * 16000) and how many of them hold speech (batch,) -> probabilities (batch, 4)."""
        log_mel, frames = self.log_mel(samples), lengths.div(HOP, rounding_mode="floor").clamp(min=1)
        shares = []
        for one, scale, shift in zip(self.members, self.scales, self.shifts, strict=True):
            assert isinstance(one, PlainClassifier)  # a ModuleList forgets what it holds
            shares.append(one.head(one.embed(log_mel, frames) * scale + shift).softmax(-1))
        mean = torch.stack(shares).mean(0)
        return (mean.clamp(min=1e-12).log() / self.temperature).softmax(-1)


def export_onnx(folder: str | Path, file: str | Path) -> Path:
    """Write a model's folder as one ONNX file; classes, rate and threshold are in its metadata.

    Args:
        folder: as `Ensemble.load` takes it.
        file: to write.

    Raises:
        ImportError: the extra `onnx` is not installed.
        FileNotFoundError, ValueError: as `Ensemble.load`.
    """
    import onnx  # an extra

    cpu = torch.device("cpu")
    model = Ensemble.load(folder, cpu)
    example = torch.zeros(2, round(model.seconds * SAMPLE_RATE)), torch.tensor([SAMPLE_RATE, SAMPLE_RATE])
    batch = torch.export.Dim("windows", min=1)
    program = torch.onnx.export(
        Exportable(model).eval(),
        example,
        input_names=["samples", "lengths"],
        output_names=["probabilities"],
        dynamic_shapes=({0: batch}, {0: batch}),
        dynamo=True,
        verbose=False,
    )
    assert program is not None  # only the older exporter returns none
    made = program.model_proto
    about = {
        "labels": json.dumps(EMOTIONS),
        "sample_rate": str(SAMPLE_RATE),
        "seconds": f"{model.seconds:g}",
        "unsure_below": f"{0.0 if model.confidence is None else model.confidence.unsure_below:g}",
    }
    onnx.helper.set_model_props(made, about)
    file = Path(file)
    with replacing(file) as temporary:
        onnx.save(made, str(temporary))
    return file
