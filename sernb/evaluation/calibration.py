"""Whether a model is right as often as it says, and a temperature that brings it nearer to that."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from sklearn.calibration import calibration_curve

from sernb.evaluation.predictions import PROBABILITIES, predicted
from sernb.labels import EMOTIONS
from sernb.models.confidence import Confidence
from sernb.models.statistics import Statistics

BINS = 10
TEMPERATURES = (0.05, 20.0)
"""Among which one is fitted."""


def reliability(predictions: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Confidence against accuracy: one row a bin of the named class's probability that holds a clip.

    Returns:
        Columns confidence (mean of the bin), accuracy and clips.
    """
    confidence, right = _confidence(predictions)
    accuracy, mean = calibration_curve(right, confidence, n_bins=bins)
    counts = np.histogram(confidence, np.linspace(0, 1, bins + 1))[0]
    return pd.DataFrame({"confidence": mean, "accuracy": accuracy, "clips": counts[counts > 0]})


def expected_calibration_error(predictions: pd.DataFrame, bins: int = BINS) -> float:
    """Mean distance of confidence and accuracy over the bins of `reliability`, by clips (Guo et al. 2017)."""
    curve = reliability(predictions, bins)
    return float(np.average((curve["confidence"] - curve["accuracy"]).abs(), weights=curve["clips"]))


def calibrations(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """`calibration` of each method that judged a clip: a row each."""
    measured = {method: calibration(table) for method, table in tables.items() if len(table)}
    return pd.DataFrame(measured).T.reset_index(names="method")


def calibration(predictions: pd.DataFrame) -> dict[str, float]:
    """Mean confidence, accuracy, expected calibration error, and the mean negative log-likelihood of the truth."""
    confidence, right = _confidence(predictions)
    shares = predictions[PROBABILITIES].to_numpy(float)
    column = [PROBABILITIES.index(f"p_{name}") for name in predictions["emotion"]]
    likelihood = shares[np.arange(len(shares)), column]
    return {
        "confidence": float(confidence.mean()),
        "accuracy": float(right.mean()),
        "ece": expected_calibration_error(predictions),
        "log_loss": float(-np.log(likelihood.clip(1e-12)).mean()),
    }


def fit_confidence(
    predictions: pd.DataFrame,
    source: Statistics | None = None,
    level: tuple[float, float] | None = None,
    people: dict[str, int] | None = None,
) -> Confidence:
    """Fit a temperature, and the probability under which no class is named, on labelled clips.

    The temperature is that of the greatest likelihood of the true classes (Guo et al. 2017). A model can't tell where
    it is wrong as often as right: the threshold is the largest under which no more than half of the clips are named
    right.

    Args:
        predictions: of clips, and people, that nothing was trained on.
        source: see Confidence.
        level: see Confidence.
        people: see Confidence.
    """
    shares = predictions[PROBABILITIES].to_numpy(float).clip(1e-12)
    column = np.array([EMOTIONS.index(name) for name in predictions["emotion"]])

    def loss(log_temperature: float) -> float:
        logits = np.log(shares) / np.exp(log_temperature)
        return float(np.mean(np.logaddexp.reduce(logits, 1) - logits[np.arange(len(logits)), column]))

    temperature = float(np.exp(minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded").x))
    speakers = int(predictions["speaker"].nunique())
    fitted = Confidence(temperature, 0.0, len(predictions), speakers, source, level, people=people)
    calibrated = fitted.calibrated(shares)
    confidence, right = calibrated.max(1), calibrated.argmax(1) == column
    order = np.argsort(confidence, kind="stable")
    share_right = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    poor = np.flatnonzero(share_right <= 0.5)
    if not len(poor):
        return fitted
    last, ranked = int(poor[-1]), confidence[order]
    # between the last clip below and the first above; 1 where nothing is above
    threshold = float(ranked[last : last + 2].mean()) if last + 1 < len(ranked) else 1.0
    return replace(fitted, unsure_below=threshold)


def _confidence(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    confidence = predictions[PROBABILITIES].to_numpy(float).max(1).clip(0, 1)
    return confidence, predicted(predictions) == predictions["emotion"].to_numpy(object)
