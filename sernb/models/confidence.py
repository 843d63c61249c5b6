"""What a model's folder says of how far to believe it: fitted on speech whose labels were known, stored beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sernb.data.files import FileError, read_json, replacing
from sernb.models.settings import number, part
from sernb.models.statistics import Statistics

CONFIDENCE_FILE = "confidence.json"
PEOPLE = ("women", "men", "unknown")
_PARTS = ("mean", "deviation")
UNSURE = "unsure"
"""Stands where a label would, when the most probable class isn't probable enough."""


@dataclass(frozen=True)
class Confidence:
    """How probabilities are corrected, when no class is named, and what the training clips sounded like.

    Attributes:
        temperature: log-probabilities are divided by it (Guo et al. 2017).
        unsure_below: least probability at which a class is named.
        clips: labelled clips, of people not trained on, that both were fitted on.
        speakers: how many people said them.
        source: statistics of the embeddings of training clips, None where they are not known.
        level: 5th and 95th percentile of the training clips' levels, full scale 1; None where not known.
        target: statistics of the embeddings of clips the model was adapted to, None where it was to none.
        people: how many women, men and people of unknown gender were trained on; None where not known.
    """

    temperature: float
    unsure_below: float
    clips: int
    speakers: int
    source: Statistics | None = None
    level: tuple[float, float] | None = None
    target: Statistics | None = None
    people: dict[str, int] | None = None

    def calibrated(self, probabilities: np.ndarray) -> np.ndarray:
        """Probabilities, shape (clips, classes), after the temperature."""
        logits = np.log(probabilities.clip(1e-12)) / self.temperature
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    def save(self, folder: Path) -> None:
        """Write confidence.json beside a model."""
        content: dict[str, Any] = {
            name: getattr(self, name) for name in ("temperature", "unsure_below", "clips", "speakers")
        }
        for name in ("source", "target"):
            if (found := getattr(self, name)) is not None:
                content[name] = {part: [float(f"{x:.7g}") for x in getattr(found, part)] for part in _PARTS}
        if self.people is not None:
            content["people"] = self.people
        if self.level is not None:
            content["level"] = list(map(float, self.level))
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / CONFIDENCE_FILE) as temporary:
            temporary.write_text(json.dumps(content, sort_keys=True) + "\n")

    @classmethod
    def load(cls, folder: Path, width: int | None = None) -> "Confidence | None":
        """Read a model's confidence.json; None where there is none.

        Args:
            folder: of the model.
            width: of its embedding; None where it has no single one, as an ensemble.

        Raises:
            FileError: a value is missing, no number, or out of range.
        """
        file = folder / CONFIDENCE_FILE
        if not file.exists():
            return None
        content = read_json(file)
        level, people = content.get("level"), content.get("people")
        if people is not None:
            people = {name: number(part(content, "people", file), name, 0, 1e9, file, int) for name in PEOPLE}
        return cls(
            number(content, "temperature", 0.01, 100, file),
            number(content, "unsure_below", 0, 1, file),
            number(content, "clips", 0, 1e9, file, int),
            number(content, "speakers", 0, 1e9, file, int),
            _statistics(content, "source", width, file),
            None if level is None else tuple(_numbers(content, "level", 2, file)),
            _statistics(content, "target", width, file),
            people,
        )


def _statistics(content: dict[str, Any], name: str, width: int | None, file: Path) -> Statistics | None:
    if content.get(name) is None:
        return None
    return Statistics(*(_numbers(content[name], each, width, file) for each in _PARTS))


def _numbers(content: Any, name: str, count: int | None, file: Path) -> np.ndarray:
    values = content.get(name) if isinstance(content, dict) else None
    finite = isinstance(values, list) and all(type(value) in (int, float) and np.isfinite(value) for value in values)
    if not isinstance(values, list) or not finite or (count is not None and len(values) != count):
        raise FileError(file, f"{name!r} is no list of {count or 'finite'} numbers; get it again, or remove the file")
    return np.array(values, np.float32)
