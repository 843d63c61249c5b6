"""The settings of each recipe, and nothing else, so that they are checked before torch is imported."""

from dataclasses import dataclass, field
from typing import Literal

from sernb.corpora.ranges import (
    Checked,
    Count,
    CountOrZero,
    NotNegative,
    PartialShare,
    Pooling,
    Positive,
    Seed,
    Share,
    Window,
)
from sernb.speech.strengths import (
    SpectrogramAugmentation,
    ViewAugmentation,
    WaveformAugmentation,
    reduced_strength,
)


@dataclass(frozen=True, kw_only=True)
class LoopConfig(Checked):
    """How long and how fast to train; each recipe's config extends it.

    Attributes:
        seed: decides batches, augmentation, dropout and new weights.
        batch_size: clips per batch (paper: 64).
        batches_per_epoch: batches between two validations (paper: 100).
        epochs: how many of these a run has. All are trained: no score chooses among them.
        learning_rate: of the encoder (paper: 1e-5).
        head_learning_rate: of layers that start from random weights. The paper names one rate only.
        weight_decay: AdamW's.
        warmup: batches over which the learning rates rise linearly from zero. Not in the paper.
        decay: what the rates do after the warm-up: "linear", falling to zero at the last batch, or "none". Not in
            the paper.
        clip_norm: largest gradient norm. Not in the paper.
        validation_clips: validation looks at so many clips at most, equally many of each corpus and class.
        workers: processes that load and augment clips; 0 works in the training process.
    """

    seed: Seed = 0
    batch_size: Count = 64
    batches_per_epoch: Count = 100
    epochs: Count = 10
    learning_rate: Share = 1e-5
    head_learning_rate: Share = 1e-3
    weight_decay: NotNegative = 0.01
    warmup: CountOrZero = 20
    decay: Literal["linear", "none"] = "linear"
    clip_norm: Positive = 1.0
    validation_clips: Count = 240
    workers: CountOrZero = 2

    @property
    def steps(self) -> int:
        """Batches of a whole run."""
        return self.epochs * self.batches_per_epoch

    def rate(self, step: int) -> float:
        """The share of its learning rate that every weight is trained with at a step, from 0 to steps - 1."""
        rising = (step + 1) / max(1, self.warmup)
        falling = (self.steps - step) / max(1, self.steps - self.warmup) if self.decay == "linear" else 1.0
        return min(1.0, rising, falling)


@dataclass(frozen=True, kw_only=True)
class BaselineConfig(LoopConfig):
    """What the baseline depends on, data and initial weights aside.

    Attributes:
        seconds: the encoder's window (paper: 4).
        layers: the encoder's first so many layers are kept; None keeps all (paper); several are averaged, see
            WhisperEncoder.
        pooling: frames averaged, "speech" or "all" (see WhisperEncoder).
        hidden: width of the head's hidden layer, None for the encoder's. Not in the paper.
        dropout: of the head. Not in the paper.
        averaging: share that the averaged weights, which are the model, keep of themselves at each step; sensible
            within 0.9 to 0.999, and such that 1 / (1 - averaging) steps are a small part of a run; 0 takes the last
            step's. Not in the paper.
        highest_hz: end of the band that is heard, in training and after; None hears all. Not in the paper.
        speaker_reversal: weight of a second head that names the training speakers and whose gradient is reversed, so
            that the encoder forgets them; 0 leaves it out. Not in the paper, which does the opposite.
        waveform: strengths of the waveform augmentation.
        spectrogram: strengths of the spectrogram augmentation.
    """

    seconds: Window = 4.0
    layers: Count | tuple[Count, ...] | None = None
    pooling: Pooling = "speech"
    hidden: Count | None = None
    dropout: Share = 0.2
    averaging: Share = 0.97
    highest_hz: Positive | None = None
    speaker_reversal: NotNegative = 0.0
    waveform: WaveformAugmentation = field(default_factory=WaveformAugmentation)
    spectrogram: SpectrogramAugmentation = field(default_factory=SpectrogramAugmentation)


