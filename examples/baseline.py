"""The baseline, top to bottom: a Whisper encoder fine-tuned on English emotion, judged on languages it never heard.

    python examples/baseline.py [ENCODER]

Gong et al. 2025, section 3.2, on the demo corpus, with random weights where no encoder is named: scores mean nothing.
`sernb train` adds checkpoints, validation and a store of runs (sernb/training/baseline.py).
"""

import sys

import pandas as pd
import torch
from accelerate import Accelerator
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from sernb.corpora.demo import make_demo
from sernb.data.folds import zero_shot
from sernb.data.manifest import harmonize
from sernb.evaluation.predictions import predict, scores_by
from sernb.experiments.profiles import load_profile
from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.speech.augment import augment_spectrogram
from sernb.speech.dataset import Batch, Speech, collate
from sernb.speech.samplers import Batches, class_balanced
from sernb.training.configs import BaselineConfig


def batches(train: pd.DataFrame, config: BaselineConfig) -> DataLoader:
    """Batches with equally many clips of each class, waveforms augmented."""
    draw = class_balanced(train["emotion"].to_numpy(object), config.batch_size, train["corpus"].to_numpy(object))
    speech = Speech(train, config.seconds, config.waveform, random_crop=True)
    return DataLoader(speech, batch_sampler=Batches(draw, config.seed, 0, config.steps), collate_fn=collate)


def class_numbers(train: pd.DataFrame) -> torch.Tensor:
    """The class of each clip, shape (clips,)."""
    return torch.tensor([EMOTIONS.index(emotion) for emotion in train["emotion"]])


def loss_of(model: EmotionClassifier, batch: Batch, labels: torch.Tensor, config: BaselineConfig) -> torch.Tensor:
    """Cross-entropy of one augmented view of each clip; `labels` are of all training clips."""
    generator = torch.Generator().manual_seed(int(batch.seeds[0]))
    log_mel = model.log_mel(batch.waveforms)
    view, frames = augment_spectrogram(log_mel, batch.frames, config.spectrogram, generator)
    return nn.functional.cross_entropy(model(view, frames), labels[batch.clips])


def fine_tune(encoder: WhisperEncoder, train: pd.DataFrame, config: BaselineConfig, device: torch.device) -> nn.Module:
    """The average of the classifier's weights over the last steps."""
    model = EmotionClassifier(encoder, config.hidden, config.dropout).to(device)
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.averaging))
    learned = [parameter for parameter in encoder.parameters() if parameter.requires_grad]
    groups = [{"params": learned}, {"params": model.head.parameters(), "lr": config.head_learning_rate}]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, config.rate)
    labels = class_numbers(train).to(device)
    for step, batch in enumerate(batches(train, config), 1):
        loss = loss_of(model, batch.to(device), labels, config)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimizer.step()
        schedule.step()
        averaged.update_parameters(model)
        if step % config.batches_per_epoch == 0:
            print(f"step {step}: cross-entropy {loss.item():.3f}")
    return averaged.module


def main(encoder: str = "random-2x64") -> None:
    """Train, and print the scores on each language."""
    accelerator = Accelerator()
    config = load_profile("smoke").config("baseline", BaselineConfig)
    split = zero_shot(harmonize(make_demo()).manifest)
    torch.manual_seed(config.seed)
    whisper = WhisperEncoder(encoder, config.seconds, config.pooling)
    model = fine_tune(whisper, split.train, config, accelerator.device)
    print(scores_by(predict(model, split.test, accelerator), "language").to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
