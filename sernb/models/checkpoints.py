"""Whisper checkpoints as transformers writes them."""

import os
import re
from copy import deepcopy
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import WhisperConfig, WhisperModel
from transformers.models.whisper.modeling_whisper import WhisperEncoder as TransformersEncoder

from sernb.data.files import FileError, opened, read_json
from sernb.models.settings import CONFIG_FILE, MAX_WEIGHTS, kind_of, whisper_config

_RANDOM = re.compile(r"random-(?P<layers>\d+)x(?P<width>\d+)")


def encoder_of(source: str | Path | WhisperConfig, seed: int) -> TransformersEncoder:
    """A Whisper encoder from a checkpoint of transformers, checked before anything is built, or with random weights.

    Args:
        source: folder or name on the hub; "random-2x64" or a config for random weights.
        seed: draws random weights.

    Raises:
        ValueError: no such checkpoint, another kind of model, or weights that aren't in the safetensors format.
    """
    match = None
    if isinstance(source, WhisperConfig):
        config = deepcopy(source)  # cutting and cropping change it
    elif match := _RANDOM.fullmatch(str(source)):
        width = int(match["width"])
        config = WhisperConfig(
            d_model=width, encoder_layers=int(match["layers"]), encoder_attention_heads=4, encoder_ffn_dim=4 * width
        )
    else:
        return _load_pretrained(str(source))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = TransformersEncoder(config)
        if match:
            for convolution in (encoder.conv1, encoder.conv2):  # at transformers' scale, positions drown the sound
                nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return encoder


def _load_pretrained(name_or_path: str) -> TransformersEncoder:
    folder = Path(name_or_path)
    if folder.is_dir() and not any(folder.glob("*.safetensors")):
        raise ValueError(f"{folder} holds no .safetensors weights; other formats can run code and are refused")
    if folder.is_dir():
        _check_checkpoint(folder)
    try:
        return WhisperModel.from_pretrained(name_or_path, use_safetensors=True, dtype=torch.float32).encoder
    except SafetensorError as error:
        raise ValueError(f"{folder} holds damaged weights ({error}); get them again") from error
    except OSError as error:
        raise ValueError(
            f"encoder {name_or_path!r}: no such folder, and no such model could be fetched; give the folder of a "
            "Whisper checkpoint in the safetensors format"
        ) from error


def _check_checkpoint(folder: Path) -> None:
    """Raise unless a folder of transformers' holds a Whisper of the size of its weights."""
    file = folder / CONFIG_FILE
    settings = read_json(file)
    if settings.get("model_type") != "whisper" or "quantization_config" in settings:
        raise FileError(
            file, f"describes {kind_of(settings)}; give a plain Whisper checkpoint in the safetensors format"
        )
    config = whisper_config(settings, file)
    if config.d_model % config.decoder_attention_heads:
        raise FileError(file, f"{config.decoder_attention_heads} heads don't divide a width of {config.d_model}")
    with torch.device("meta"):
        size = sum(tensor.numel() for tensor in WhisperModel(config).parameters())
    there = 0
    for weights in folder.glob("*.safetensors"):
        with opened(weights, MAX_WEIGHTS) as opening:
            there += opening.seek(0, os.SEEK_END)
    if size > there:  # a byte a parameter is the least there is
        raise FileError(file, f"describes {size:,} parameters, more than {there:,} bytes of weights can hold")
