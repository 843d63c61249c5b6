"""The classifier for use alone: the same weights and arithmetic in plain torch.

transformers' Whisper, which training uses, takes seconds to import. This one computes in bfloat16 where the processor
does, and is what is exported.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from sernb.data.files import FileError
from sernb.labels import EMOTIONS
from sernb.models.settings import (
    CONFIG_FILE,
    FRAMES_PER_SECOND,
    WEIGHTS_FILE,
    ClassifierSettings,
    check_weights,
    classifier_settings,
    whisper_sizes,
)
from sernb.speech.audio import LogMel


def pool(hidden: torch.Tensor, frames: torch.Tensor, pooling: str) -> torch.Tensor:
    """Average hidden states (batch, seconds * 50, width) over time; two frames of a log-mel make one of them."""
    if pooling == "all":
        return hidden.mean(1)
    speech = (frames + 1).div(2, rounding_mode="floor").clamp(min=1)
    mask = torch.arange(hidden.shape[1], device=hidden.device) < speech[:, None]
    return (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def normalised(hidden: torch.Tensor) -> torch.Tensor:
    """Hidden states (..., width) with mean 0 and deviation 1 over their width."""
    return nn.functional.layer_norm(hidden, hidden.shape[-1:])


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(3))
        self.k_proj = nn.Linear(width, width, bias=False)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        apart = lambda projected: projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # noqa: E731
        heard = nn.functional.scaled_dot_product_attention(
            apart(self.q_proj(hidden)), apart(self.k_proj(hidden)), apart(self.v_proj(hidden))
        )
        return self.out_proj(heard.transpose(1, 2).flatten(2))


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.self_attn = _Attention(width, heads)
        self.self_attn_layer_norm, self.final_layer_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        hidden = hidden + self.self_attn(self.self_attn_layer_norm(hidden))
        return hidden + self.fc2(nn.functional.gelu(self.fc1(self.final_layer_norm(hidden))))


class _Positions(nn.Module):
    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(count, width))  # an embedding would draw numbers for it


class _Whisper(nn.Module):
    """Names of parameters are transformers', so that it takes the same files."""

    def __init__(self, sizes: Mapping[str, int], averaged: tuple[int, ...]) -> None:
        super().__init__()
        self.averaged = averaged
        width, bins = sizes["d_model"], sizes["num_mel_bins"]
        self.conv1 = nn.Conv1d(bins, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.embed_positions = _Positions(sizes["max_source_positions"], width)
        self.layers = nn.ModuleList(
            _Layer(width, sizes["encoder_attention_heads"], sizes["encoder_ffn_dim"])
            for _ in range(sizes["encoder_layers"])
        )
        self.layer_norm = nn.Identity() if averaged else nn.LayerNorm(width)

    def forward(self, log_mel: torch.Tensor) -> torch.Tensor:
        hidden = nn.functional.gelu(self.conv2(nn.functional.gelu(self.conv1(log_mel)))).transpose(1, 2)
        hidden = hidden + self.embed_positions.weight
        averaged = []
        for number, layer in enumerate(self.layers, 1):
            hidden = layer(hidden)
            if number in self.averaged:
                averaged.append(normalised(hidden))
        return torch.stack(averaged).mean(0) if averaged else self.layer_norm(hidden)


class PlainClassifier(nn.Module):
    """Embeddings and probabilities of windows of speech.

    Args:
        settings: from `classifier_settings`.
        file: named in errors.

    Raises:
        FileError: a size out of range, or an encoder other than Whisper's own.
    """

    def __init__(self, settings: ClassifierSettings, file: Path) -> None:
        super().__init__()
        sizes = _sizes(settings.whisper, settings.seconds, file)
        self.seconds, self.pooling, self.width = settings.seconds, settings.pooling, sizes["d_model"]
        self.log_mel = LogMel(sizes["num_mel_bins"], settings.highest_hz)
        self.encoder = nn.ModuleDict({"whisper": _Whisper(sizes, settings.averaged or ())})
        self.head = nn.Sequential(
            nn.Linear(sizes["d_model"], settings.hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.hidden, len(EMOTIONS)),
        )

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "PlainClassifier":
        """Read a classifier that EmotionClassifier.save_pretrained wrote; checked as there, and set to be used.

        Raises:
            FileNotFoundError, ValueError: as `classifier_settings` and `check_weights`.
        """
        folder = Path(folder)
        settings, weights = classifier_settings(folder), folder / WEIGHTS_FILE
        with torch.device("meta"):
            model = cls(settings, folder / CONFIG_FILE)
        check_weights(weights, model)
        model.load_state_dict(load_file(weights), assign=True)
        return model.eval().requires_grad_(False)

    def embed(self, log_mel: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Log-mels (batch, bins, seconds * 100) and their speech frames (batch,) -> embeddings (batch, width)."""
        whisper = self.encoder["whisper"]
        hidden = whisper(log_mel.to(next(whisper.parameters()).dtype))
        return pool(hidden.float(), frames, self.pooling)

    def forward(self, log_mel: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """As `embed`, to logits (batch, 4)."""
        return self.head(self.embed(log_mel, frames))

    def quick(self, device: torch.device) -> "PlainClassifier":
        """The model on its device, its encoder in bfloat16 where the device computes in it."""
        self.to(device)
        if computes_bfloat16(device):
            self.encoder.to(torch.bfloat16)
        return self


def computes_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16; where it has none they are imitated, and slow."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    can = torch.cpu.get_capabilities()
    return device.type == "cpu" and bool(can.get("amx_bf16") or can.get("avx512_bf16"))


def _sizes(settings: Mapping[str, Any], seconds: float, file: Path) -> dict[str, Any]:
    sizes = whisper_sizes(settings, file)
    if settings.get("activation_function", "gelu") != "gelu":
        raise FileError(file, "'activation_function' is not 'gelu', which is Whisper's; get another model")
    if sizes["max_source_positions"] != round(seconds * FRAMES_PER_SECOND):
        raise FileError(file, f"{sizes['max_source_positions']} positions are no window of {seconds:g} s; get it again")
    return sizes
