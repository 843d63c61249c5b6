"""The baseline: emotion fine-tuning on English only, judged zero-shot (Gong et al. 2025, section 3.2)."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sernb.audio import HOP
from sernb.augment import (
    SpectrogramAugmentation,
    WaveformAugmentation,
    augment_spectrogram,
)
from sernb.dataset import Batch, Speech
from sernb.evaluation import predict, scores
from sernb.folds import Split
from sernb.labels import EMOTIONS
from sernb.modelcard import carded
from sernb.models import EmotionClassifier, WhisperEncoder, fingerprint
from sernb.runs import MODEL_FOLDER, Run, RunStore, data_hash
from sernb.samplers import class_balanced
from sernb.training.loop import LoopConfig, Task, drop_checkpoints, fit, make_accelerator
from sernb.training.outputs import store_outputs

AVERAGED = "averaged"


@dataclass(frozen=True, kw_only=True)
class BaselineConfig(LoopConfig):
    """What the baseline depends on, data and initial weights aside.

    Attributes:
        seconds: the encoder's window (paper: 4).
        pooling: frames averaged, "speech" or "all" (see WhisperEncoder).
        hidden: width of the head's hidden layer, None for the encoder's. Not in the paper.
        dropout: of the head. Not in the paper.
        averaging: share that the averaged weights, kept beside the last ones, keep of themselves at each step; sensible
            within 0.9 to 0.999, and such that 1 / (1 - averaging) steps are a small part of a run. Not in the paper,
            and judged apart from its method.
        waveform: strengths of the waveform augmentation.
        spectrogram: strengths of the spectrogram augmentation.
    """

    seconds: float = 4.0
    pooling: str = "speech"
    hidden: int | None = None
    dropout: float = 0.2
    averaging: float = 0.97
    waveform: WaveformAugmentation = field(default_factory=WaveformAugmentation)
    spectrogram: SpectrogramAugmentation = field(default_factory=SpectrogramAugmentation)


class EmotionObjective(nn.Module):
    """Cross-entropy of the augmented view of each clip.

    Args:
        model: the classifier trained.
        labels: class numbers of the training clips, shape (clips,).
        augmentation: strengths of the spectrogram augmentation.
        averaged: the model's averaged weights, which no gradient reaches; here to be checkpointed with it.
    """

    def __init__(
        self,
        model: EmotionClassifier,
        labels: torch.Tensor,
        augmentation: SpectrogramAugmentation,
        averaged: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("labels", labels, persistent=False)
        self.augmentation = augmentation
        self.averaged = averaged

    def forward(self, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of a batch, and the share of its clips classified right."""
        generator = torch.Generator().manual_seed(int(batch.seeds[0]))
        frames = batch.lengths.div(HOP, rounding_mode="floor").clamp(min=1)
        log_mel, frames = augment_spectrogram(self.model.log_mel(batch.waveforms), frames, self.augmentation, generator)
        logits = self.model(log_mel, frames * HOP)
        labels = self.labels[batch.clips]
        return nn.functional.cross_entropy(logits, labels), {
            "train_accuracy": (logits.argmax(-1) == labels).float().mean()
        }


def train_baseline(
    config: BaselineConfig,
    split: Split,
    encoder: str | Path,
    store: RunStore,
    progress: bool = True,
    recipe: str = "baseline",
    about: dict[str, str] | None = None,
) -> Run:
    """Fine-tune on `split.train`, choose the epoch on `split.validation`, predict both it and `split.test`.

    The run's variants: "averaged" weights, with an epoch of their own, and "statistics" of the target with either.

    Args:
        config: see BaselineConfig.
        split: English against the other languages, from `folds.zero_shot`.
        encoder: initial weights, as WhisperEncoder takes them.
        store: where the run is found or made.
        progress: show a progress bar.
        recipe: name of the run, where the initial weights make it another method.
        about: what its reader wants to know besides; None gives the encoder's name.

    Raises:
        ValueError: the encoder can't be loaded, or the batch size is not a multiple of the classes.
    """
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        model = EmotionClassifier(
            WhisperEncoder(encoder, config.seconds, config.pooling, config.seed), config.hidden, config.dropout
        )

    def execute(folder: Path) -> None:
        accelerator = make_accelerator()
        model.to(accelerator.device)
        labels = split.train["emotion"].to_numpy(object)
        numbers = torch.tensor([EMOTIONS.index(label) for label in labels], device=accelerator.device)

        averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.averaging)).requires_grad_(False)

        def validate() -> dict[str, float]:
            judge = lambda judged: scores(  # noqa: E731
                predict(judged, split.validation, accelerator, batch_size=config.batch_size)
            )
            return judge(model) | {f"{AVERAGED}_{name}": value for name, value in judge(averaged.module).items()}

        encoder_weights = [p for p in model.encoder.parameters() if p.requires_grad]
        task = Task(
            objective=EmotionObjective(model, numbers, config.spectrogram, averaged),
            groups=[
                {"params": encoder_weights, "lr": config.learning_rate},
                {"params": list(model.head.parameters()), "lr": config.head_learning_rate},
            ],
            dataset=Speech(split.train, config.seconds, config.waveform, random_crop=True),
            draw=class_balanced(labels, config.batch_size),
            validate=validate,
            keep={
                "macro_f1": lambda: model.save_pretrained(folder / MODEL_FOLDER),
                f"{AVERAGED}_macro_f1": lambda: averaged.module.save_pretrained(folder / MODEL_FOLDER / AVERAGED),
            },
            after_step=lambda step: averaged.update_parameters(model),
        )
        fit(task, config, accelerator, folder, progress)
        if not accelerator.is_main_process:
            return  # what follows is written once
        for variant, place in ((None, folder / MODEL_FOLDER), (AVERAGED, folder / MODEL_FOLDER / AVERAGED)):
            best = EmotionClassifier.from_pretrained(place).to(accelerator.device)
            store_outputs(best, split, folder, accelerator, progress, variant)
        drop_checkpoints(folder)

    inputs = {"data": data_hash(split.train, split.validation, split.test), "weights": fingerprint(model)}
    return carded(store.run(recipe, config, inputs, execute, about or {"encoder": Path(encoder).name}))
