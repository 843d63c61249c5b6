"""What a method costs: time, throughput and parameters, from what its runs stored."""

import math
from statistics import median, median_low

import pandas as pd
import torch
from safetensors import safe_open
from transformers import WhisperConfig

from sernb.models.classifier import EmotionClassifier
from sernb.models.settings import WEIGHTS_FILE
from sernb.models.whisper import WhisperEncoder
from sernb.runs import Run

# layers and width of Whisper's encoders (Radford et al. 2023, table 1)
WHISPER = {"tiny": (4, 384), "base": (6, 512), "small": (12, 768), "medium": (24, 1024), "large": (32, 1280)}


def parameter_count(run: Run) -> int | None:
    """How many numbers the model that answers holds, frozen ones too; None where the run doesn't tell.

    Counted in the weights' file, or, of a run stored without weights, in a model built after its encoder's name.
    """
    weights = run.model / WEIGHTS_FILE
    if weights.exists():
        with safe_open(weights, framework="numpy") as file:
            return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118 (no dict)
    config = run.config["config"]
    name = run.environment.get("encoder", "").removeprefix("whisper-").split(".")[0].split("-")[0]
    if name not in WHISPER:
        return None
    layers, width = WHISPER[name]
    shape = WhisperConfig(
        d_model=width, encoder_layers=layers, encoder_attention_heads=width // 64, encoder_ffn_dim=4 * width
    )
    with torch.device("meta"):  # shapes only
        encoder = WhisperEncoder(shape, config["seconds"], config["pooling"], layers=config.get("layers"))
        model = EmotionClassifier(encoder, config["hidden"])
    return sum(tensor.numel() for tensor in model.parameters())


def cost_of_runs(runs: list[Run]) -> dict[str, float | int | None]:
    """Medians over runs: minutes, those of the last stage alone, training clips per second, epochs; and the parameters.

    Medians, for a run that other work slowed down, or that was interrupted, tells little of what its method costs.
    """
    return {
        "runs": len(runs),
        "minutes": _median(run.minutes for run in runs),
        "last stage": _median(run.environment["wall_s"] / 60 for run in runs),
        "epochs": median_low(len(run.metrics) for run in runs),
        "clips per second": _median(run.metrics["clips_per_s"].median() for run in runs),
        "parameters": parameter_count(runs[0]),
    }


def _median(values) -> float:
    known = [value for value in values if not math.isnan(value)]
    return median(known) if known else math.nan


def cost_by_method(methods: dict[str, list[Run]]) -> pd.DataFrame:
    """`cost_of_runs` of each method, one row each, with where its runs were made."""
    rows = []
    for method, runs in methods.items():
        rows.append({"method": method, **cost_of_runs(runs), "on": runs[0].device})
    return pd.DataFrame(rows)
