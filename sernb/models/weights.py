"""A module's weights: their fingerprint, and a module built with those of a folder."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_model
from torch import nn

from sernb.models.settings import WEIGHTS_FILE, check_weights

Model = TypeVar("Model", bound=nn.Module)


def fingerprint(module: nn.Module) -> str:
    """SHA-256 over a module's parameters and persistent buffers: which weights a run started from."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def built(folder: Path, build: Callable[[], Model]) -> Model:
    """A model with the folder's weights; built only once they are known to be its own, whatever size it claims."""
    file = folder / WEIGHTS_FILE
    with torch.device("meta"):
        check_weights(file, build())
    model = build()
    load_model(model, str(file))
    return model
