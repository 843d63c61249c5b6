"""Each augmentation alone, at rising strength: what is heard, what is seen, what an encoder makes of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from sernb.audio import HOP, fit_length, load
from sernb.augment import (
    SpectrogramAugmentation,
    ViewAugmentation,
    WaveformAugmentation,
    augment_spectrogram,
    augment_view,
    augment_waveform,
)
from sernb.labels import EMOTIONS
from sernb.models import EmotionClassifier

LEVELS = ("low", "default", "high", "extreme")
_QUIET = {"snr_db": (200.0, 200.0), "gain_db": (0.0, 0.0), "speed": (1.0, 1.0), "probability": 1.0}
_STILL = {"stretch": (1.0, 1.0), "time_masks": 0, "frequency_masks": 0, "probability": 1.0}
_WHOLE = {"mixup": 0.0, "crop_time": (1.0, 1.0), "crop_frequency": (1.0, 1.0), "time_masks": 0, "frequency_masks": 0}
Config = WaveformAugmentation | SpectrogramAugmentation | ViewAugmentation


@dataclass(frozen=True)
class Exhibit:
    """One augmentation at four strengths.

    Attributes:
        name: what it does.
        unit: of its strengths.
        strengths: one for each of LEVELS; "default" is the far end of the recipe's default range.
        config: strength -> the augmentation with everything else switched off.
    """

    name: str
    unit: str
    strengths: tuple[float, float, float, float]
    config: Callable[[float], Config]

    @property
    def on_waveform(self) -> bool:
        """Whether it works on samples, and can be heard."""
        return isinstance(self.config(self.strengths[0]), WaveformAugmentation)


EXHIBITS = (
    Exhibit("noise", "dB SNR", (20, 10, 0, -10), lambda s: WaveformAugmentation(**_QUIET | {"snr_db": (s, s)})),
    Exhibit("gain", "dB", (-3, -6, -18, -40), lambda g: WaveformAugmentation(**_QUIET | {"gain_db": (g, g)})),
    Exhibit("speed", "factor", (1.05, 1.1, 1.25, 2.0), lambda s: WaveformAugmentation(**_QUIET | {"speed": (s, s)})),
    Exhibit(
        "spectral stretch",
        "factor",
        (1.05, 1.1, 1.25, 2.0),
        lambda s: SpectrogramAugmentation(**_STILL | {"stretch": (s, s)}),
    ),
    Exhibit(
        "time masking",
        "share of the speech",
        (0.05, 0.1, 0.4, 1.0),
        lambda s: SpectrogramAugmentation(**_STILL | {"time_masks": 2, "time_share": s}),
    ),
    Exhibit(
        "frequency masking",
        "mel bins",
        (5, 10, 30, 80),
        lambda b: SpectrogramAugmentation(**_STILL | {"frequency_masks": 2, "frequency_bins": int(b)}),
    ),
    Exhibit(
        "mixup", "share of another clip", (0.2, 0.4, 0.45, 0.5), lambda m: ViewAugmentation(**_WHOLE | {"mixup": m})
    ),
    Exhibit(
        "random-resize-crop",
        "factor",
        (0.9, 0.6, 0.4, 0.2),
        lambda c: ViewAugmentation(**_WHOLE | {"crop_time": (c, c), "crop_frequency": (c, c)}),
    ),
)


def exhibit(name: str) -> Exhibit:
    """One of EXHIBITS by name.

    Raises:
        ValueError: no such augmentation; names those there are.
    """
    for candidate in EXHIBITS:
        if candidate.name == name:
            return candidate
    raise ValueError(f"unknown augmentation {name!r}; known are {', '.join(e.name for e in EXHIBITS)}")


def log_mels(
    model: EmotionClassifier, clips: pd.DataFrame, config: Config | None, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-mels of clips, augmented or not, and their speech lengths in frames.

    Args:
        model: gives window and log-mel.
        clips: manifest rows.
        config: of one augmentation; None for the clean view.
        seed: same seed, same view.

    Returns:
        Shapes (clips, bins, time) and (clips,).

    Raises:
        AudioError: a clip can't be read.
    """
    samples = [load(path) for path in clips["path"]]
    if isinstance(config, WaveformAugmentation):
        samples = [augment_waveform(clip, config, seed + number) for number, clip in enumerate(samples)]
    windows, lengths = zip(*(fit_length(clip, model.encoder.seconds) for clip in samples), strict=True)
    log_mel = model.log_mel(torch.from_numpy(np.stack(windows)).float())
    frames = (torch.tensor(lengths) // HOP).clamp(min=1)
    generator = torch.Generator().manual_seed(seed)
    if isinstance(config, SpectrogramAugmentation):
        return augment_spectrogram(log_mel, frames, config, generator)
    if isinstance(config, ViewAugmentation):
        return augment_view(log_mel, frames, config, generator)
    return log_mel, frames


@torch.inference_mode()
def effects(model: EmotionClassifier, clips: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """What every augmentation does to the embedding, and to the emotion heard in it, at every strength.

    Args:
        model: a trained classifier.
        clips: labelled manifest rows, best of speakers it wasn't trained on.
        seed: of the views.

    Returns:
        One row an augmentation and level: columns augmentation, level, strength, unit, distance (mean cosine distance
        to the clean view's embedding) and recognised (share of clips whose emotion the model names right).
    """
    model.eval()
    truth = clips["emotion"].to_numpy(object)

    def look(config: Config | None) -> tuple[torch.Tensor, float]:
        log_mel, frames = log_mels(model, clips, config, seed)
        embeddings = model.encoder(log_mel, frames * HOP)
        guess = predicted_names(model.head(embeddings))
        return embeddings, float((guess == truth).mean())

    clean, known = look(None)
    rows = []
    for one in EXHIBITS:
        rows.append({"augmentation": one.name, "level": "clean", "distance": 0.0, "recognised": known})
        for level, strength in zip(LEVELS, one.strengths, strict=True):
            embeddings, recognised = look(one.config(strength))
            distance = 1 - torch.nn.functional.cosine_similarity(embeddings, clean).mean().item()
            rows.append(
                {"augmentation": one.name, "level": level, "strength": strength, "unit": one.unit}
                | {"distance": distance, "recognised": recognised}
            )
    return pd.DataFrame(rows)


def predicted_names(logits: torch.Tensor) -> np.ndarray:
    """The class of the largest logit of each row, shape (clips,)."""
    return np.asarray(EMOTIONS, dtype=object)[logits.argmax(-1).numpy()]
