"""Self-training: a new head learns a language from clips of it that the model itself has named.

Each class gets as many clips as any other, those it is most probable of; so it is assumed that the clips hold the
classes about equally often. A logistic regression learns these names from the clips' embeddings. Not part of either
paper; reported as a row of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression

from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.statistics import LEAST, Statistics, recentred
from sernb.training.target_statistics import other_folds

Judge = Callable[[np.ndarray], np.ndarray]
"""From embeddings, shape (clips, width), to probabilities of EMOTIONS, shape (clips, 4)."""


@dataclass(frozen=True)
class Settings:
    """How a head is taught by a model's own names; the defaults are what held-out English corpora choose.

    Attributes:
        share: of the clips that get a name; a clip may get two.
        inverse_penalty: of the logistic regression, scikit-learn's C: the smaller, the simpler the head.
        whole: all clips of the other folds are heard, not only those that target statistics are taken over.
        rounds: of teaching; from the second on, the head of the round before gives the names.
    """

    share: float = 1.0
    inverse_penalty: float = 0.0001
    whole: bool = True
    rounds: int = 3


def most_probable(shares: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """As many clips for each class as for any other: those it is most probable of.

    Args:
        shares: probabilities, shape (clips, classes).
        share: of the clips that get a name, from 0 to 1; every class gets one at least.

    Returns:
        Places of the clips, and the class of each, both of shape (named,). A clip that is among the most probable of
        two classes is there twice.

    Examples:
        >>> most_probable(np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]]), share=1.0)
        (array([0, 1, 3, 2]), array([0, 0, 1, 1]))
    """
    classes = shares.shape[1]
    count = max(1, round(share * len(shares) / classes))
    places = np.argsort(-shares, axis=0, kind="stable")[:count]
    return places.T.ravel(), np.repeat(np.arange(classes), count)


def taught_by_names(embeddings: np.ndarray, shares: np.ndarray, settings: Settings) -> LogisticRegression:
    """A head that learnt what `most_probable` names, the names of the last round.

    Args:
        embeddings: in standard scores, shape (clips, width).
        shares: the model's probabilities of EMOTIONS, shape (clips, 4).
        settings: how.

    Returns:
        Its classes are numbers of EMOTIONS.
    """
    for _ in range(settings.rounds):
        places, names = most_probable(shares, settings.share)
        head = LogisticRegression(C=settings.inverse_penalty, max_iter=1000).fit(embeddings[places], names)
        shares = head.predict_proba(embeddings)
    return head


def _taught(
    embeddings: np.ndarray, source: Statistics, judge: Judge, settings: Settings
) -> tuple[LogisticRegression, Statistics]:
    """A head for standard scores, taught by what `judge` calls the re-centred clips; and the clips' statistics."""
    own = Statistics.of(embeddings)
    shares = judge(recentred(embeddings, own, source))
    return taught_by_names(own.standard_scores(embeddings), shares, settings), own


def taught_classifier(
    model: EmotionClassifier, embeddings: np.ndarray, source: Statistics, settings: Settings = Settings()
) -> tuple[EmotionClassifier, Statistics]:
    """The same encoder under a head that the model's own names of clips taught, and the clips' statistics.

    For clips of people who may be among those heard, such as a user's: nothing is held back, and no label takes part.

    Args:
        model: what names the clips; its encoder is shared.
        embeddings: of the clips, by the model, shape (clips, width).
        source: of the language the model was trained on.
        settings: how.

    Returns:
        A classifier for embeddings that are re-centred to `source`, as the model's own head is, and by what to do so.
    """
    taught, own = _taught(embeddings, source, model.judge, settings)
    told = source.deviation > LEAST  # a dimension that never changes is the same in all re-centred embeddings
    weight = torch.from_numpy(np.where(told, taught.coef_ / source.deviation.clip(min=LEAST), 0)).float()
    bias = torch.from_numpy(taught.intercept_).float() - weight @ torch.from_numpy(source.mean).float()
    # a number is what ReLU lets through of it, less what it lets through of its negative: two hidden units a class
    found = EmotionClassifier(model.encoder, 2 * len(EMOTIONS), 0.0, model.log_mel.highest_hz)
    each = torch.eye(len(EMOTIONS))
    found.head.load_state_dict(
        {
            "0.weight": torch.cat([weight, -weight]),
            "0.bias": torch.cat([bias, -bias]),
            "3.weight": torch.cat([each, -each], 1),
            "3.bias": torch.zeros(len(EMOTIONS)),
        }
    )
    return found.eval().to(next(model.parameters()).device), own


def self_trained(
    embeddings: np.ndarray,
    clips: pd.DataFrame,
    pool_embeddings: np.ndarray,
    pool: pd.DataFrame,
    source: Statistics,
    judge: Judge,
    settings: Settings = Settings(),
) -> np.ndarray:
    """Probabilities of clips by heads that a model's names of other folds' clips taught, a head a fold.

    The model names clips of a corpus's other folds, re-centred by their own statistics. So no speaker's voice takes
    part in teaching the head that judges him, and no label does.

    Args:
        embeddings: shape (clips, width).
        clips: their manifest rows, with corpus, language and fold.
        pool_embeddings: shape (pool, width).
        pool: their manifest rows, with utterance_id, corpus, language and fold.
        source: of the language the model was trained on.
        judge: the model's own head.
        settings: how.

    Returns:
        Shape (clips, 4); NaN where there were no clips of other folds. They lie close together where the penalty is
        strong: the highest names the class, and says little about how sure that is.
    """
    found = np.full((len(clips), len(EMOTIONS)), np.nan, dtype=np.float32)
    for rows, others in other_folds(clips, pool, settings.whole):
        head, own = _taught(pool_embeddings[others], source, judge, settings)
        found[rows] = head.predict_proba(own.standard_scores(embeddings[rows]))
    return found
