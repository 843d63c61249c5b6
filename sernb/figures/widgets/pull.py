"""Pull and push: clips of a few speakers under NT-Xent, and under BYOL, in a network small enough to watch."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sernb.figures.captioned import picture
from sernb.figures.widgets.container import Widget
from sernb.losses.ntxent import SpeakerNTXent

SPEAKERS, EMOTIONS, CLIPS = 6, 3, 6  # CLIPS of each speaker
NOISE = 0.25
RATE, STEPS, TEMPERATURE = 0.25, 240, 0.1  # as in pull.js
START = ((0.5, 0, 1, 0), (0, 0.5, 0, 1))
_WHAT = {
    "contrastive": "Contrastive learning attracts the clips of a speaker and repels those of others.",
    "byol": "BYOL attracts two views of a clip and repels nothing.",
}
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")


def pull_and_push(method: str = "contrastive", anchor: str = "") -> Widget:
    """Points of six speakers and three emotions that NT-Xent, or BYOL, moves step by step in the page.

    A clip is four numbers: two say who speaks, two in which emotion, and chance is added to all. The network is one
    linear layer from four numbers to two, which begins by hearing emotion more than speakers.

    Args:
        method: shown first, "contrastive" or "byol".
        anchor: see `Widget`.

    Raises:
        ValueError: another method.
    """
    if method not in _WHAT:
        raise ValueError(f"unknown method {method!r}; known are {', '.join(_WHAT)}")
    data = toy()
    return Widget(
        "pull",
        "Pull and push: contrastive learning and BYOL on 36 clips, to be moved",
        picture(
            _still(data),
            "Three circles with 36 points, colour the speaker, shape the emotion; only a point's direction counts. "
            "Left, before training: three groups, one per emotion. Middle, after contrastive learning on clips of "
            "mixed emotions: six groups, one per speaker, in which all emotions are mixed. Right, each speaker with "
            "one emotion: groups of one speaker, so of one emotion.",
        ),
        f"{_WHAT[method]} Made-up clips, true gradients: a linear network from four numbers to two.",
        data | {"method": method},
        anchor,
        ("learn",),
    )


def toy() -> dict[str, Any]:
    """The clips: `speaker` (36,); for `mixed` emotions of a speaker and a `single` one `x` (36, 4), `emotion` (36,)."""
    speaker = np.repeat(np.arange(SPEAKERS), CLIPS)
    noise = np.random.default_rng(0).normal(0, NOISE, (len(speaker), 4))
    kinds = {"mixed": np.tile(np.arange(EMOTIONS), len(speaker) // EMOTIONS), "single": speaker % EMOTIONS}
    data: dict[str, Any] = {"speaker": speaker.tolist()}
    for name, emotion in kinds.items():
        angles = 2 * np.pi * speaker / SPEAKERS, 2 * np.pi * emotion / EMOTIONS
        x = np.stack([turn(angle) for angle in angles for turn in (np.cos, np.sin)], 1) + noise
        data[name] = {"x": x.round(4).tolist(), "emotion": emotion.tolist()}
    return data


def trained(x: torch.Tensor, speaker: torch.Tensor, steps: int = STEPS, temperature: float = TEMPERATURE) -> np.ndarray:
    """Embeddings (clips, 2) after so many steps of gradient descent on the package's own loss."""
    weights = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    loss = SpeakerNTXent(temperature)
    for _ in range(steps):
        (gradient,) = torch.autograd.grad(loss(x @ weights.T, speaker), weights)
        with torch.no_grad():
            weights -= RATE * temperature * gradient
    return (x @ weights.T).detach().numpy()


def _still(data: dict[str, Any]) -> Figure:
    speaker = torch.tensor(data["speaker"])
    figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.4), layout="constrained")
    for ax, kind, steps, title in zip(
        axes,
        ("mixed", "mixed", "single"),
        (0, STEPS, STEPS),
        ("before training", "trained: mixed emotions", "trained: one emotion per speaker"),
        strict=True,
    ):
        x = torch.tensor(data[kind]["x"], dtype=torch.float64)
        _circle(trained(x, speaker, steps), data["speaker"], data[kind]["emotion"], ax).set_title(title)
    return figure


def _circle(z: np.ndarray, speaker: list[int], emotion: list[int], ax: Axes) -> Axes:
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    unit *= (0.66 + 0.32 * (np.arange(len(z)) * 7 % 36) / 35)[:, None]  # apart; only the direction counts
    ax.add_patch(plt.Circle((0, 0), 1, fill=False, color="#999999"))
    for place, who, what in zip(unit, speaker, emotion, strict=True):
        ax.plot(*place, marker="^os"[what], color=_COLOURS[who], markersize=7, markeredgecolor="white")
    ax.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
    ax.axis("off")
    return ax
