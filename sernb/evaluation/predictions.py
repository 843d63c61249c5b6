"""Scores, every one computed from stored predictions."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.models.classifier import EmotionClassifier
from sernb.models.embeddings import log_mel_batches

DESCRIPTION = ["utterance_id", "corpus", "language", "speaker", "gender", "emotion"]
METRICS = ("accuracy", "macro_f1", "uar")


@torch.inference_mode()
def infer_batches(
    model: EmotionClassifier, batches: Iterable[tuple[torch.Tensor, torch.Tensor]], accelerator: Accelerator
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and embeddings of what `log_mel_batches` yields, as `infer` returns them."""
    # no clips are no rows: a target without labels has nothing to judge
    probabilities = [np.zeros((0, len(EMOTIONS)), np.float32)]
    embeddings = [np.zeros((0, model.encoder.width), np.float32)]
    training = model.training
    model.eval()
    for log_mel, frames in batches:
        with accelerator.autocast():
            embedding = model.encoder(log_mel, frames)
            logits = model.head(embedding)
        probabilities.append(logits.float().softmax(-1).cpu().numpy())
        embeddings.append(embedding.float().cpu().numpy())
    model.train(training)
    return np.concatenate(probabilities), np.concatenate(embeddings)


def infer(
    model: EmotionClassifier,
    clips: pd.DataFrame,
    accelerator: Accelerator,
    batch_size: int = 64,
    workers: int = 0,
    progress: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and embeddings of the clean view of each clip, cut at its beginning.

    Returns:
        Probabilities, shape (clips, 4), columns as labels.EMOTIONS, and embeddings, shape (clips, width).
    """
    batches = log_mel_batches(clips, model.encoder.seconds, model.log_mel, accelerator, batch_size, workers, progress)
    return infer_batches(model, batches, accelerator)


def predict(model: EmotionClassifier, clips: pd.DataFrame, accelerator: Accelerator, **options) -> pd.DataFrame:
    """What a run stores: who and what each clip is, and the model's probability for each class."""
    probabilities, _ = infer(model, clips, accelerator, **options)
    return prediction_table(clips, probabilities)


def prediction_table(clips: pd.DataFrame, probabilities: np.ndarray) -> pd.DataFrame:
    """Manifest rows and class probabilities, shape (clips, 4), as one table."""
    table = clips[DESCRIPTION].reset_index(drop=True)
    return table.join(pd.DataFrame(probabilities, columns=PROBABILITIES))


def predicted(predictions: pd.DataFrame) -> np.ndarray:
    """The most probable class of each row."""
    return np.asarray(EMOTIONS)[predictions[PROBABILITIES].to_numpy().argmax(1)]


def classes_in(predictions: pd.DataFrame) -> list[str]:
    """The classes that occur among the true ones, in the order of EMOTIONS."""
    return [emotion for emotion in EMOTIONS if (predictions["emotion"] == emotion).any()]


def scores(predictions: pd.DataFrame) -> dict[str, float]:
    """Accuracy, macro-F1 and UAR (unweighted average recall) of predictions.

    Macro-F1 averages over the four classes, whether or not all occur; UAR over the classes that occur.

    Examples:
        Three angry clips and a sad one, all named angry:

        >>> clips = pd.DataFrame({"emotion": ["angry", "angry", "angry", "sad"]})
        >>> shares = pd.DataFrame([[0.7, 0.1, 0.1, 0.1]] * 4, columns=PROBABILITIES)
        >>> {name: round(value, 3) for name, value in scores(clips.join(shares)).items()}
        {'accuracy': 0.75, 'macro_f1': 0.214, 'uar': 0.5}
    """
    truth, guess = predictions["emotion"].to_numpy(object), predicted(predictions).astype(object)
    return {
        "accuracy": accuracy_score(truth, guess),
        "macro_f1": f1_score(truth, guess, labels=list(EMOTIONS), average="macro", zero_division=0),
        "uar": recall_score(truth, guess, labels=classes_in(predictions), average="macro", zero_division=0),
    }


def scores_by(predictions: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """`scores` and the number of clips of every group, one row a group."""
    groups = predictions.groupby(list(columns), dropna=False)
    return pd.DataFrame(
        [dict(zip(columns, key, strict=True)) | {"clips": len(rows)} | scores(rows) for key, rows in groups]
    )


def recall_by(predictions: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Recall of each class in every group, one row a group and class that occurs in it."""
    rows = []
    for key, group in predictions.groupby(list(columns), dropna=False):
        group_truth = group["emotion"].to_numpy(object)
        present = classes_in(group)
        recalls = recall_score(group_truth, predicted(group).astype(object), labels=present, average=None)
        for emotion, recall in zip(present, recalls, strict=True):
            clips = int((group_truth == emotion).sum())
            rows.append(dict(zip(columns, key, strict=True)) | {"emotion": emotion, "recall": recall, "clips": clips})
    return pd.DataFrame(rows)


def confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Share of each true class (row) predicted as each class (column); a class without clips is a row of NaN."""
    counts = confusion_matrix(predictions["emotion"].to_numpy(object), predicted(predictions), labels=list(EMOTIONS))
    totals = counts.sum(1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    return pd.DataFrame(shares, index=pd.Index(EMOTIONS, name="true"), columns=pd.Index(EMOTIONS, name="predicted"))
