"""Learning rates layer by layer."""

from typing import Any

from sernb.models import WhisperEncoder


def layer_groups(encoder: WhisperEncoder, rate: float, decay: float = 1.0) -> list[dict[str, Any]]:
    """AdamW groups of the encoder's trained weights, one a layer, each layer's rate `decay` times that above it.

    Args:
        encoder: frozen weights are left out.
        rate: of the last layer and the norm after it.
        decay: 1 gives one rate throughout, less holds the first layers back.

    Raises:
        ValueError: `decay` lies outside 0 to 1.
    """
    if not 0 <= decay <= 1:
        raise ValueError(f"a layer's rate is 0 to 1 times that of the layer above, not {decay}")
    layers = encoder.whisper.layers
    groups = [
        {"params": list(layer.parameters()), "lr": rate * decay ** (len(layers) - 1 - number)}
        for number, layer in enumerate(layers)
    ]
    inside = {id(parameter) for group in groups for parameter in group["params"]}
    rest = [p for p in encoder.parameters() if p.requires_grad and id(p) not in inside]
    return [*groups, {"params": rest, "lr": rate}]
