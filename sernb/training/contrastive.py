"""Contrastive learning in two stages: speakers without emotion labels, then emotion (Gong et al. 2025, 2.2)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupShuffleSplit
from torch import nn

from sernb.data.folds import Split, speaker_groups
from sernb.data.writing import data_hash, write_json
from sernb.evaluation.probe import linear_probe
from sernb.evaluation.verification import speaker_scores
from sernb.losses.ntxent import SpeakerNTXent
from sernb.models.embeddings import embed_batches, log_mel_batches
from sernb.models.weights import fingerprint
from sernb.models.whisper import WhisperEncoder
from sernb.runs import MODEL_FOLDER, REPORT_FILE, Run, RunStore
from sernb.speech.audio import LogMel
from sernb.speech.augment import augment_spectrogram
from sernb.speech.dataset import Batch, CleanAndAugmented
from sernb.speech.samplers import Draw
from sernb.speech.speaker_batches import enough_clips, enough_speakers, paired, speaker_balanced
from sernb.training.baseline import train_baseline
from sernb.training.configs import BaselineConfig, ContrastiveConfig
from sernb.training.loop import Task, capped, drop_checkpoints, fit, make_accelerator

PROBED = 600  # labelled clips that the emotion probe learns from, at most


class SpeakerObjective(nn.Module):
    """NT-Xent over the clean and the augmented view of each clip, by speaker.

    Args:
        encoder: the encoder trained.
        config: temperature, denominator, projection head, augmentation.
        speakers: speaker numbers of the n training clips, shape (n,); see CleanAndAugmented for a batch's clips.
    """

    speakers: torch.Tensor

    def __init__(self, encoder: WhisperEncoder, config: ContrastiveConfig, speakers: torch.Tensor) -> None:
        super().__init__()
        self.log_mel = LogMel(encoder.mel_bins)
        self.encoder = encoder
        self.projection = projection_head(encoder.width, config.projection)
        self.loss = SpeakerNTXent(config.temperature, config.denominator)
        self.augmentation = config.spectrogram
        self.register_buffer("speakers", speakers, persistent=False)

    def forward(self, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of a batch, and the share of its clips whose nearest other one is of the same speaker."""
        generator = torch.Generator().manual_seed(int(batch.seeds[0]))
        log_mel = self.log_mel(batch.waveforms)
        frames = batch.frames
        view, view_frames = augment_spectrogram(log_mel, frames, self.augmentation, generator)
        augmented = batch.clips >= len(self.speakers)
        log_mel = torch.where(augmented[:, None, None], view, log_mel)
        frames = torch.where(augmented, view_frames, frames)
        z = self.projection(self.encoder(log_mel, frames))
        speakers = self.speakers[batch.clips % len(self.speakers)]
        with torch.no_grad():
            unit = nn.functional.normalize(z.float(), dim=-1)
            nearest = (unit @ unit.T).fill_diagonal_(-torch.inf).argmax(1)
        return self.loss(z, speakers), {"train_recall_at_1": (speakers[nearest] == speakers).float().mean()}


def projection_head(width: int, projection: int | None) -> nn.Module:
    """Two layers between embedding and loss, so that what the loss discards is discarded there; None for none."""
    if projection is None:
        return nn.Identity()
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, projection))


def both_views(draw: Draw, clips: int) -> Draw:
    """Each clip drawn twice, clean and augmented, numbered as CleanAndAugmented numbers them."""

    def draw_both(generator: np.random.Generator) -> np.ndarray:
        chosen = draw(generator)
        return np.concatenate([chosen, chosen + clips])

    return draw_both


