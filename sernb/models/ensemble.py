"""One model or several whose probabilities are averaged, from a folder, ready for use."""

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from sernb.data.files import FileError, read_json, replacing
from sernb.labels import EMOTIONS
from sernb.models.confidence import CONFIDENCE_FILE, Confidence
from sernb.models.hub import fetched
from sernb.models.plain import PlainClassifier
from sernb.models.settings import CONFIG_FILE, WEIGHTS_FILE
from sernb.models.statistics import Statistics, recentred
from sernb.speech.audio import speech_frames

MOST = 64
"""Members an ensemble may have."""
_NAME = re.compile(r"member-\d{1,2}")


def member_folders(folder: Path) -> list[Path]:
    """The folders of an ensemble's members; of any other model its own.

    Raises:
        FileError: config.json names members there can't be.
    """
    file = folder / CONFIG_FILE
    if not file.exists():
        return [folder]
    names = read_json(file).get("members")
    if names is None:
        return [folder]
    sound = isinstance(names, list) and 0 < len(names) <= MOST
    if not sound or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        raise FileError(file, f"'members' is no list of up to {MOST} names like member-0; get it again")
    return [folder / name for name in names]


def save_ensemble(models: Sequence[Path], folder: Path) -> None:
    """Copy models' folders into one folder, as the members of an ensemble."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, model in enumerate(models):
        member = folder / f"member-{number}"
        member.mkdir(exist_ok=True)
        for name in (CONFIG_FILE, WEIGHTS_FILE, CONFIDENCE_FILE):
            if (model / name).exists():
                shutil.copyfile(model / name, member / name)
    content = {"labels": list(EMOTIONS), "members": [f"member-{number}" for number in range(len(models))]}
    with replacing(folder / CONFIG_FILE) as temporary:
        temporary.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


@dataclass(frozen=True)
class Ensemble:
    """Models that listen to the same windows; usually one.

    Attributes:
        members: the models.
        sources: statistics of the embeddings each was trained on, None where the folder doesn't hold them.
        targets: of the clips each was adapted to, None where there are none.
        confidence: how far to believe the mean of their probabilities, None where the folder doesn't say.
        device: where they compute.
    """

    members: tuple[PlainClassifier, ...]
    sources: tuple[Statistics | None, ...]
    targets: tuple[Statistics | None, ...]
    confidence: Confidence | None
    device: torch.device

    @classmethod
    def load(cls, folder: str | Path, device: torch.device | None = None) -> "Ensemble":
        """Read a folder written by `EmotionClassifier.save_pretrained` or `save_ensemble`.

        Args:
            folder: of the model, or its name on the hub.
            device: where to compute; None takes the accelerator, where there is one.

        Raises:
            FileNotFoundError, ValueError: as PlainClassifier.from_pretrained; or members that don't listen alike.
        """
        if device is None:
            device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
        folder = fetched(folder)
        folders = member_folders(folder)
        members = tuple(PlainClassifier.from_pretrained(one).quick(device) for one in folders)
        if len({(one.seconds, one.log_mel.filters.shape, one.log_mel.highest_hz) for one in members}) > 1:
            raise FileError(folder, "its members don't hear the same; make it again")
        own = [Confidence.load(one, model.width) for one, model in zip(folders, members, strict=True)]
        confidence = own[0] if folders == [folder] else Confidence.load(folder)
        sources = tuple(one.source if one else None for one in own)
        targets = tuple(one.target if one else None for one in own)
        return cls(members, sources, targets, confidence, device)

    @property
    def seconds(self) -> float:
        """The window of all of them."""
        return self.members[0].seconds

    @property
    def highest_hz(self) -> float | None:
        """End of the band they hear, None for all."""
        return self.members[0].log_mel.highest_hz

    @torch.inference_mode()
    def embed(self, samples: np.ndarray, lengths: Sequence[int]) -> list[np.ndarray]:
        """Each member's embeddings, shape (windows, width).

        Args:
            samples: shape (windows, seconds * 16000), 16 kHz.
            lengths: how many of each window's samples hold speech.
        """
        log_mel = self.members[0].log_mel(torch.from_numpy(samples).to(self.device))
        frames = speech_frames(torch.as_tensor(lengths, device=self.device))
        return [one.embed(log_mel, frames).cpu().numpy() for one in self.members]

    @torch.inference_mode()
    def probabilities(self, embeddings: Sequence[np.ndarray], own: Sequence[Statistics] | None = None) -> np.ndarray:
        """Calibrated mean of the members' probabilities, shape (windows, 4), columns as labels.EMOTIONS.

        Args:
            embeddings: from `embed`.
            own: statistics of the recordings' embeddings, one a member, to re-centre by.
        """
        shares = []
        for number, one in enumerate(self.members):
            moved = embeddings[number]
            source = self.sources[number]
            if own is not None and source is not None:
                moved = recentred(moved, own[number], source)
            shares.append(one.head(torch.from_numpy(moved).to(self.device)).softmax(-1).cpu().numpy())
        mean = np.mean(shares, 0)
        return mean if self.confidence is None else self.confidence.calibrated(mean)
