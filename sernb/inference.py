"""A trained model applied to files that belong to no corpus."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch

from sernb.audio import fit_length, load
from sernb.decode import AudioError
from sernb.evaluation import PROBABILITIES
from sernb.labels import EMOTIONS
from sernb.models import EmotionClassifier


def classify(model: Path, files: Sequence[Path]) -> tuple[pd.DataFrame, list[str]]:
    """Classify files; what follows the model's window in a longer one is not heard.

    Args:
        model: folder written by EmotionClassifier.save_pretrained.
        files: any format libsndfile reads.

    Returns:
        One row a readable file (file, label, a probability for each class), and one message for each other.

    Raises:
        FileNotFoundError, ValueError: as EmotionClassifier.from_pretrained.
    """
    classifier = EmotionClassifier.from_pretrained(model).eval()
    rows, problems = [], []
    for file in files:
        try:
            samples, length = fit_length(load(file), classifier.encoder.seconds)
        except AudioError as error:
            problems.append(str(error))
            continue
        with torch.inference_mode():
            log_mel = classifier.log_mel(torch.from_numpy(samples).float()[None])
            shares = classifier(log_mel, torch.tensor([length]))[0].softmax(-1).tolist()
        label = EMOTIONS[max(range(len(EMOTIONS)), key=shares.__getitem__)]
        rows.append({"file": str(file), "label": label} | dict(zip(PROBABILITIES, shares, strict=True)))
    return pd.DataFrame(rows, columns=["file", "label", *PROBABILITIES]), problems
