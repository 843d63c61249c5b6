"""BYOL with emotion supervision, top to bottom: English labels and agreement of views in all languages at once.

    python examples/byol.py [ENCODER]

Gong et al. 2025, section 2.3, on the demo corpus, with random weights where no encoder is named: scores mean nothing.
`sernb train --recipe byol` adds checkpoints, validation and a store of runs (sernb/training/byol.py).
"""

import sys

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from baseline import class_numbers
from torch import nn
from torch.utils.data import DataLoader

from sernb.corpora.demo import make_demo
from sernb.data.folds import Split, adapted
from sernb.data.manifest import harmonize
from sernb.evaluation.predictions import predict, scores_by
from sernb.experiments.profiles import load_profile
from sernb.losses.byol_loss import symmetric_loss
from sernb.models.byol_networks import Networks
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.speech.augment import augment_view
from sernb.speech.dataset import Batch, Speech, collate
from sernb.speech.samplers import Batches, class_balanced, shared_out
from sernb.training.configs import ByolConfig
from sernb.training.schedules import mixing_weight, momentum


def batches(split: Split, config: ByolConfig) -> DataLoader:
    """First labelled English clips, each class as often; then clips of any language, each as often."""
    train, clips = split.train, pd.concat([split.train, split.unlabelled])
    labelled = class_balanced(train["emotion"].to_numpy(object), config.labelled, train["corpus"].to_numpy(object))
    languages = clips["language"].to_numpy(object)
    sources = [np.flatnonzero(languages == language) for language in sorted(set(languages))]
    free = shared_out(sources, config.batch_size - config.labelled)
    order = Batches(
        lambda generator: np.concatenate([labelled(generator), free(generator)]), config.seed, 0, config.steps
    )
    return DataLoader(Speech(clips, config.seconds, random_crop=True), batch_sampler=order, collate_fn=collate)


def loss_of(networks: Networks, batch: Batch, labels: torch.Tensor, step: int, config: ByolConfig) -> torch.Tensor:
    """(1 - lambda) cross-entropy + lambda BYOL (equation 2); `labels` are of all training clips."""
    generator, count = torch.Generator().manual_seed(int(batch.seeds[0])), config.labelled
    log_mel = networks.online.log_mel(batch.waveforms)
    view, frames = augment_view(log_mel[:count], batch.frames[:count], config.supervised, generator)
    supervision = nn.functional.cross_entropy(networks.online(view, frames), labels[batch.clips[:count]])
    views = [augment_view(log_mel[count:], batch.frames[count:], config.views, generator) for _ in range(2)]
    predictions = tuple(networks.predict(*view) for view in views)
    targets = tuple(networks.target(*view) for view in views)
    weight = mixing_weight(step, config.steps, config.weight_start, config.weight_end, config.weight_schedule)
    return (1 - weight) * supervision + weight * symmetric_loss(predictions, targets)


def train(networks: Networks, split: Split, config: ByolConfig, device: torch.device) -> None:
    """Train the online network; the target follows it."""
    online = networks.to(device).online
    learned = [parameter for parameter in online.encoder.parameters() if parameter.requires_grad]
    heads = [p for part in (online.head, networks.projector, networks.predictor) for p in part.parameters()]
    groups = [{"params": learned}, {"params": heads, "lr": config.head_learning_rate}]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, config.rate)
    labels = class_numbers(split.train).to(device)
    for step, batch in enumerate(batches(split, config)):
        loss = loss_of(networks, batch.to(device), labels, step, config)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*learned, *heads], config.clip_norm)
        optimizer.step()
        schedule.step()
        networks.follow(momentum(step, config.steps, config.momentum, config.momentum_schedule))
        if (step + 1) % config.batches_per_epoch == 0:
            print(f"step {step + 1}: loss {loss.item():.3f}")


def main(encoder: str = "random-2x64") -> None:
    """Train, and print the target network's scores on each language."""
    accelerator = Accelerator()
    config = load_profile("smoke").config("byol", ByolConfig)
    split = adapted(harmonize(make_demo()).manifest, fold=0)
    torch.manual_seed(config.seed)
    whisper = WhisperEncoder(encoder, config.seconds, config.pooling)
    classifier = EmotionClassifier(whisper, config.hidden, config.dropout)
    networks = Networks(classifier, config.projector_hidden, config.projection, config.predictor)
    train(networks, split, config, accelerator.device)
    model = networks.classifier(config.inference)
    print(scores_by(predict(model, split.test, accelerator), "language").to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
