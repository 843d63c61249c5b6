"""What turns a latent into answers about emotion, activation and valence, fitted on the source alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sernb.evaluation.probe import linear_probe

SCALES = ("activation", "valence")
PAIR = ("angry", "sad")
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)
Embed = Callable[[pd.DataFrame, bool], np.ndarray]


@dataclass(frozen=True)
class Readouts:
    """What turns a latent into answers, all of it fitted on source training clips.

    Attributes:
        emotion: logistic regression over the four classes.
        pair: logistic regression, angry against sad.
        activation: ridge regression; the latent's one linear combination that is compared with the labels.
        valence: ridge regression, likewise.
    """

    emotion: Pipeline
    pair: Pipeline
    activation: Pipeline
    valence: Pipeline

    @classmethod
    def fit(cls, embed: Embed, train: pd.DataFrame, validation: pd.DataFrame) -> "Readouts":
        """Fit each on `train`, its strength of regularisation chosen on `validation`; classes weigh the same."""
        seen, held_out = embed(train, False), embed(validation, False)

        def best(column: str, kind: Callable, score: Callable, classes: Sequence[str] | None = None):
            fits, chosen_on = (
                (clips[column].notna() if classes is None else clips[column].isin(classes)).to_numpy(bool)
                for clips in (train, validation)
            )
            truth = validation.loc[chosen_on, column].to_numpy()
            models = [kind(strength).fit(seen[fits], train.loc[fits, column].to_numpy()) for strength in STRENGTHS]
            return max(models, key=lambda model: score(truth, model.predict(held_out[chosen_on])))

        def classifier(strength: float) -> Pipeline:
            return linear_probe(strength, balanced=True)

        def regression(strength: float) -> Pipeline:
            # 1 to 10,000: the scale at which 400 clips in 384 dimensions need it
            return make_pipeline(StandardScaler(), Ridge(alpha=100 * strength))

        def closeness(truth: np.ndarray, guess: np.ndarray) -> float:
            return -np.square(truth - guess).mean()

        return cls(
            best("emotion", classifier, balanced_accuracy_score),
            best("emotion", classifier, balanced_accuracy_score, classes=PAIR),
            *(best(scale, regression, closeness) for scale in SCALES),
        )

    def answer(self, latents: np.ndarray) -> pd.DataFrame:
        """Columns predicted_emotion, predicted_pair, predicted_activation, predicted_valence."""
        names = {"emotion": self.emotion, "pair": self.pair, "activation": self.activation, "valence": self.valence}
        answers = {f"predicted_{name}": model.predict(latents) for name, model in names.items()}
        return pd.DataFrame(answers).round(2)  # labels come in steps of 0.5
