"""Contrastive learning, top to bottom: first speakers, without emotion labels, in all languages; then the baseline.

    python examples/contrastive.py [ENCODER]

Gong et al. 2025, section 2.2, on the demo corpus, with random weights where no encoder is named: scores mean nothing.
`sernb train --recipe contrastive` adds checkpoints, validation and a store of runs (sernb/training/contrastive.py).
"""

import sys

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from baseline import fine_tune
from torch import nn
from torch.utils.data import DataLoader

from sernb.corpora.demo import make_demo
from sernb.data.folds import adapted
from sernb.data.manifest import harmonize
from sernb.evaluation.predictions import predict, scores_by
from sernb.evaluation.verification import speaker_scores
from sernb.experiments.profiles import load_profile
from sernb.losses.ntxent import SpeakerNTXent
from sernb.models.embeddings import embed
from sernb.models.whisper import WhisperEncoder
from sernb.speech.audio import LogMel
from sernb.speech.augment import augment_spectrogram
from sernb.speech.dataset import Batch, CleanAndAugmented, collate
from sernb.speech.samplers import Batches
from sernb.speech.speaker_batches import enough_clips, enough_speakers, speaker_balanced
from sernb.training.configs import BaselineConfig, ContrastiveConfig


def batches(pool: pd.DataFrame, config: ContrastiveConfig) -> DataLoader:
    """Several clips of each of several speakers, as many of each language, every clip both clean and augmented."""
    speakers, languages = (pool[name].to_numpy(object) for name in ("speaker", "language"))
    draw = speaker_balanced(speakers, config.batch_size, config.clips_per_speaker, languages)

    def both_views(generator: np.random.Generator) -> np.ndarray:
        clips = draw(generator)
        return np.concatenate([clips, clips + len(pool)])

    order = Batches(both_views, config.seed, 0, config.steps)
    return DataLoader(CleanAndAugmented(pool, config.seconds, config.waveform), batch_sampler=order, collate_fn=collate)


def loss_of(
    encoder: WhisperEncoder, projection: nn.Module, batch: Batch, speakers: torch.Tensor, config: ContrastiveConfig
) -> torch.Tensor:
    """NT-Xent: all views of one speaker attract each other, in whichever clip and emotion."""
    generator = torch.Generator().manual_seed(int(batch.seeds[0]))
    clean = LogMel(encoder.mel_bins).to(batch.waveforms.device)(batch.waveforms)
    view, view_frames = augment_spectrogram(clean, batch.frames, config.spectrogram, generator)
    augmented = batch.clips >= len(speakers)
    log_mel = torch.where(augmented[:, None, None], view, clean)
    frames = torch.where(augmented, view_frames, batch.frames)
    z = projection(encoder(log_mel, frames))
    return SpeakerNTXent(config.temperature, config.denominator)(z, speakers[batch.clips % len(speakers)])


def adapt(encoder: WhisperEncoder, pool: pd.DataFrame, config: ContrastiveConfig, device: torch.device) -> None:
    """Stage 1: train the encoder in place; the projection head is thrown away."""
    width = encoder.to(device).width
    projection = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, config.projection)).to(device)
    learned = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    groups = [{"params": learned}, {"params": projection.parameters(), "lr": config.head_learning_rate}]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, config.rate)
    speakers = torch.from_numpy(pd.factorize(pool["speaker"])[0]).to(device)
    for step, batch in enumerate(batches(pool, config), 1):
        loss = loss_of(encoder, projection, batch.to(device), speakers, config)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*learned, *projection.parameters()], config.clip_norm)
        optimizer.step()
        schedule.step()
        if step % config.batches_per_epoch == 0:
            print(f"step {step}: NT-Xent {loss.item():.3f}")


def main(name: str = "random-2x64") -> None:
    """Train both stages; print how well new speakers are told apart, and the scores on each language."""
    accelerator, profile = Accelerator(), load_profile("smoke")
    config = profile.config("contrastive", ContrastiveConfig)
    split = adapted(harmonize(make_demo()).manifest, fold=0)
    pool, _ = enough_clips(split.unlabelled, config.clips_per_speaker)
    pool = enough_speakers(pool, config.batch_size, config.clips_per_speaker)
    torch.manual_seed(config.seed)
    encoder = WhisperEncoder(name, config.seconds, config.pooling)
    adapt(encoder, pool, config, accelerator.device)
    print(speaker_scores(embed(encoder, split.test), split.test["speaker"].to_numpy(object)))
    model = fine_tune(encoder, split.train, profile.config("baseline", BaselineConfig), accelerator.device)
    print(scores_by(predict(model, split.test, accelerator), "language").to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
