"""The training step of each method, as the package takes it and as it is written the stock way.

The stock way: transformers' WhisperFeatureExtractor pads every clip to 30 s, the whole encoder with its 1500 positions
works on it, in fp32. Data, augmentation, losses, optimiser and what is trained are the same in both.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.profiler import record_function
from torch.utils.data import DataLoader, Dataset
from transformers import WhisperConfig, WhisperFeatureExtractor

from sernb.experiments.study import Study
from sernb.labels import EMOTIONS
from sernb.models.byol_networks import Networks
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.speech.audio import SAMPLE_RATE
from sernb.speech.dataset import Batch, CleanAndAugmented, Speech, collate
from sernb.speech.samplers import Batches, Draw, class_balanced
from sernb.speech.speaker_batches import enough_clips, speaker_balanced
from sernb.training.baseline import BaselineConfig, EmotionObjective
from sernb.training.byol import ByolConfig, ByolObjective, byol_batches
from sernb.training.contrastive import ContrastiveConfig, SpeakerObjective, both_views, hold_out
from sernb.training.loop import LoopConfig, deterministic, parameter_groups

METHODS = ("baseline", "contrastive", "byol")
TITLES = {"baseline": "baseline, CL stage 2", "contrastive": "CL stage 1", "byol": "BYOL"}
# layers and width of the published sizes; all have heads of 64
SHAPES = {"tiny": (4, 384), "base": (6, 512), "small": (12, 768), "medium": (24, 1024)}
CONFIGS = {"baseline": BaselineConfig, "contrastive": ContrastiveConfig, "byol": ByolConfig}
STOCK_SECONDS = 30.0

Config = BaselineConfig | ContrastiveConfig | ByolConfig
Source = str | Path | Callable[[], WhisperConfig]


def shape(name: str) -> WhisperConfig:
    """A published size, to be filled with random weights."""
    layers, width = SHAPES[name]
    return WhisperConfig(
        d_model=width, encoder_layers=layers, encoder_attention_heads=width // 64, encoder_ffn_dim=4 * width
    )


class StockFeatures:
    """Collates clips into what WhisperFeatureExtractor makes of them by default: log-mels of 30 s."""

    def __init__(self, bins: int) -> None:
        self.extractor = WhisperFeatureExtractor(feature_size=bins)

    def __call__(self, items: list[tuple[np.ndarray, int, int, int]]) -> Batch:
        """A batch with log-mels, shape (batch, bins, 3000), in the place of waveforms."""
        clips = [samples[:length] for samples, length, _, _ in items]
        features = self.extractor(clips, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
        return replace(collate(items), waveforms=features)


@dataclass
class Parts:
    """What a method's step is made of, as its recipe puts it together.

    Attributes:
        objective: a batch -> loss and figures.
        encoder: the one that learns.
        groups: AdamW parameter groups.
        dataset: of the clips.
        draw: picks a batch's clips.
        after_step: called with the step number once the weights moved.
    """

    objective: nn.Module
    encoder: WhisperEncoder
    groups: list[dict]
    dataset: Dataset
    draw: Draw
    after_step: Callable[[int], None] = lambda step: None


def parts(study: Study, source: Source, config: Config) -> Parts:
    """A method's step under a config.

    Args:
        study: gives the data.
        source: of the encoder's weights, as WhisperEncoder takes it; or what makes a config for random ones.
        config: the method's, with the window the encoder gets.
    """
    weights = source() if callable(source) else source
    encoder = WhisperEncoder(weights, config.seconds, config.pooling, config.seed, config.layers)
    match config:
        case BaselineConfig():
            return _baseline(study, encoder, config)
        case ContrastiveConfig():
            return _contrastive(study, encoder, config)
        case ByolConfig():
            return _byol(study, encoder, config)


def _baseline(study: Study, encoder: WhisperEncoder, config: BaselineConfig) -> Parts:
    train = study.zero_shot().train
    classifier = EmotionClassifier(encoder, config.hidden, config.dropout)
    averaged = AveragedModel(classifier, multi_avg_fn=get_ema_multi_avg_fn(config.averaging)).requires_grad_(False)
    labels, corpora = (train[name].to_numpy(object) for name in ("emotion", "corpus"))
    return Parts(
        EmotionObjective(classifier, _numbers(train), config.spectrogram, averaged),
        encoder,
        parameter_groups(config, encoder, classifier.head),
        Speech(train, config.seconds, config.waveform, random_crop=True),
        class_balanced(labels, config.batch_size, corpora),
        lambda step: averaged.update_parameters(classifier),
    )


def _contrastive(study: Study, encoder: WhisperEncoder, config: ContrastiveConfig) -> Parts:
    pool, _ = enough_clips(study.adapted(0).unlabelled, config.clips_per_speaker)
    clips, _ = hold_out(pool, config.held_out, config.seed)
    speakers, _ = pd.factorize(clips["speaker"])
    objective = SpeakerObjective(encoder, config, torch.from_numpy(speakers))
    return Parts(
        objective,
        encoder,
        parameter_groups(config, encoder, objective.projection),
        CleanAndAugmented(clips, config.seconds, config.waveform),
        both_views(speaker_balanced(speakers, config.batch_size, config.clips_per_speaker), len(clips)),
    )


def _byol(study: Study, encoder: WhisperEncoder, config: ByolConfig) -> Parts:
    split = study.adapted(0)
    classifier = EmotionClassifier(encoder, config.hidden, config.dropout)
    networks = Networks(classifier, config.projector_hidden, config.projection, config.predictor)
    objective = ByolObjective(networks, _numbers(split.train), config)
    return Parts(
        objective,
        encoder,
        parameter_groups(config, encoder, classifier.head, networks.projector, networks.predictor),
        Speech(pd.concat([split.train, split.unlabelled]), config.seconds, random_crop=True),
        byol_batches(config, split.train, split.unlabelled),
        objective.after_step,
    )


def _numbers(clips: pd.DataFrame) -> torch.Tensor:
    return torch.tensor([EMOTIONS.index(label) for label in clips["emotion"]])


class Step:
    """A training step, repeated at each call: load a batch, learn from it; what the loop does between validations.

    Args:
        made: the parts.
        config: batch size, workers, weight decay, largest gradient norm.
        accelerator: device and precision; None for the stock way, fp32 on `device`.
        device: where it computes.
    """

    def __init__(self, made: Parts, config: LoopConfig, accelerator: Accelerator | None, device: torch.device) -> None:
        self.config, self.accelerator, self.device, self.after_step = config, accelerator, device, made.after_step
        self.encoder = made.encoder
        self.plain = made.objective.to(device).train()
        optimizer = torch.optim.AdamW(made.groups, weight_decay=config.weight_decay)
        self.objective, self.optimizer = self.plain, optimizer
        if accelerator is not None:
            self.objective, self.optimizer = accelerator.prepare(self.plain, optimizer)
        self.loader = DataLoader(
            made.dataset,
            batch_sampler=Batches(made.draw, config.seed, 0, 1_000_000),
            collate_fn=collate if accelerator is not None else StockFeatures(made.encoder.mel_bins),
            num_workers=config.workers,
            pin_memory=device.type == "cuda",
        )
        self.batches: Iterator[Batch] = iter(())
        self.count = 0

    def start(self) -> None:
        """Begin to load. Workers that load while others are timed would hide their own time and take the others'."""
        self.batches = iter(self.loader)

    def stop(self) -> None:
        """Stop loading."""
        self.batches = iter(())

    def learn(self, batch: Batch) -> torch.Tensor:
        """Loss of a batch, and its gradients."""
        loss, _ = self.objective(batch)
        self.optimizer.zero_grad()
        if self.accelerator is None:
            loss.backward()
        else:
            self.accelerator.backward(loss)
        return loss

    def __call__(self) -> float:
        """One whole step; returns its loss."""
        with deterministic():
            with record_function("part: loading"):
                batch = next(self.batches).to(self.device)
            loss = self.learn(batch)
            with record_function("part: optimiser"):
                torch.nn.utils.clip_grad_norm_(self.plain.parameters(), self.config.clip_norm)
                self.optimizer.step()
                self.after_step(self.count)
            self.count += 1
            return loss.item()


def ours(study: Study, source: Source, config: Config, accelerator: Accelerator) -> Step:
    """The package's step."""
    return Step(parts(study, source, config), config, accelerator, accelerator.device)


def stock(study: Study, source: Source, config: Config, device: torch.device) -> Step:
    """The same step the stock way."""
    config = replace(config, seconds=STOCK_SECONDS)
    made = parts(study, source, config)
    for module in list(made.objective.modules()):
        if isinstance(module, WhisperEncoder):
            module.whisper.set_attn_implementation("sdpa")  # what transformers chooses
        if hasattr(module, "log_mel"):
            module.log_mel = nn.Identity()  # the extractor did it
    return Step(made, config, None, device)
