"""How well embeddings tell speakers apart: retrieval and verification."""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve


def speaker_scores(embeddings: np.ndarray, speakers: np.ndarray) -> dict[str, float]:
    """Recall@1 and equal error rate of cosine similarity over all pairs of clips.

    Args:
        embeddings: shape (clips, width).
        speakers: shape (clips,).

    Returns:
        `recall_at_1`: share of clips whose nearest other clip is of the same speaker. `eer`: where as many pairs
        of different speakers are taken for one as pairs of one speaker for two. `verification`: 1 - eer, which
        grows with success.

    Raises:
        ValueError: no two clips of one speaker, or all clips of one.
    """
    numbers = pd.factorize(speakers)[0]
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    similarity = unit @ unit.T
    first, second = np.triu_indices(len(numbers), k=1)
    same = numbers[first] == numbers[second]
    if same.all() or not same.any():
        raise ValueError(f"{len(numbers)} clips of {numbers.max() + 1} speakers hold no pairs of both kinds to compare")
    accepted, hits, _ = roc_curve(same, similarity[first, second])
    crossing = np.argmin(np.abs(accepted - (1 - hits)))
    eer = float((accepted[crossing] + 1 - hits[crossing]) / 2)
    np.fill_diagonal(similarity, -np.inf)
    recall = float((numbers[similarity.argmax(1)] == numbers).mean())
    return {"recall_at_1": recall, "eer": eer, "verification": 1 - eer}
