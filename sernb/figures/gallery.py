"""Each augmentation alone, at rising strength: what is heard, what is seen, what an encoder makes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
import torch

from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.speech.audio import LogMel, fit_length, load, speech_frames
from sernb.speech.augment import (
    SpectrogramAugmentation,
    ViewAugmentation,
    WaveformAugmentation,
    augment_spectrogram,
    augment_view,
    augment_waveform,
)
from sernb.speech.reconstruct import reconstruct

LEVELS = ("low", "default", "high", "extreme")
SHOWN = LEVELS[:3]  # heard and seen; the last one is there to measure
_QUIET: dict[str, Any] = {"snr_db": None, "gain_db": None, "speed": None, "polarity": False, "probability": 1.0}
_STILL: dict[str, Any] = {"stretch": (1.0, 1.0), "time_masks": 0, "frequency_masks": 0, "probability": 1.0}
_WHOLE: dict[str, Any] = {
    "mixup": 0.0,
    "crop_time": (1.0, 1.0),
    "crop_frequency": (1.0, 1.0),
    "time_masks": 0,
    "frequency_masks": 0,
}
Config = WaveformAugmentation | SpectrogramAugmentation | ViewAugmentation


@dataclass(frozen=True)
class Exhibit:
    """One augmentation at four strengths.

    Attributes:
        name: what it does.
        unit: of its strengths.
        strengths: one for each of LEVELS; "default" is the far end of the recipe's default range. The band limit, which
            recipes leave out unless asked, has no range: there it is the field's default.
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
        "of the speech, widest mask",
        (0.05, 0.1, 0.4, 1.0),
        lambda s: SpectrogramAugmentation(**_STILL | {"time_masks": 2, "time_share": s}),
    ),
    Exhibit(
        "frequency masking",
        "mel bins, widest mask",
        (5, 10, 30, 80),
        lambda b: SpectrogramAugmentation(**_STILL | {"frequency_masks": 2, "frequency_bins": int(b)}),
    ),
    Exhibit(
        "band limit",
        "Hz, highest that is kept",
        (6500, 5500, 3000, 1000),
        lambda hz: SpectrogramAugmentation(**_STILL | {"band_limit_hz": hz, "band_limit_probability": 1.0}),
    ),
    Exhibit(
        "mixup",
        "of another clip, largest share",
        (0.2, 0.4, 0.45, 0.5),
        lambda m: ViewAugmentation(**_WHOLE | {"mixup": m}),
    ),
    Exhibit(
        "random-resize-crop",
        "factor",
        (0.9, 0.6, 0.4, 0.2),
        lambda c: ViewAugmentation(**_WHOLE | {"crop_time": (c, c), "crop_frequency": (c, c)}),
    ),
)
POLARITY = WaveformAugmentation(**_QUIET | {"polarity": True})  # has no strength: a sign is turned, or it is not


@dataclass(frozen=True)
class Tile:
    """One clip as an augmentation leaves it.

    Attributes:
        level: "original", one of LEVELS, or "inverted".
        strength: in the row's unit; None for the original, and where there is none.
        log_mel: what is seen, shape (bins, frames).
        samples: what is heard, shape (samples,), 16 kHz.
    """

    level: str
    strength: float | None
    log_mel: np.ndarray
    samples: np.ndarray


@dataclass(frozen=True)
class Row:
    """One augmentation of one clip: the original, then the strengths from low to high.

    Attributes:
        name: what it does.
        unit: of its strengths.
        reconstructed: it works on the spectrogram, so that what is heard, the original too, is speech made from one.
        tiles: the original first.
    """

    name: str
    unit: str
    reconstructed: bool
    tiles: tuple[Tile, ...]


def exhibit(name: str) -> Exhibit:
    """One of EXHIBITS by name.

    Raises:
        ValueError: no such augmentation; names those there are.
    """
    for candidate in EXHIBITS:
        if candidate.name == name:
            return candidate
    raise ValueError(f"unknown augmentation {name!r}; known are {', '.join(e.name for e in EXHIBITS)}")


def pairs(manifest: pd.DataFrame, emotion: str = "angry") -> dict[str, pd.DataFrame]:
    """For each language one clip to show, and another one to mix it with.

    Args:
        manifest: rows of one or more languages.
        emotion: of the clip; a language without it shows its first labelled clip.

    Returns:
        Language -> two rows, the second of another speaker where there is one.
    """
    chosen = {}
    for language, clips in manifest.dropna(subset="emotion").sort_values("utterance_id").groupby("language"):
        first = clips[clips["emotion"] == emotion] if (clips["emotion"] == emotion).any() else clips
        others = clips[clips["speaker"] != first["speaker"].iloc[0]]
        chosen[language] = pd.concat([first.head(1), (others if len(others) else clips).tail(1)])
    return chosen


def rows(pair: pd.DataFrame, seconds: float = 2.5, seed: int = 0) -> list[Row]:
    """Every augmentation of a clip, to be heard and seen, at low, default and high strength beside the original.

    Args:
        pair: the clip and one to mix it with, manifest rows; see `pairs`.
        seconds: how much of them is kept.
        seed: of what is drawn; the strengths of a row share it.

    Raises:
        AudioError: a clip can't be read.
    """
    front = LogMel()
    samples = [load(path) for path in pair["path"]]

    def seen(clip: np.ndarray) -> np.ndarray:
        return front(torch.from_numpy(clip)[None])[0].numpy()

    def heard(config: WaveformAugmentation | None) -> np.ndarray:
        view = samples[0] if config is None else augment_waveform(samples[0], config, seed)
        return fit_length(view, seconds)[0].astype(np.float32)

    def tile(level: str, strength: float | None, clip: np.ndarray) -> Tile:
        return Tile(level, strength, seen(clip), clip)

    plain = tile("original", None, heard(None))
    windows, lengths = zip(*(fit_length(clip, seconds) for clip in samples), strict=True)
    log_mel = front(torch.from_numpy(np.stack(windows)).float())
    frames = speech_frames(torch.tensor(lengths))
    drawn = [one for one in EXHIBITS if not one.on_waveform]
    views = [
        _augment(log_mel, frames, one.config(strength), seed)[0][0]
        for one in drawn
        for strength in one.strengths[: len(SHOWN)]
    ]
    spoken = reconstruct(torch.stack([log_mel[0], *views]), seed=seed).numpy()
    original = Tile("original", None, log_mel[0].numpy(), spoken[0])
    again = iter(zip(views, spoken[1:], strict=True))

    made = []
    for one in EXHIBITS:
        levels = list(zip(SHOWN, one.strengths, strict=False))
        if one.on_waveform:
            tiles = [plain]
            for level, strength in levels:
                tiles.append(tile(level, strength, heard(cast(WaveformAugmentation, one.config(strength)))))
        else:
            tiles = [original]
            for level, strength in levels:
                view, voice = next(again)
                tiles.append(Tile(level, strength, view.numpy(), voice))
        made.append(Row(one.name, one.unit, not one.on_waveform, tuple(tiles)))
    inversion = Row("polarity inversion", "", False, (plain, tile("inverted", None, heard(POLARITY))))
    return [inversion, *made]


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
    frames = speech_frames(torch.tensor(lengths))
    return _augment(log_mel, frames, config, seed)


def _augment(
    log_mel: torch.Tensor, frames: torch.Tensor, config: Config | None, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the config does to spectrograms; nothing, where it is one of waveforms or None."""
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
        embeddings = model.encoder(log_mel, frames)
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