def hold_out(clips: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part clips into those to learn from and those of other speakers (and other audio) to choose the epoch by."""
    dealer = GroupShuffleSplit(1, test_size=share, random_state=seed)
    learned, held_out = next(dealer.split(clips, groups=speaker_groups(clips)))
    return clips.iloc[learned], clips.iloc[held_out]


def strata(clips: pd.DataFrame, batches: str) -> np.ndarray | None:
    """What a batch's speakers are shared out over, or of one of: a value per clip; None for any speakers.

    Raises:
        ValueError: there is a single gender to share batches out over.
    """
    language, gender = clips["language"], clips["gender"].fillna("unknown")
    if batches == "genders" and gender.nunique() == 1:
        raise ValueError(f"every speaker's gender is {gender.iloc[0]}: batches can't be balanced by gender")
    values = {
        "any": None,
        "languages": language,
        "genders": gender,
        "one language": language,
        "one language and gender": language + ", " + gender,
    }[batches]
    return None if values is None else values.to_numpy(object)


def layer_groups(encoder: WhisperEncoder, rate: float, decay: float = 1.0) -> list[dict[str, Any]]:
    """AdamW groups of the encoder's trained weights, one for each layer, its rate `decay` times that of the one above.

    Args:
        encoder: frozen weights are left out.
        rate: of the last layer and the norm after it.
        decay: 1 gives one rate throughout, less holds the first layers back.

    Raises:
        ValueError: `decay` lies outside 0 to 1.
    """
    if not 0 <= decay <= 1:
        raise ValueError(f"a layer's rate is 0 to 1 times that of the layer above, not {decay}")
    layers = encoder.whisper.layers
    groups: list[dict[str, Any]] = [
        {"params": list(layer.parameters()), "lr": rate * decay ** (len(layers) - 1 - number)}
        for number, layer in enumerate(layers)
    ]
    inside = {id(parameter) for group in groups for parameter in group["params"]}
    rest = [p for p in encoder.parameters() if p.requires_grad and id(p) not in inside]
    return [*groups, {"params": rest, "lr": rate}]


def train_stage1(
    config: ContrastiveConfig,
    split: Split,
    encoder: str | Path,
    store: RunStore,
    progress: bool = True,
    about: dict[str, str] | None = None,
) -> Run:
    """Speaker-contrastive adaptation on `split.unlabelled`: speaker labels are read, emotion labels are not.

    The run's model is an encoder that WhisperEncoder takes, as the last step left it. REPORT_FILE holds speaker
    retrieval on held-out speakers and an emotion probe (logistic regression on clips of `split.train`, judged on
    clips of `split.validation`), both before and after, and the speakers left out for want of clips.

    Args:
        config: see ContrastiveConfig.
        split: from `folds.adapted`; its test clips take no part.
        encoder: initial weights, as WhisperEncoder takes them.
        store: where the run is found or made.
        progress: show a progress bar.
        about: what its reader wants to know besides the encoder's name, such as where the pool is from.

    Raises:
        ValueError: the encoder can't be loaded, or there are too few speakers for a batch.
    """
    model = WhisperEncoder(encoder, config.seconds, config.pooling, config.seed, config.layers)
    pool, left_out = enough_clips(split.unlabelled, config.clips_per_speaker)
    learned, held_out = hold_out(pool, config.held_out, config.seed)
    judged = held_out.groupby("speaker").head(config.held_out_clips)
    if config.batches == "languages":
        learned = enough_speakers(learned, config.batch_size, config.clips_per_speaker)
    learned, voices, spread = paired(learned, config.clips_per_speaker, config.pairs)
    draw = speaker_balanced(
        voices,
        config.batch_size,
        config.clips_per_speaker,
        strata(learned, config.batches),
        config.batches.startswith("one"),
        spread,
    )
    speakers, names = pd.factorize(learned["speaker"])
    # clips repeated to weigh more in stage 2 count once here, where labels only probe
    labelled = split.train.drop_duplicates(["corpus", "utterance_id"])

    def execute(folder: Path) -> None:
        accelerator = make_accelerator()
        model.to(accelerator.device)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            objective = SpeakerObjective(model, config, torch.from_numpy(speakers)).to(accelerator.device)
        looked_at = (judged, capped(labelled, PROBED), capped(split.validation, config.validation_clips))
        cached = [list(log_mel_batches(clips, config.seconds, objective.log_mel, accelerator)) for clips in looked_at]

        def validate() -> dict[str, float]:
            people, train, validation = (embed_batches(model, batches, accelerator) for batches in cached)
            labels, truth = (clips["emotion"].to_numpy(object) for clips in looked_at[1:])
            return speaker_scores(people, judged["speaker"].to_numpy(object)) | emotion_probe(
                train, labels, validation, truth
            )

        before = validate()
        head = list(objective.projection.parameters())
        groups = layer_groups(model, config.learning_rate, config.layer_decay)
        task = Task(
            objective=objective,
            groups=[*groups, *([{"params": head, "lr": config.head_learning_rate}] if head else [])],
            dataset=CleanAndAugmented(learned, config.seconds, config.waveform),
            draw=both_views(draw, len(learned)),
            validate=validate,
        )
        fit(task, config, accelerator, folder, progress)
        if not accelerator.is_main_process:
            return  # what follows is written once
        model.save_pretrained(folder / MODEL_FOLDER)
        write_json(
            folder / REPORT_FILE,
            {
                "before": before,
                "after": validate(),
                "speakers": len(names),
                "clips": len(learned),
                "languages": sorted(learned["language"].unique()),
                "held_out": sorted(held_out["speaker"].unique()),
                "left_out": left_out.astype(object).where(left_out.notna(), None).to_dict("records"),
            },
        )
        drop_checkpoints(folder)

    seen = ["corpus", "language", "speaker", "gender", "audio_hash", *(["emotion"] if config.pairs != "any" else [])]
    inputs = {
        "data": data_hash(split.unlabelled, columns=seen),
        "probe": data_hash(labelled, split.validation),
        "weights": fingerprint(model),
    }
    return store.run("contrastive-stage1", config, inputs, execute, {"encoder": Path(encoder).name} | (about or {}))


def train_stage2(
    config: BaselineConfig,
    adaptation: ContrastiveConfig,
    split: Split,
    encoder: str | Path,
    store: RunStore,
    progress: bool = True,
    about: dict[str, str] | None = None,
) -> Run:
    """The baseline's recipe from stage 1's encoder, so that only the initial weights differ.

    Stage 1's run is found in the store, or made there.

    Args:
        config: the baseline's.
        adaptation: stage 1's, with as many layers.
        split: from `folds.adapted` or `folds.reading`.
        encoder: stage 1's initial weights.
        store: where both runs are found or made.
        progress: show progress bars.
        about: what a reader wants to know besides the encoder's name, such as where the pool is from.

    Raises:
        ValueError: as `train_stage1` and `train_baseline`; or the stages differ in their layers.
    """
    if config.layers != adaptation.layers:
        raise ValueError(f"stage 1 has {adaptation.layers} layers, stage 2 {config.layers}: give both the same")
    first = train_stage1(adaptation, split, encoder, store, progress, about)
    facts = {"encoder": Path(encoder).name, "stage1": first.folder.name} | (about or {})
    return train_baseline(config, split, first.model, store, progress, "contrastive", facts)


def emotion_probe(train: np.ndarray, labels: np.ndarray, validation: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """What frozen embeddings know of emotion: macro-F1 of logistic regression on unseen source speakers.

    Args:
        train: embeddings to learn from, shape (n, width).
        labels: their classes, shape (n,).
        validation: embeddings of other speakers, shape (m, width).
        truth: their classes, shape (m,).
    """
    probe = linear_probe().fit(train, labels)
    return {"emotion_macro_f1": f1_score(truth, probe.predict(validation), average="macro", zero_division=0)}
