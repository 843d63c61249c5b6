"""What a speaker leak is worth: one probe, judged over careless folds and over speaker-disjoint ones."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from sernb.corpora.ranges import Checked, Folds, Pooling, Seed, Window
from sernb.data.writing import data_hash, write_table
from sernb.evaluation.predictions import infer, prediction_table
from sernb.evaluation.probe import linear_probe
from sernb.experiments.study import SOURCE_LANGUAGE
from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.weights import fingerprint
from sernb.models.whisper import WhisperEncoder
from sernb.runs import METRICS_FILE, PREDICTIONS_FILE, Run, RunStore
from sernb.training.loop import make_accelerator

CARELESS, DISJOINT = "random folds", "speaker-disjoint folds"


@dataclass(frozen=True)
class LeakConfig(Checked):
    """What the comparison depends on.

    Attributes:
        seed: deals the careless folds.
        folds: number of careless folds; the disjoint ones are the manifest's.
        seconds: the encoder's window.
        pooling: frames averaged, "speech" or "all".
    """

    seed: Seed = 0
    folds: Folds = 5
    seconds: Window = 4.0
    pooling: Pooling = "speech"


def careless_folds(emotion: pd.Series, folds: int = 5, seed: int = 0) -> np.ndarray:
    """Folds as most published code deals them: by clip, balanced in class, blind to speakers; shape (clips,)."""
    result = np.zeros(len(emotion), int)
    dealer = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for number, (_, members) in enumerate(dealer.split(result, emotion.to_numpy(object))):
        result[members] = number
    return result


def cross_validated_shares(embeddings: np.ndarray, emotion: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Cross-validated class probabilities of logistic regression on standardized embeddings.

    Args:
        embeddings: shape (clips, width).
        emotion: class of each clip, shape (clips,).
        fold: fold of each clip, shape (clips,).

    Returns:
        Probabilities of each clip by the model that didn't see its fold, shape (clips, 4), columns as EMOTIONS.
    """
    result = np.zeros((len(emotion), len(EMOTIONS)))
    for number in np.unique(fold):
        test = fold == number
        model = linear_probe()
        model.fit(embeddings[~test], emotion[~test])
        columns = [EMOTIONS.index(name) for name in model.classes_]
        result[np.ix_(test, columns)] = model.predict_proba(embeddings[test])
    return result


def over_deals(clips: pd.DataFrame, embeddings: np.ndarray, folds: int = 5, seed: int = 0) -> pd.DataFrame:
    """The same probe of the same embeddings judged over careless folds and over the manifest's.

    Args:
        clips: labelled manifest rows of one corpus with at least two folds.
        embeddings: shape (clips, width).
        folds: number of careless folds.
        seed: deals them.

    Returns:
        Predictions of every clip under each deal, with the columns part (CARELESS or DISJOINT) and fold.
    """
    emotion = clips["emotion"].to_numpy(object)
    deals = {CARELESS: careless_folds(clips["emotion"], folds, seed), DISJOINT: clips["fold"].to_numpy(int)}
    tables = [
        prediction_table(clips, cross_validated_shares(embeddings, emotion, fold)).assign(part=name, fold=fold)
        for name, fold in deals.items()
    ]
    return pd.concat(tables, ignore_index=True)


def over_corpora(clips: pd.DataFrame, embeddings: np.ndarray) -> pd.DataFrame:
    """`over_deals` of every corpus in another language than English, in one table.

    Args:
        clips: labelled rows with an index from 0; of the manifest, or as `frozen.read` returns them.
        embeddings: shape (clips, width).
    """
    targets = clips[clips["language"] != SOURCE_LANGUAGE].groupby("corpus")
    return pd.concat([over_deals(rows, embeddings[rows.index]) for _, rows in targets], ignore_index=True)


def measure_leak(
    config: LeakConfig, clips: pd.DataFrame, encoder: str | Path, store: RunStore, progress: bool = True
) -> Run:
    """Judge frozen embeddings of one corpus over both kinds of folds; `part` in the predictions tells them apart.

    Args:
        config: see LeakConfig.
        clips: labelled manifest rows of one corpus with at least two folds.
        encoder: as WhisperEncoder takes it; nothing is trained in it.
        store: where the run is found or made.
        progress: show a progress bar.
    """
    model = EmotionClassifier(WhisperEncoder(encoder, config.seconds, config.pooling, config.seed))

    def execute(folder: Path) -> None:
        accelerator = make_accelerator()
        _, embeddings = infer(model.to(accelerator.device), clips, accelerator, progress=progress)
        write_table(folder / PREDICTIONS_FILE, over_deals(clips, embeddings, config.folds, config.seed))
        (folder / METRICS_FILE).touch()

    inputs = {"data": data_hash(clips), "weights": fingerprint(model.encoder)}
    return store.run("leak", config, inputs, execute, {"encoder": Path(encoder).name})
