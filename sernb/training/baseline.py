"""The baseline: emotion fine-tuning on English only, judged zero-shot (Gong et al. 2025, section 3.2)."""

from pathlib import Path
from typing import cast

import pandas as pd
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sernb.data.folds import Split
from sernb.evaluation.model_card import carded
from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.weights import fingerprint
from sernb.models.whisper import WhisperEncoder
from sernb.runs import LAST, MODEL_FOLDER, Run, RunStore
from sernb.speech.augment import (
    SpectrogramAugmentation,
    augment_spectrogram,
)
from sernb.speech.dataset import Batch, Speech
from sernb.speech.samplers import class_balanced
from sernb.training.configs import BaselineConfig
from sernb.training.loop import Task, drop_checkpoints, fit, make_accelerator, parameter_groups
from sernb.training.outputs import Watcher, split_hash, store_outputs


class Reversed(torch.autograd.Function):
    """The identity, whose gradient is turned round and weighed (Ganin and Lempitsky 2015, section 3.1)."""

    @staticmethod
    def forward(context, values: torch.Tensor, weight: float) -> torch.Tensor:
        """Values as they are."""
        context.weight = weight
        return values.view_as(values)

    @staticmethod
    def backward(context, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        """The gradient, turned round."""
        return -context.weight * gradient, None


class EmotionObjective(nn.Module):
    """Cross-entropy of the augmented view of each clip.

    Args:
        model: the classifier trained.
        labels: class numbers of the training clips, shape (clips,).
        augmentation: strengths of the spectrogram augmentation.
        averaged: the model's averaged weights, which no gradient reaches; here to be checkpointed with it.
        speakers: speaker numbers of the training clips, shape (clips,), for a reversed head; None for none.
        reversal: weight of the reversed gradient.
    """

    labels: torch.Tensor
    speakers: torch.Tensor | None

    def __init__(
        self,
        model: EmotionClassifier,
        labels: torch.Tensor,
        augmentation: SpectrogramAugmentation,
        averaged: nn.Module | None = None,
        speakers: torch.Tensor | None = None,
        reversal: float = 0.0,
    ) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("labels", labels, persistent=False)
        self.register_buffer("speakers", speakers, persistent=False)
        self.augmentation = augmentation
        self.averaged = averaged
        self.reversal = reversal
        self.speaker_head = None if speakers is None else nn.Linear(model.encoder.width, int(speakers.max()) + 1)

    def forward(self, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of a batch, and the share of its clips classified right."""
        generator = torch.Generator().manual_seed(int(batch.seeds[0]))
        log_mel, frames = augment_spectrogram(
            self.model.log_mel(batch.waveforms), batch.frames, self.augmentation, generator
        )
        embeddings = self.model.encoder(log_mel, frames)
        logits = self.model.head(embeddings)
        labels = self.labels[batch.clips]
        loss = nn.functional.cross_entropy(logits, labels)
        figures = {"train_accuracy": (logits.argmax(-1) == labels).float().mean()}
        if self.speaker_head is not None and self.speakers is not None:
            named = self.speaker_head(Reversed.apply(embeddings, self.reversal))
            speakers = self.speakers[batch.clips]
            loss = loss + nn.functional.cross_entropy(named, speakers)
            figures["speaker_accuracy"] = (named.argmax(-1) == speakers).float().mean()
        return loss, figures


def train_baseline(
    config: BaselineConfig,
    split: Split,
    encoder: str | Path,
    store: RunStore,
    progress: bool = True,
    recipe: str = "baseline",
    about: dict[str, str] | None = None,
) -> Run:
    """Fine-tune on `split.train` and predict `split.validation` and `split.test`.

    The run's model is the average of its weights over the last steps; the last step's own are the variant "last". Of
    both there are predictions with the target's statistics too, see `outputs.store_outputs`.

    Args:
        config: see BaselineConfig.
        split: English against the other languages, from `folds.zero_shot`.
        encoder: initial weights, as WhisperEncoder takes them.
        store: where the run is found or made.
        progress: show a progress bar.
        recipe: name of the run, where the initial weights make it another method.
        about: what its reader wants to know besides the encoder's name.

    Raises:
        ValueError: the encoder can't be loaded, or the batch size is not a multiple of the classes.
    """
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        whisper = WhisperEncoder(encoder, config.seconds, config.pooling, config.seed, config.layers)
        model = EmotionClassifier(whisper, config.hidden, config.dropout, config.highest_hz)
    labels = split.train["emotion"].to_numpy(object)
    draw = class_balanced(labels, config.batch_size, split.train["corpus"].to_numpy(object))

    def execute(folder: Path) -> None:
        accelerator = make_accelerator()
        model.to(accelerator.device)
        numbers = torch.tensor([EMOTIONS.index(label) for label in labels], device=accelerator.device)
        speakers = torch.from_numpy(pd.factorize(split.train["speaker"])[0]) if config.speaker_reversal else None
        averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.averaging)).requires_grad_(False)
        average = cast(EmotionClassifier, averaged.module)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            objective = EmotionObjective(
                model, numbers, config.spectrogram, averaged, speakers, config.speaker_reversal
            )
        objective.to(accelerator.device)
        heads = [model.head, *([objective.speaker_head] if objective.speaker_head else [])]
        watch = Watcher(split, config.seconds, config.validation_clips, accelerator, folder)
        task = Task(
            objective=objective,
            groups=parameter_groups(config, model.encoder, *heads),
            dataset=Speech(split.train, config.seconds, config.waveform, random_crop=True),
            draw=draw,
            validate=lambda: watch(average, int(averaged.n_averaged)),
            after_step=lambda step: averaged.update_parameters(model),
        )
        fit(task, config, accelerator, folder, progress)
        if not accelerator.is_main_process:
            return  # what follows is written once
        for variant, judged in ((None, average), (LAST, model)):
            judged.save_pretrained(folder / MODEL_FOLDER / (variant or ""))
            store_outputs(judged, split, folder, accelerator, progress, variant, config.validation_clips)
        drop_checkpoints(folder)

    inputs = {"data": split_hash(split), "weights": fingerprint(model)}
    return carded(store.run(recipe, config, inputs, execute, {"encoder": Path(encoder).name} | (about or {})))
