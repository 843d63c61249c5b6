"""What a speaker leak is worth: one probe, judged over careless folds and over speaker-disjoint ones."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sernb.evaluation import DESCRIPTION, PROBABILITIES, infer
from sernb.labels import EMOTIONS
from sernb.models import EmotionClassifier, WhisperEncoder, fingerprint
from sernb.runs import METRICS_FILE, PREDICTIONS_FILE, Run, RunStore, data_hash, write_table
from sernb.training.loop import make_accelerator

CARELESS, DISJOINT = "random folds", "speaker-disjoint folds"


@dataclass(frozen=True)
class LeakConfig:
    """What the comparison depends on.

    Attributes:
        seed: deals the careless folds.
        folds: number of careless folds; the disjoint ones are the manifest's.
        seconds: the encoder's window.
        pooling: frames averaged, "speech" or "all".
    """

    seed: int = 0
    folds: int = 5
    seconds: float = 4.0
    pooling: str = "speech"


def careless_folds(emotion: pd.Series, folds: int = 5, seed: int = 0) -> np.ndarray:
    """Folds as most published code deals them: by clip, balanced in class, blind to speakers; shape (clips,)."""
    result = np.zeros(len(emotion), int)
    dealer = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for number, (_, members) in enumerate(dealer.split(result, emotion.to_numpy(object))):
        result[members] = number
    return result


def probe(embeddings: np.ndarray, emotion: np.ndarray, fold: np.ndarray) -> np.ndarray:
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
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
        model.fit(embeddings[~test], emotion[~test])
        columns = [EMOTIONS.index(name) for name in model.classes_]
        result[np.ix_(test, columns)] = model.predict_proba(embeddings[test])
    return result


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
        emotion = clips["emotion"].to_numpy(object)
        deals = {
            CARELESS: careless_folds(clips["emotion"], config.folds, config.seed),
            DISJOINT: clips["fold"].to_numpy(int),
        }
        tables = [
            clips[DESCRIPTION]
            .reset_index(drop=True)
            .join(pd.DataFrame(probe(embeddings, emotion, fold), columns=PROBABILITIES))
            .assign(part=name, fold=fold)
            for name, fold in deals.items()
        ]
        write_table(folder / PREDICTIONS_FILE, pd.concat(tables, ignore_index=True))
        (folder / METRICS_FILE).touch()

    inputs = {"data": data_hash(clips), "weights": fingerprint(model.encoder)}
    return store.run("leak", config, inputs, execute, {"encoder": Path(encoder).name})
