"""From manifest rows to batches of samples."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset

from sernb.speech.audio import SAMPLE_RATE, fit_length, load, speech_frames
from sernb.speech.augment import WaveformAugmentation, augment_waveform


@dataclass
class Batch:
    """Clips ready for the device.

    Attributes:
        waveforms: float32, shape (batch, samples), 16 kHz.
        frames: log-mel frames that hold speech, at least one, shape (batch,).
        clips: row numbers in the frame the clips come from, shape (batch,).
        seeds: what decided each clip's crop and augmentation, shape (batch,).
    """

    waveforms: torch.Tensor
    frames: torch.Tensor
    clips: torch.Tensor
    seeds: torch.Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        return Batch(*(getattr(self, name).to(device, non_blocking=True) for name in self.__dataclass_fields__))


class Speech(Dataset):
    """Clips of a manifest, cut to the encoder's window; indexed by (clip, seed).

    Args:
        clips: manifest rows.
        seconds: the window.
        augmentation: waveform augmentation, None for the clean view.
        random_crop: start a clip longer than the window anywhere; otherwise at its beginning.
    """

    def __init__(
        self,
        clips: pd.DataFrame,
        seconds: float,
        augmentation: WaveformAugmentation | None = None,
        random_crop: bool = False,
    ) -> None:
        self.paths = clips["path"].to_numpy(object)
        self.seconds, self.augmentation, self.random_crop = seconds, augmentation, random_crop

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, key: tuple[int, int]) -> tuple[np.ndarray, int, int, int]:
        clip, seed = key
        samples = load(self.paths[clip])
        if self.augmentation is not None:
            samples = augment_waveform(samples, self.augmentation, seed)
        spare = max(0, len(samples) - round(self.seconds * SAMPLE_RATE))
        start = int(np.random.default_rng(seed).integers(spare + 1)) if self.random_crop else 0
        return *fit_length(samples, self.seconds, start), clip, seed


class CleanAndAugmented(Dataset):
    """Both views of contrastive learning: clips 0 to n - 1 are the clean ones, n to 2n - 1 the augmented ones.

    Args:
        clips: n manifest rows.
        seconds: the window.
        augmentation: of the augmented view.
    """

    def __init__(self, clips: pd.DataFrame, seconds: float, augmentation: WaveformAugmentation) -> None:
        self.views = [Speech(clips, seconds, chosen, random_crop=True) for chosen in (None, augmentation)]

    def __len__(self) -> int:
        return sum(map(len, self.views))

    def __getitem__(self, key: tuple[int, int]) -> tuple[np.ndarray, int, int, int]:
        clip, seed = key
        view, number = divmod(clip, len(self.views[0]))
        samples, length, _, _ = self.views[view][number, seed]
        return samples, length, clip, seed


def collate(items: list[tuple[np.ndarray, int, int, int]]) -> Batch:
    """Stack what `Speech` returns."""
    waveforms, lengths, clips, seeds = zip(*items, strict=True)
    stacked = torch.from_numpy(np.stack(waveforms)).float()
    return Batch(stacked, speech_frames(torch.tensor(lengths)), torch.tensor(clips), torch.tensor(seeds))
