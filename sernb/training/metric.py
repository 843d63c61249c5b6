"""Continuous metric learning (Das et al. 2022): a denoising autoencoder whose latent follows activation and valence.

It learns from one vector per clip, eGeMAPS functionals or a frozen Whisper embedding, and is so small that it always
trains on one CPU core, in seconds.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sernb.corpora.ranges import Checked, Count, NotNegative, Seed, Share
from sernb.data.writing import data_hash
from sernb.labels import EMOTIONS
from sernb.losses import continuous
from sernb.models.autoencoder import DenoisingAutoencoder
from sernb.runs import METRICS_FILE, MODEL_FOLDER, Run, RunStore

LATENTS_FILE = "latents.parquet"
_DESCRIPTION = ["utterance_id", "corpus", "language", "speaker", "gender", "emotion", "activation", "valence"]


@dataclass(frozen=True, kw_only=True)
class MetricConfig(Checked):
    """What a run depends on, clips aside. Defaults are the released code's.

    Attributes:
        features: what the autoencoder reads, "egemaps" or "whisper" (the frozen encoder's embedding).
        loss: "plain" (reconstruction only), "metric", "concordance" or "cluster" (by emotion class).
        label: what "metric" and "concordance" follow: "activation", "valence", or "joint" (the latent's first half
            activation, its second half valence).
        latent: values of the latent.
        hidden: widths of the encoder's hidden layers; the decoder mirrors them.
        noise: standard deviation of the denoising noise on z-scored features.
        batch_size: clips per batch; the last one of an epoch is smaller.
        epochs: passes over the training clips.
        learning_rate: Adam's.
        seed: decides initial weights, order and noise.

    Raises:
        ValueError: unknown loss or label, or a joint loss on a latent that can't be halved.
    """

    features: Literal["egemaps", "whisper"] = "egemaps"
    loss: Literal["plain", "metric", "concordance", "cluster"] = "metric"
    label: Literal["activation", "valence", "joint"] = "joint"
    latent: Count = 2
    hidden: tuple[Count, ...] = (40, 20, 10)
    noise: NotNegative = 1.0
    batch_size: Count = 64
    epochs: Count = 100
    learning_rate: Share = 1e-4
    seed: Seed = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss in ("metric", "concordance") and self.label == "joint" and self.latent % 2:
            raise ValueError(f"a joint loss halves the latent: its size must be even, not {self.latent}")


@dataclass(frozen=True)
class Targets:
    """What is known of each clip.

    Attributes:
        activation: float, shape (clips,), NaN where missing.
        valence: float, shape (clips,), NaN where missing.
        classes: integer, shape (clips,), index into labels.EMOTIONS, -1 where missing.
    """

    activation: Tensor
    valence: Tensor
    classes: Tensor

    @classmethod
    def of(cls, clips: pd.DataFrame) -> "Targets":
        """The targets of manifest rows."""
        numbers = [EMOTIONS.index(emotion) if emotion in EMOTIONS else -1 for emotion in clips["emotion"]]
        activation, valence = (torch.tensor(clips[name].to_numpy(np.float32)) for name in ("activation", "valence"))
        return cls(activation, valence, torch.tensor(numbers))

    def __getitem__(self, clips: Tensor) -> "Targets":
        return Targets(self.activation[clips], self.valence[clips], self.classes[clips])


def supervision(config: MetricConfig, latents: Tensor, targets: Targets) -> Tensor:
    """The term added to the reconstruction error, scalar; zero where the batch has no labels for it."""
    if config.loss == "plain":
        return latents.new_zeros(())
    if config.loss == "cluster":
        return continuous.cluster_loss(latents, targets.classes)
    if config.label == "joint":
        joint = {"metric": continuous.joint_metric_loss, "concordance": continuous.joint_concordance_loss}[config.loss]
        return joint(latents, targets.activation, targets.valence)
    single = {"metric": continuous.metric_loss, "concordance": continuous.concordance_loss}[config.loss]
    return single(latents, getattr(targets, config.label))


def fit_autoencoder(
    config: MetricConfig, features: Tensor, targets: Targets
) -> tuple[DenoisingAutoencoder, list[dict]]:
    """Train on features (clips, values) as extracted; z-scoring is fitted on the same clips.

    The loss is log(mean squared error + supervision); the plain autoencoder's is the mean squared error (released
    code).

    Returns:
        The model, ready to embed, and one row an epoch: reconstruction (MSE), supervision and loss, batch means. The
        plain autoencoder's supervision is the metric loss of its latent: measured, and nothing is learned from it.
    """
    measured = config
    if config.loss == "plain":
        halved = config.label != "joint" or config.latent % 2 == 0
        measured = replace(config, loss="metric", label=config.label if halved else "activation")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the matrices are too small to share, and one thread gives one result everywhere
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            model = DenoisingAutoencoder(features.shape[1], config.latent, config.hidden, config.noise)
            model.standardize.fit(features)
            clean = model.standardize(features)
            optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
            history = []
            for epoch in range(config.epochs):
                losses = []
                for batch in torch.randperm(len(clean)).split(config.batch_size):
                    latent, reconstruction = model(clean[batch])
                    mse = (reconstruction - clean[batch]).square().mean()
                    term = supervision(config, latent, targets[batch])
                    loss = mse if config.loss == "plain" else (mse + term).log()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    with torch.no_grad():
                        watched = term if config.loss != "plain" else supervision(measured, latent, targets[batch])
                        losses.append(torch.stack([mse, watched, loss]))
                means = torch.stack(losses).mean(0).tolist()
                names = ("reconstruction", "supervision", "loss")
                history.append({"epoch": epoch + 1} | dict(zip(names, means, strict=True)))
    finally:
        torch.set_num_threads(threads)
    return model.eval(), history


def train_metric(
    config: MetricConfig, features: pd.DataFrame, train: pd.DataFrame, apply: pd.DataFrame, store: RunStore
) -> Run:
    """Train an autoencoder on some clips and store the latents of these and of others.

    Args:
        config: see MetricConfig.
        features: one row per clip, index utterance_id, for every clip of `train` and `apply`.
        train: manifest rows to learn from; those without activation, valence or emotion are only reconstructed.
        apply: manifest rows to embed besides; nothing is learned from them, their statistics included.
        store: where the run is found or made.

    Returns:
        A run whose folder holds the model, its z-scoring within, and `LATENTS_FILE` (see `latents`).

    Raises:
        KeyError: a clip has no features.
    """
    clips = pd.concat([train.assign(part="train"), apply.assign(part="apply")], ignore_index=True)
    values = features.loc[clips["utterance_id"]].to_numpy(np.float32, copy=True)

    def execute(folder: Path) -> None:
        model, history = fit_autoencoder(config, torch.from_numpy(values[: len(train)]), Targets.of(train))
        model.save_pretrained(folder / MODEL_FOLDER)
        (folder / METRICS_FILE).write_text("".join(json.dumps(row) + "\n" for row in history))
        embedded = pd.DataFrame(model.embed(torch.from_numpy(values)).numpy()).add_prefix("z")
        clips[[*_DESCRIPTION, "part"]].join(embedded).to_parquet(folder / LATENTS_FILE, index=False)

    seen = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    inputs = {"train": data_hash(train), "apply": data_hash(apply), "features": seen}
    return store.run("metric", config, inputs, execute)


def latents(run: Run) -> pd.DataFrame:
    """Every clip of a run: who and what it is, part ("train" or "apply"), latent values z0, z1, ..."""
    return pd.read_parquet(run.folder / LATENTS_FILE)
