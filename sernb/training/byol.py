"""BYOL with emotion supervision in one stage (Gong et al. 2025, section 2.3)."""

import copy
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader

from sernb.data.folds import Split
from sernb.data.writing import data_hash
from sernb.evaluation.model_card import carded
from sernb.labels import EMOTIONS
from sernb.losses.byol_loss import spread, symmetric_loss
from sernb.models.byol_networks import Networks
from sernb.models.classifier import EmotionClassifier
from sernb.models.weights import fingerprint
from sernb.models.whisper import WhisperEncoder
from sernb.runs import MODEL_FOLDER, Run, RunStore
from sernb.speech.augment import augment_view
from sernb.speech.dataset import Batch, Speech, collate
from sernb.speech.samplers import Draw, class_balanced, shared_out
from sernb.training.configs import ByolConfig
from sernb.training.loop import Task, capped, drop_checkpoints, fit, make_accelerator, parameter_groups
from sernb.training.outputs import Watcher, split_hash, store_outputs
from sernb.training.schedules import mixing_weight, momentum

NETWORKS = ("target", "online")
WATCHED = 128  # clips whose projections tell of a collapse
COLLAPSED = 0.1  # share of the spread at the start under which a run counts as collapsed


class CollapseWarning(UserWarning):
    """The projections of different clips have become nearly one."""


class ByolObjective(nn.Module):
    """(1 - lambda) cross-entropy + lambda BYOL (equation 2), on batches as `byol_batches` draws them.

    Args:
        networks: both networks.
        labels: class numbers of the training clips; clips numbered beyond them carry no label, shape (clips,).
        config: weights and augmentation.
    """

    labels: torch.Tensor
    step: torch.Tensor

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
        log_mel, frames = networks.online.log_mel(batch.waveforms), batch.frames

        def repeat(tensor: torch.Tensor) -> torch.Tensor:
            return tensor[: config.labelled].repeat(config.supervised_views, *[1] * (tensor.dim() - 1))

        supervised, ends = augment_view(repeat(log_mel), repeat(frames), config.supervised, generator)
        logits = networks.online(supervised, ends)
        labels = repeat(self.labels[batch.clips[: config.labelled]])
        supervision = nn.functional.cross_entropy(logits, labels)

        log_mel, frames = log_mel[config.labelled :], frames[config.labelled :]
        first, second = (augment_view(log_mel, frames, config.views, generator) for _ in range(2))
        predictions = networks.predict(*first), networks.predict(*second)
        targets = networks.target(*first), networks.target(*second)
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
    """First `config.labelled` clips shared out over classes and corpora; then clips of every language equally.

    Clips are numbered through `train` and on through `unlabelled`. The second part draws English clips from `train`
    too, as any other speech: the self-supervised objective sees high- and low-resource languages (section 2.3).

    Raises:
        ValueError: the labelled part can't be shared out equally over the classes, or a language gets no clip.
    """
    labelled = class_balanced(train["emotion"].to_numpy(object), config.labelled, train["corpus"].to_numpy(object))
    language = pd.concat([train["language"], unlabelled["language"]]).to_numpy(object)
    sources = [np.flatnonzero(language == name) for name in sorted(set(language))]
    free = shared_out(sources, config.batch_size - config.labelled)
    return lambda generator: np.concatenate([labelled(generator), free(generator)])


def train_byol(
    config: ByolConfig,
    split: Split,
    encoder: str | Path,
    store: RunStore,
    progress: bool = True,
    about: dict[str, str] | None = None,
) -> Run:
    """Learn emotion from `split.train` and agreement of views from `split.train` and `split.unlabelled` at once.

    The run's model is the network that `config.inference` names; the other one lies in its subfolder, and its
    predictions are the variant "target" or "online". The metrics hold both networks' validation scores, and the spread
    of the projections of validation clips (see `spread`), with that of the start beside it as `variance_start` and
    `rank_start`.

    Args:
        config: see ByolConfig.
        split: from `folds.adapted`: the left-out target fold is its test part and is never seen; or `folds.reading`.
        encoder: initial weights, as WhisperEncoder takes them.
        store: where the run is found or made.
        progress: show a progress bar.
        about: what a reader wants to know besides the encoder's name, such as where the pool is from.

    Raises:
        ValueError: the encoder can't be loaded, or the batch can't be shared out.

    Warns:
        CollapseWarning: see `collapse`.
    """
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        whisper = WhisperEncoder(encoder, config.seconds, config.pooling, config.seed, config.layers)
        classifier = EmotionClassifier(whisper, config.hidden, config.dropout, config.highest_hz)
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
        watched = capped(split.validation, WATCHED)
        start = projection_spread(networks, watched, config, accelerator)
        watch = Watcher(split, config.seconds, config.validation_clips, accelerator, folder)

        def validate() -> dict[str, float]:
            figures = projection_spread(networks, watched, config, accelerator)
            figures |= {"variance_start": start["variance"], "rank_start": start["effective_rank"]}
            problem = collapse(pd.DataFrame([figures]))
            if problem:
                warnings.warn(problem, CollapseWarning, stacklevel=2)
            judged = {
                config.inference: watch(networks.classifier(config.inference), int(objective.step)),
                other: watch.score(networks.classifier(other)),
            }
            for name, found in judged.items():
                figures |= {f"{name}_{metric}": value for metric, value in found.items()}
            return figures | judged[config.inference]

        task = Task(
            objective=objective,
            groups=parameter_groups(
                config, classifier.encoder, classifier.head, networks.projector, networks.predictor
            ),
            dataset=Speech(pd.concat([split.train, split.unlabelled]), config.seconds, random_crop=True),
            draw=draw,
            validate=validate,
            after_step=objective.after_step,
        )
        fit(task, config, accelerator, folder, progress)
        if not accelerator.is_main_process:
            return  # what follows is written once
        for name, place in places.items():
            judged = networks.classifier(name)
            judged.save_pretrained(place)
            variant = None if name == config.inference else name
            store_outputs(judged, split, folder, accelerator, progress, variant, config.validation_clips)
        drop_checkpoints(folder)

    unlabelled = data_hash(split.unlabelled, columns=("speaker", "language", "audio_hash"))
    inputs = {
        "data": split_hash(split),
        "unlabelled": unlabelled,
        "weights": fingerprint(networks),
    }
    return carded(store.run("byol", config, inputs, execute, {"encoder": Path(encoder).name} | (about or {})))


@torch.inference_mode()
def projection_spread(networks: Networks, clips: pd.DataFrame, config: ByolConfig, accelerator) -> dict[str, float]:
    """`spread` of the online network's projections, and of its embeddings (`embedding_...`), of one view a clip.

    Projector and clips are taken as training takes them: batch norm by the statistics at hand, and views as strong,
    for among clean clips batch norm would magnify differences that vanish beside those between views.

    Args:
        networks: see Networks; left as they were.
        clips: manifest rows.
        config: window and strengths of the views.
        accelerator: device and precision.
    """
    generator = torch.Generator().manual_seed(config.seed)
    order = [(number, 0) for number in range(len(clips))]
    batches = [order[first : first + config.batch_size] for first in range(0, len(order), config.batch_size)]
    parts = []
    for batch in DataLoader(Speech(clips, config.seconds), batch_sampler=batches, collate_fn=collate):
        batch = batch.to(accelerator.device)
        view, frames = augment_view(networks.online.log_mel(batch.waveforms), batch.frames, config.views, generator)
        with accelerator.autocast():
            parts.append(networks.online.encoder(view, frames).float())
    embeddings = torch.cat(parts)
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
