"""The one probe: what a frozen embedding holds, asked by logistic regression."""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def linear_probe(strength: float = 0.1, *, balanced: bool = False, most_steps: int = 2000) -> Pipeline:
    """Logistic regression on standardized embeddings, yet to be fitted.

    Args:
        strength: scikit-learn's C: the smaller, the closer to zero the weights are held.
        balanced: classes weigh the same, however many clips they have.
        most_steps: of the solver.
    """
    weights = "balanced" if balanced else None
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, class_weight=weights, max_iter=most_steps))
