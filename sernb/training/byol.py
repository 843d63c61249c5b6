"""BYOL with emotion supervision in one stage (Gong et al. 2025, section 2.3)."""

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader

from sernb.audio import HOP
from sernb.augment import ViewAugmentation, augment_view, reduced_strength
from sernb.byol import Networks
from sernb.dataset import Batch, Speech, collate
from sernb.evaluation import infer, prediction_table, scores
from sernb.folds import Split
from sernb.labels import EMOTIONS
from sernb.losses.byol import spread, symmetric_loss
from sernb.modelcard import carded
from sernb.models import EmotionClassifier, WhisperEncoder, fingerprint
from sernb.runs import MODEL_FOLDER, Run, RunStore, data_hash
from sernb.samplers import Draw, class_balanced, shared_out
from sernb.training.loop import LoopConfig, Task, drop_checkpoints, fit, make_accelerator
from sernb.training.outputs import store_outputs
from sernb.training.schedules import mixing_weight, momentum

NETWORKS = ("target", "online")
WATCHED = 256  # clips whose projections tell of a collapse
COLLAPSED = 0.1  # share of the spread at the start under which a run counts as collapsed


class CollapseWarning(UserWarning):
    """The projections of different clips have become nearly one."""


@dataclass(frozen=True, kw_only=True)
class ByolConfig(LoopConfig):
    """What BYOL depends on, data and initial weights aside; `batch_size` counts all clips of a step.

    Attributes:
        seconds: the encoder's window (paper: 3).
        pooling: frames averaged, "speech" or "all" (see WhisperEncoder).
        hidden: width of the supervised head's hidden layer, None for the encoder's. Not in the paper.
        dropout: of the supervised head. Not in the paper.
        projector_hidden: width of projector's and predictor's hidden layers. Not in the paper.
        projection: width of the projections. Not in the paper.
        predictor: False leaves the predictor out, which invites collapse.
        momentum: share the target keeps of itself at each step, 0 to 1. Not in the paper; after log 0.5 /
            log momentum steps the target holds half of a change, which has to fit the steps of the run.
        momentum_schedule: "constant", or "cosine" up to 1.
        weight_start: lambda at the first step (paper: 0.8).
        weight_end: lambda at the last step (paper: 0.2).
        weight_schedule: "linear", or "constant" at weight_start.
        labelled_share: share of a step's clips that carry emotion labels; the rest meets BYOL's loss. Not in the
            paper.
        supervised_views: augmented views of each labelled clip. 1 reads the paper's "three views per sample" as two
            of BYOL's and one supervised; 3 reads it as three supervised.
        views: strengths of BYOL's two views.
        supervised: strengths of the supervised view, without mixup, which would mix emotions.
        inference: the encoder that is judged and kept, "target" (paper) or "online".

    Raises:
        ValueError: an unknown name, or a share, weight or momentum outside its range.
    """

    seconds: float = 3.0
    pooling: str = "speech"
    hidden: int | None = None
    dropout: float = 0.2
    projector_hidden: int = 512
    projection: int = 128
    predictor: bool = True
    momentum: float = 0.99
    momentum_schedule: str = "constant"
    weight_start: float = 0.8
    weight_end: float = 0.2
    weight_schedule: str = "linear"
    labelled_share: float = 0.5
    supervised_views: int = 1
    views: ViewAugmentation = field(default_factory=ViewAugmentation)
    supervised: ViewAugmentation = field(default_factory=reduced_strength)
    inference: str = "target"

    def __post_init__(self) -> None:
        if self.inference not in NETWORKS:
            raise ValueError(f"unknown network {self.inference!r}; known are {', '.join(NETWORKS)}")
        for name in ("momentum", "weight_start", "weight_end"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie within 0 and 1, not {getattr(self, name)}")
        if not 0 < self.labelled_share < 1:
            raise ValueError(f"labelled_share must lie between 0 and 1, not {self.labelled_share}")
        if self.supervised.mixup:
            raise ValueError("mixup in the supervised view would mix emotions under one label")
        # unknown schedules are refused here, not at the first step
        mixing_weight(0, 1, self.weight_start, self.weight_end, self.weight_schedule)
        momentum(0, 1, self.momentum, self.momentum_schedule)

    @property
    def labelled(self) -> int:
        """Labelled clips of a step."""
        return round(self.batch_size * self.labelled_share)

    @property
    def steps(self) -> int:
        """Steps of a run that isn't stopped early."""
        return self.epochs * self.batches_per_epoch


class ByolObjective(nn.Module):
    """(1 - lambda) cross-entropy + lambda BYOL (equation 2), on batches as `byol_batches` draws them.

    Args:
        networks: both networks.
        labels: class numbers of the training clips; clips numbered beyond them carry no label, shape (clips,).
        config: weights and augmentation.
    """

    def __init__(self, networks: Networks, labels: torch.Tensor, config: ByolConfig) -> None:
        super().__init__()
        self.networks = networks
        self.config = config
        self.register_buffer("labels", labels, persistent=False)
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))  # in checkpoints: lambda goes on where it was

    def forward(self, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of a batch, and both its terms."""
        config, networks = self.config, self.networks
        generator = torch.Generator().manual_seed(int(batch.seeds[0]))
        log_mel = networks.online.log_mel(batch.waveforms)
        frames = batch.lengths.div(HOP, rounding_mode="floor").clamp(min=1)

        named = slice(0, config.labelled)
        repeat = lambda tensor: tensor[named].repeat(config.supervised_views, *[1] * (tensor.dim() - 1))  # noqa: E731
        supervised, ends = augment_view(repeat(log_mel), repeat(frames), config.supervised, generator)
        logits = networks.online(supervised, ends * HOP)
        labels = repeat(self.labels[batch.clips[named]])
        supervision = nn.functional.cross_entropy(logits, labels)

        log_mel, frames = log_mel[config.labelled :], frames[config.labelled :]
        views = [augment_view(log_mel, frames, config.views, generator) for _ in range(2)]
        predictions = tuple(networks.predict(view, ends * HOP) for view, ends in views)
        targets = tuple(networks.target(view, ends * HOP) for view, ends in views)
        agreement = symmetric_loss(predictions, targets)

        weight = mixing_weight(
            int(self.step), config.steps, config.weight_start, config.weight_end, config.weight_schedule
        )
        return (1 - weight) * supervision + weight * agreement, {
            "cross_entropy": supervision.detach(),
            "byol": agreement.detach(),
            "weight": torch.tensor(weight),
            "train_accuracy": (logits.argmax(-1) == labels).float().mean(),
        }

    def after_step(self, step: int) -> None:
        """Let the target follow, and count the step."""
        config = self.config
        self.networks.follow(momentum(step, config.steps, config.momentum, config.momentum_schedule))
        self.step.fill_(step + 1)


def byol_batches(config: ByolConfig, train: pd.DataFrame, unlabelled: pd.DataFrame) -> Draw:
    """First `config.labelled` labelled clips, equally many of each class; then clips of every language equally.

    Clips are numbered through `train` and on through `unlabelled`. The second part draws English clips from `train`
    too, as any other speech: the self-supervised objective sees high- and low-resource languages (section 2.3).

    Raises:
        ValueError: the labelled part can't be shared out equally over the classes, or a language gets no clip.
    """
    labelled = class_balanced(train["emotion"].to_numpy(object), config.labelled)
    language = pd.concat([train["language"], unlabelled["language"]]).to_numpy(object)
    sources = [np.flatnonzero(language == name) for name in sorted(set(language))]
    free = shared_out(sources, config.batch_size - config.labelled)
    return lambda generator: np.concatenate([labelled(generator), free(generator)])


def train_byol(config: ByolConfig, split: Split, encoder: str | Path, store: RunStore, progress: bool = True) -> Run:
    """Learn emotion from `split.train` and agreement of views from `split.train` and `split.unlabelled` at once.

    The run's model is the encoder that `config.inference` names with the supervised head; the other one, with the
    epoch best for it, lies in its subfolder, and its predictions are the variant "target" or "online". The metrics hold
    both networks' validation scores, and the spread of the projections of the validation clips (see `spread`), with
    epoch 0's beside them as `variance_start` and `rank_start`.

    Args:
        config: see ByolConfig.
        split: from `folds.adapted`: the left-out target fold is its test part and is never seen.
        encoder: initial weights, as WhisperEncoder takes them.
        store: where the run is found or made.
        progress: show a progress bar.

    Raises:
        ValueError: the encoder can't be loaded, or the batch can't be shared out.

    Warns:
        CollapseWarning: see `collapse`.
    """
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        classifier = EmotionClassifier(
            WhisperEncoder(encoder, config.seconds, config.pooling, config.seed), config.hidden, config.dropout
        )
        networks = Networks(classifier, config.projector_hidden, config.projection, config.predictor)
    draw = byol_batches(config, split.train, split.unlabelled)
    other = next(name for name in NETWORKS if name != config.inference)

    def execute(folder: Path) -> None:
        accelerator = make_accelerator()
        places = {config.inference: folder / MODEL_FOLDER, other: folder / MODEL_FOLDER / other}
        networks.to(accelerator.device)
        numbers = [EMOTIONS.index(label) for label in split.train["emotion"]]
        objective = ByolObjective(networks, torch.tensor(numbers, device=accelerator.device), config)
        objective.to(accelerator.device)
        start = projection_spread(networks, split.validation, config, accelerator)

        def validate() -> dict[str, float]:
            figures = projection_spread(networks, split.validation, config, accelerator)
            figures |= {"variance_start": start["variance"], "rank_start": start["effective_rank"]}
            problem = collapse(pd.DataFrame([figures]))
            if problem:
                warnings.warn(problem, CollapseWarning, stacklevel=2)
            for name in NETWORKS:
                shares, _ = infer(networks.classifier(name), split.validation, accelerator, config.batch_size)
                judged = scores(prediction_table(split.validation, shares))
                figures |= {f"{name}_{metric}": value for metric, value in judged.items()}
                figures |= judged if name == config.inference else {}
            return figures

        def keep(name: str) -> Callable[[], None]:
            return lambda: networks.classifier(name).save_pretrained(places[name])

        task = Task(
            objective=objective,
            groups=[
                {
                    "params": [p for p in classifier.encoder.parameters() if p.requires_grad],
                    "lr": config.learning_rate,
                },
                {
                    "params": [
                        *classifier.head.parameters(),
                        *networks.projector.parameters(),
                        *networks.predictor.parameters(),
                    ],
                    "lr": config.head_learning_rate,
                },
            ],
            dataset=Speech(pd.concat([split.train, split.unlabelled]), config.seconds, random_crop=True),
            draw=draw,
            validate=validate,
            keep={f"{name}_macro_f1": keep(name) for name in (config.inference, other)},
            after_step=objective.after_step,
        )
        fit(task, config, accelerator, folder, progress)
        if not accelerator.is_main_process:
            return  # what follows is written once
        for name, place in places.items():
            kept = EmotionClassifier.from_pretrained(place).to(accelerator.device)
            store_outputs(kept, split, folder, accelerator, progress, None if name == config.inference else name)
        drop_checkpoints(folder)

    unlabelled = data_hash(split.unlabelled, columns=("speaker", "language", "audio_hash"))
    inputs = {
        "data": data_hash(split.train, split.validation, split.test),
        "unlabelled": unlabelled,
        "weights": fingerprint(networks),
    }
    return carded(store.run("byol", config, inputs, execute, {"encoder": Path(encoder).name}))


@torch.inference_mode()
def projection_spread(networks: Networks, clips: pd.DataFrame, config: ByolConfig, accelerator) -> dict[str, float]:
    """`spread` of the online network's projections, and of its embeddings (`embedding_...`), of one view a clip.

    Projector and clips are taken as training takes them: batch norm by the statistics at hand, and views as strong,
    for among clean clips batch norm would magnify differences that vanish beside those between views.

    Args:
        networks: see Networks; left as they were.
        clips: manifest rows; the first WATCHED of a deal by `config.seed` are looked at.
        config: window and strengths of the views.
        accelerator: device and precision.
    """
    watched = clips.sample(min(WATCHED, len(clips)), random_state=config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    order = [(number, 0) for number in range(len(watched))]
    batches = [order[first : first + config.batch_size] for first in range(0, len(order), config.batch_size)]
    embeddings = []
    for batch in DataLoader(Speech(watched, config.seconds), batch_sampler=batches, collate_fn=collate):
        batch = batch.to(accelerator.device)
        frames = batch.lengths.div(HOP, rounding_mode="floor").clamp(min=1)
        view, frames = augment_view(networks.online.log_mel(batch.waveforms), frames, config.views, generator)
        with accelerator.autocast():
            embeddings.append(networks.online.encoder(view, frames * HOP).float())
    embeddings = torch.cat(embeddings)
    projector = copy.deepcopy(networks.projector).train()  # a copy, whose running statistics nobody needs
    inner = {f"embedding_{name}": value for name, value in spread(embeddings.cpu()).items()}
    return spread(projector(embeddings).cpu()) | inner


def collapse(metrics: pd.DataFrame) -> str | None:
    """What to warn of when the last epoch's projections have collapsed; None when they haven't.

    They have when their variance or their effective rank is under a tenth of what it was before training.

    Args:
        metrics: of a run, columns variance, effective_rank, variance_start, rank_start.
    """
    last = metrics.iloc[-1]
    fallen = [
        f"{what} {last[now]:.3g}, at the start {last[then]:.3g}"
        for what, now, then in (
            ("variance", "variance", "variance_start"),
            ("effective rank", "effective_rank", "rank_start"),
        )
        if last[now] < COLLAPSED * last[then]
    ]
    if not fallen:
        return None
    return (
        f"the projections of different clips have become nearly one ({'; '.join(fallen)}): the networks agree because "
        "they say the same of everything. Check that the predictor is there, raise the momentum, or lower the rates"
    )
