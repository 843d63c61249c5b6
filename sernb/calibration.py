"""Whether a model is right as often as it says: reliability curves and the expected calibration error."""

import numpy as np
import pandas as pd
from sklearn.calibration import calibration_curve

from sernb.evaluation import PROBABILITIES, predicted

BINS = 10


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


def _confidence(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    confidence = predictions[PROBABILITIES].to_numpy(float).max(1).clip(0, 1)
    return confidence, predicted(predictions) == predictions["emotion"].to_numpy(object)
