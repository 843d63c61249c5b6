"""Small models that show what a loss does, in a second: speakers attracted in the plane, and BYOL on made-up clips."""

import copy
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, pad

from sernb.losses.byol_loss import spread
from sernb.losses.ntxent import SpeakerNTXent
from sernb.models.byol_networks import perceptron

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

POOLS = ("every speaker in both emotions", "every speaker in one emotion", "nobody acts an emotion")
"""What stage 1 may hear: acted corpora such as BanglaSER, URDU, and read speech such as Common Voice."""
NETWORKS = ("predictor and stop-gradient", "no predictor", "no stop-gradient")
NOISE = 0.2  # of a clip about its speaker and emotion, which lie about 1 apart


def seeded(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """One thread, because the matrices are too small to share, and the caller's random state left as it was."""

    @wraps(function)
    def alone(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.random.fork_rng(devices=[]):
                return function(*args, **kwargs)
        finally:
            torch.set_num_threads(threads)

    return alone


@seeded
def attract_speakers(seed: int = 0, steps: int = 40, temperature: float = 0.1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What attracting a speaker's clips does to emotion, for three kinds of speech (POOLS).

    A clip is a point of the plane: who speaks decides how far right it lies, emotion how far up. The encoder is a
    linear map of the plane, at first the identity, trained by NT-Xent on 16 speakers with 4 clips each; a third
    coordinate of 1 turns points into directions, which is what the cosine similarity compares.

    Args:
        seed: of the clips.
        steps: of training.
        temperature: of NT-Xent.

    Returns:
        The course: pool, step, emotion (share of the spread of unseen speakers' clips that lies between emotions, 0 to
        1). The clips: pool ("before training" or one of POOLS), speaker, emotion, x, y of those unseen speakers.
    """
    unseen, who, emotion = _clips(POOLS[0], 6, torch.Generator().manual_seed(seed + 1))
    described = {"speaker": who.tolist(), "emotion": ["angry" if up > 0 else "sad" for up in emotion]}
    course, placed = [], [pd.DataFrame(described | _plane(unseen)).assign(pool="before training")]
    for pool in POOLS:
        generator = torch.Generator().manual_seed(seed)
        encoder, loss = torch.eye(2, requires_grad=True), SpeakerNTXent(temperature)
        optimizer = torch.optim.Adam([encoder], lr=0.02)
        for step in range(steps + 1):
            embedded = unseen @ encoder.detach().T
            course.append({"pool": pool, "step": step, "emotion": _between(_directions(embedded), emotion)})
            points, speakers, _ = _clips(pool, 16, generator)
            optimizer.zero_grad()
            loss(_directions(points @ encoder.T), speakers).backward()
            optimizer.step()
        placed.append(pd.DataFrame(described | _plane(embedded)).assign(pool=pool))
    return pd.DataFrame(course), pd.concat(placed, ignore_index=True)


@seeded
def agree_without_negatives(seed: int = 0, steps: int = 200, momentum: float = 0.95, every: int = 5) -> pd.DataFrame:
    """BYOL on made-up clips: as it is, without its predictor, and with a gradient into the target (NETWORKS).

    128 clips are points of a plane in eight dimensions; a view is a clip with noise. Networks and loss are the
    package's; without stop-gradient both views pass through one network, and the loss may move either.

    Args:
        seed: of clips, views and networks.
        steps: of training.
        momentum: of the target network.
        every: how many steps lie between two rows.

    Returns:
        Columns networks, step, loss (of the step) and variance (of the clips' projections on the unit sphere: 1 for
        directions all over it, 0 when all are one).
    """
    rows = []
    for networks in NETWORKS:
        torch.manual_seed(seed)
        clips = torch.randn(128, 2) @ torch.randn(2, 8)
        online = perceptron(8, 32, 8)
        predictor = nn.Identity() if networks == "no predictor" else perceptron(8, 32, 8)
        target = online if networks == "no stop-gradient" else copy.deepcopy(online).requires_grad_(False)
        optimizer = torch.optim.Adam([*online.parameters(), *predictor.parameters()], lr=3e-3)
        for step in range(steps + 1):
            one, other = (clips + 0.7 * torch.randn_like(clips) for _ in range(2))
            loss = _distance(predictor(online(one)), target(other)) + _distance(predictor(online(other)), target(one))
            if step % every == 0:
                variance = spread(online(clips).detach())["variance"]
                rows.append({"networks": networks, "step": step, "loss": loss.item(), "variance": variance})
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if target is not online:
                with torch.no_grad():
                    for own, leading in zip(target.parameters(), online.parameters(), strict=True):
                        own.lerp_(leading, 1 - momentum)
    return pd.DataFrame(rows)


def _clips(pool: str, speakers: int, generator: torch.Generator, each: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    """Points (clips, 2), speaker numbers (clips,), and emotion, -1 or 1, or 0 for none (clips,)."""
    voice = torch.randn(speakers, generator=generator).repeat_interleave(each)
    emotion = {
        POOLS[0]: torch.tensor([-1.0, 1.0]).repeat(speakers * each // 2),
        POOLS[1]: torch.randint(0, 2, (speakers,), generator=generator).mul(2.0).sub(1).repeat_interleave(each),
        POOLS[2]: torch.zeros(speakers * each),
    }[pool]
    points = torch.stack([voice, emotion], 1) + NOISE * torch.randn(speakers * each, 2, generator=generator)
    return points, torch.arange(speakers).repeat_interleave(each), emotion


def _directions(points: Tensor) -> Tensor:
    """Points of the plane as unit vectors in space, shape (clips, 3)."""
    return normalize(pad(points, (0, 1), value=1.0), dim=1)


def _plane(points: Tensor) -> dict[str, list[float]]:
    return {"x": points[:, 0].tolist(), "y": points[:, 1].tolist()}


def _between(embeddings: Tensor, classes: Tensor) -> float:
    """Share of the embeddings' spread that lies between classes, 0 to 1."""
    centred = embeddings - embeddings.mean(0)
    means = torch.stack([centred[classes == name].mean(0) for name in classes.unique()])
    sizes = torch.stack([(classes == name).sum() for name in classes.unique()])
    return float((sizes * means.square().sum(1)).sum() / centred.square().sum())


def _distance(prediction: Tensor, target: Tensor) -> Tensor:
    """`byol_loss.regression_loss` that lets a gradient through to the target, where there is one."""
    return (normalize(prediction, dim=-1) - normalize(target, dim=-1)).square().sum(-1).mean()
