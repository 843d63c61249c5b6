"""Scores on cases small enough to work out by hand."""

import numpy as np
import pandas as pd
import pytest

from sernb.evaluation.predictions import PROBABILITIES, confusion, predict, recall_by, scores, scores_by
from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.training.loop import make_accelerator


def predictions(pairs: list[tuple[str, str]], **columns) -> pd.DataFrame:
    """Rows of (true, predicted)."""
    truth = [true for true, _ in pairs]
    certain = [[0.7 if name == guess else 0.1 for name in EMOTIONS] for _, guess in pairs]
    return pd.DataFrame({"emotion": truth, **columns}).join(pd.DataFrame(certain, columns=PROBABILITIES))


FOUR = predictions(
    [("angry", "angry"), ("angry", "angry"), ("angry", "happy"), ("sad", "sad"), ("sad", "neutral")],
    gender=["female", "female", "male", "male", "male"],
)


def test_scores_by_hand():
    # angry: precision 1, recall 2/3, F1 0.8; sad: precision 1, recall 1/2, F1 2/3; happy and neutral: F1 0
    assert scores(FOUR) == pytest.approx({"accuracy": 3 / 5, "macro_f1": (0.8 + 2 / 3) / 4, "uar": (2 / 3 + 1 / 2) / 2})


def test_scores_by_group_count_their_clips():
    table = scores_by(FOUR, "gender").set_index("gender")
    assert table["clips"].to_dict() == {"female": 2, "male": 3}
    assert table.loc["female", "accuracy"] == 1 and table.loc["male", "accuracy"] == pytest.approx(1 / 3)


def test_recall_lists_only_classes_that_occur():
    table = recall_by(FOUR, "gender").set_index(["gender", "emotion"])["recall"].to_dict()
    assert table == {("female", "angry"): 1, ("male", "angry"): 0, ("male", "sad"): 0.5}


def test_confusion_rows_are_shares():
    table = confusion(FOUR)
    assert table.loc["angry"].tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert table.loc["sad"].tolist() == [0, 0, 0.5, 0.5]
    assert np.isnan(table.loc["happy"]).all()


def test_no_clips_are_no_predictions(clips):
    table = predict(EmotionClassifier(WhisperEncoder("random-1x32")), clips(speaker=["a"])[:0], make_accelerator())
    assert len(table) == 0 and set(PROBABILITIES) < set(table)
