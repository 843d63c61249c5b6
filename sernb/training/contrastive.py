"""Contrastive learning in two stages: speakers without emotion labels, then emotion (Gong et al. 2025, 2.2)."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sernb.audio import HOP, LogMel
from sernb.augment import SpectrogramAugmentation, WaveformAugmentation, augment_spectrogram
from sernb.dataset import Batch, CleanAndAugmented
from sernb.folds import Split, speaker_groups
from sernb.losses.ntxent import SpeakerNTXent
from sernb.models import WhisperEncoder, fingerprint
from sernb.runs import MODEL_FOLDER, Run, RunStore, data_hash, write_json
from sernb.samplers import Draw, enough_clips, speaker_balanced
from sernb.speakers import embed, speaker_scores
from sernb.training.baseline import BaselineConfig, train_baseline
from sernb.training.groups import layer_groups
from sernb.training.loop import LoopConfig, Task, drop_checkpoints, fit, make_accelerator

REPORT_FILE = "speakers.json"
SELECTIONS = ("recall_at_1", "verification")


@dataclass(frozen=True, kw_only=True)
class ContrastiveConfig(LoopConfig):
    """What stage 1 depends on, data and initial weights aside. The rate of the encoder is `learning_rate`.

    Attributes:
        seconds: the encoder's window (paper: 4).
        pooling: frames averaged, "speech" or "all" (see WhisperEncoder).
        clips_per_speaker: in a batch (paper: 4, and batch_size 64, so 16 speakers).
        gender_balanced: as many speakers of each gender in every batch; the paper's future work.
        temperature: of the loss. Not in the paper; sensible within 0.05 to 0.5.
        denominator: "common" or "others", see SpeakerNTXent.
        projection: width of a projection head that is thrown away; None compares the embeddings themselves. Not in
            the paper.
        layer_decay: each layer's learning rate over that of the layer above it; sensible within 0.5 to 1.
        held_out: share of the speakers that only choose the epoch, over 0 and under 1.
        held_out_clips: at most so many clips of each of them.
        select: "recall_at_1" or "verification" (1 - equal error rate).
        waveform: strengths of the waveform augmentation.
        spectrogram: strengths of the spectrogram augmentation.

    Raises:
        ValueError: unknown `select`, or a batch that isn't whole speakers.
    """

    seconds: float = 4.0
    pooling: str = "speech"
    clips_per_speaker: int = 4
    gender_balanced: bool = False
    temperature: float = 0.1
    denominator: str = "common"
    projection: int | None = 128
    layer_decay: float = 1.0
    held_out: float = 0.1
    held_out_clips: int = 20
    select: str = "recall_at_1"
    waveform: WaveformAugmentation = field(default_factory=WaveformAugmentation)
    spectrogram: SpectrogramAugmentation = field(default_factory=SpectrogramAugmentation)

    def __post_init__(self) -> None:
        if self.select not in SELECTIONS:
            raise ValueError(f"unknown selection {self.select!r}; known are {', '.join(SELECTIONS)}")
        if self.batch_size % self.clips_per_speaker:
            raise ValueError(f"a batch of {self.batch_size} clips is not whole speakers of {self.clips_per_speaker}")


class SpeakerObjective(nn.Module):
    """NT-Xent over the clean and the augmented view of each clip, by speaker.

    Args:
        encoder: the encoder trained.
        config: temperature, denominator, projection head, augmentation.
        speakers: speaker numbers of the n training clips, shape (n,); see CleanAndAugmented for a batch's clips.
    """

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
        frames = batch.lengths.div(HOP, rounding_mode="floor").clamp(min=1)
        view, view_frames = augment_spectrogram(log_mel, frames, self.augmentation, generator)
        augmented = batch.clips >= len(self.speakers)
        log_mel = torch.where(augmented[:, None, None], view, log_mel)
        frames = torch.where(augmented, view_frames, frames)
        z = self.projection(self.encoder(log_mel, frames * HOP))
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


def train_stage1(
    config: ContrastiveConfig, split: Split, encoder: str | Path, store: RunStore, progress: bool = True
) -> Run:
    """Speaker-contrastive adaptation on `split.unlabelled`: speaker labels are read, emotion labels are not.

    The run's model is an encoder that WhisperEncoder takes. REPORT_FILE holds speaker retrieval on held-out
    speakers and an emotion probe (logistic regression on `split.train`, judged on `split.validation`), both before
    and after, and the speakers left out for want of clips.

    Args:
        config: see ContrastiveConfig.
        split: from `folds.adapted`; its test clips take no part.
        encoder: initial weights, as WhisperEncoder takes them.
        store: where the run is found or made.
        progress: show a progress bar.

    Raises:
        ValueError: the encoder can't be loaded, or there are too few speakers for a batch.
    """
    model = WhisperEncoder(encoder, config.seconds, config.pooling, config.seed)
    pool, left_out = enough_clips(split.unlabelled, config.clips_per_speaker)
    learned, held_out = hold_out(pool, config.held_out, config.seed)
    judged = held_out.groupby("speaker").head(config.held_out_clips)
    speakers, names = pd.factorize(learned["speaker"])
    genders = learned["gender"].fillna("unknown").to_numpy(object) if config.gender_balanced else None
    # clips repeated to weigh more in stage 2 count once here, where labels only probe
    probed = replace(split, train=split.train.drop_duplicates(["corpus", "utterance_id"]))
    draw = speaker_balanced(speakers, config.batch_size, config.clips_per_speaker, genders)

    def execute(folder: Path) -> None:
        accelerator = make_accelerator()
        model.to(accelerator.device)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            objective = SpeakerObjective(model, config, torch.from_numpy(speakers)).to(accelerator.device)

        def validate() -> dict[str, float]:
            return speaker_scores(embed(model, judged, accelerator), judged["speaker"].to_numpy(object))

        before = validate() | emotion_probe(model, probed, accelerator)
        head = list(objective.projection.parameters())
        groups = layer_groups(model, config.learning_rate, config.layer_decay)
        task = Task(
            objective=objective,
            groups=[*groups, *([{"params": head, "lr": config.head_learning_rate}] if head else [])],
            dataset=CleanAndAugmented(learned, config.seconds, config.waveform),
            draw=both_views(draw, len(learned)),
            validate=validate,
            keep={config.select: lambda: model.save_pretrained(folder / MODEL_FOLDER)},
        )
        fit(task, config, accelerator, folder, progress)
        if not accelerator.is_main_process:
            return  # what follows is written once
        best = WhisperEncoder.from_pretrained(folder / MODEL_FOLDER)
        scores = speaker_scores(embed(best, judged, accelerator), judged["speaker"].to_numpy(object))
        after = scores | emotion_probe(best, probed, accelerator)
        write_json(
            folder / REPORT_FILE,
            {
                "before": before,
                "after": after,
                "speakers": len(names),
                "clips": len(learned),
                "held_out": sorted(held_out["speaker"].unique()),
                "left_out": left_out.astype(object).where(left_out.notna(), None).to_dict("records"),
            },
        )
        drop_checkpoints(folder)

    data = data_hash(split.unlabelled, columns=("corpus", "speaker", "gender", "audio_hash"))
    inputs = {"data": data, "probe": data_hash(probed.train, probed.validation), "weights": fingerprint(model)}
    return store.run("contrastive-stage1", config, inputs, execute, {"encoder": Path(encoder).name})


def train_stage2(
    config: BaselineConfig,
    adaptation: ContrastiveConfig,
    split: Split,
    encoder: str | Path,
    store: RunStore,
    progress: bool = True,
) -> Run:
    """The baseline's recipe from stage 1's encoder, so that only the initial weights differ.

    Stage 1's run is found in the store, or made there.

    Args:
        config: the baseline's.
        adaptation: stage 1's.
        split: from `folds.adapted`.
        encoder: stage 1's initial weights.
        store: where both runs are found or made.
        progress: show progress bars.

    Raises:
        ValueError: as `train_stage1` and `train_baseline`.
    """
    first = train_stage1(adaptation, split, encoder, store, progress)
    about = {"encoder": Path(encoder).name, "stage1": first.folder.name}
    return train_baseline(config, split, first.model, store, progress, "contrastive", about)


def emotion_probe(encoder: WhisperEncoder, split: Split, accelerator) -> dict[str, float]:
    """What frozen embeddings know of emotion: macro-F1 of logistic regression on unseen source speakers."""
    train, validation = (embed(encoder, clips, accelerator) for clips in (split.train, split.validation))
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    probe.fit(train, split.train["emotion"].to_numpy(object))
    truth = split.validation["emotion"].to_numpy(object)
    return {"emotion_macro_f1": f1_score(truth, probe.predict(validation), average="macro", zero_division=0)}