@dataclass(frozen=True, kw_only=True)
class ContrastiveConfig(LoopConfig):
    """What stage 1 depends on, data and initial weights aside. The rate of the encoder is `learning_rate`.

    Attributes:
        seconds: the encoder's window (paper: 4).
        layers: the encoder's first so many layers are kept; None keeps all (paper); several are averaged, see
            WhisperEncoder.
        pooling: frames averaged, "speech" or "all" (see WhisperEncoder).
        clips_per_speaker: in a batch (paper: 4, and batch_size 64, so 16 speakers).
        batches: whose speakers a batch holds: "languages" shares it out over the languages; "genders" over the genders,
            the paper's future work; "any" draws from all alike; "one language", and "one language and gender", leave
            only differences between people of one kind to tell speakers by. Not in the paper.
        pairs: "any" (paper); "same-emotion" or "mixed-emotion" to see what attracting them does, see `paired`.
        temperature: of the loss. Not in the paper; sensible within 0.05 to 0.5.
        denominator: "common" or "others", see SpeakerNTXent.
        projection: width of a projection head that is thrown away; None compares the embeddings themselves. Not in
            the paper.
        layer_decay: each layer's learning rate over that of the layer above it; sensible within 0.5 to 1.
        held_out: share of the speakers that are only judged, over 0 and under 1.
        held_out_clips: at most so many clips of each of them.
        waveform: strengths of the waveform augmentation.
        spectrogram: strengths of the spectrogram augmentation.

    Raises:
        ValueError: unknown `batches` or `pairs`, or a batch that isn't whole speakers.
    """

    seconds: Window = 4.0
    layers: Count | tuple[Count, ...] | None = None
    pooling: Pooling = "speech"
    clips_per_speaker: Count = 4
    batches: Literal["languages", "genders", "any", "one language", "one language and gender"] = "languages"
    pairs: Literal["any", "same-emotion", "mixed-emotion"] = "any"
    temperature: Positive = 0.1
    denominator: Literal["common", "others"] = "common"
    projection: Count | None = 128
    layer_decay: Share = 1.0
    held_out: PartialShare = 0.1
    held_out_clips: Count = 20
    waveform: WaveformAugmentation = field(default_factory=WaveformAugmentation)
    spectrogram: SpectrogramAugmentation = field(default_factory=SpectrogramAugmentation)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch_size % self.clips_per_speaker:
            raise ValueError(f"a batch of {self.batch_size} clips is not whole speakers of {self.clips_per_speaker}")


@dataclass(frozen=True, kw_only=True)
class ByolConfig(LoopConfig):
    """What BYOL depends on, data and initial weights aside; `batch_size` counts all clips of a step.

    Attributes:
        seconds: the encoder's window (paper: 3).
        layers: the encoder's first so many layers are kept; None keeps all (paper); several are averaged, see
            WhisperEncoder.
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
        inference: the network that is judged and kept, "target" (paper) or "online".
        highest_hz: end of the band that is heard, in training and after; None hears all. Not in the paper.

    Raises:
        ValueError: an unknown name, or a share, weight or momentum outside its range.
    """

    seconds: Window = 3.0
    layers: Count | tuple[Count, ...] | None = None
    pooling: Pooling = "speech"
    hidden: Count | None = None
    dropout: Share = 0.2
    projector_hidden: Count = 512
    projection: Count = 128
    predictor: bool = True
    momentum: Share = 0.99
    momentum_schedule: Literal["constant", "cosine"] = "constant"
    weight_start: Share = 0.8
    weight_end: Share = 0.2
    weight_schedule: Literal["linear", "constant"] = "linear"
    labelled_share: PartialShare = 0.5
    supervised_views: Count = 1
    views: ViewAugmentation = field(default_factory=ViewAugmentation)
    supervised: ViewAugmentation = field(default_factory=reduced_strength)
    inference: Literal["target", "online"] = "target"
    highest_hz: Positive | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.supervised.mixup:
            raise ValueError("mixup in the supervised view would mix emotions under one label")

    @property
    def labelled(self) -> int:
        """Labelled clips of a step."""
        return round(self.batch_size * self.labelled_share)
