"""The target's own statistics: over which clips they are taken, and what they do to embeddings. No label has a say."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sernb.data.folds import Split
from sernb.models.statistics import Statistics, recentred

RECORDED = ["corpus", "language"]
"""What clips share whose statistics are taken together: a corpus of several languages has some for each of them."""
CLIPS = 128  # that statistics are taken over, of each of these: a mean is then off by a tenth of a deviation


def sample(clips: pd.DataFrame) -> pd.DataFrame:
    """At most CLIPS clips of each corpus and language; a clip's place in the deal follows from its name alone."""
    place = pd.Series(pd.util.hash_array(clips["utterance_id"].to_numpy(object)), index=clips.index)
    return clips.loc[place.sort_values().index].groupby(RECORDED, dropna=False).head(CLIPS)


def statistics_pool(split: Split) -> pd.DataFrame:
    """The clips that target statistics are taken over: for each fold judged, `sample` of its corpus's other folds.

    They are the same for every recipe. Clips of classes that nobody is judged on belong to them: choosing by class
    would take labels.
    """
    target = split.target if len(split.target) else split.test
    folds = split.test.groupby(["corpus", "fold"]).size().index
    parts = [sample(target[(target["corpus"] == corpus) & (target["fold"] != fold)]) for corpus, fold in folds]
    return pd.concat([target.head(0), *parts]).drop_duplicates("utterance_id")


def aligned(
    embeddings: np.ndarray,
    clips: pd.DataFrame,
    pool_embeddings: np.ndarray,
    pool: pd.DataFrame,
    source: Statistics,
) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings shifted and scaled so that their corpus has the source's mean and deviation in every dimension.

    A corpus's statistics for a fold come from its clips in the other folds, so no speaker contributes to his own. A
    corpus of several languages has statistics for each.
    Not part of either paper; reported as a row of its own.

    Args:
        embeddings: shape (clips, width).
        clips: their manifest rows, with corpus, language and fold.
        pool_embeddings: shape (pool, width).
        pool: their manifest rows, with utterance_id, corpus, language and fold.
        source: of the language the head was trained on.

    Returns:
        Shape (clips, width), and whether there were clips to take statistics over, shape (clips,).
    """
    moved, known = embeddings.copy(), np.zeros(len(clips), dtype=bool)
    for rows, others in other_folds(clips, pool):
        moved[rows] = recentred(embeddings[rows], Statistics.of(pool_embeddings[others]), source)
        known[rows] = True
    return moved, known


def other_folds(
    clips: pd.DataFrame, pool: pd.DataFrame, whole: bool = False
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each corpus, language and fold: places of its clips, and places in the pool of what is known of the others.

    Args:
        clips: manifest rows, with corpus, language and fold.
        pool: manifest rows, with utterance_id too.
        whole: of each fold's others all count, not only those of `sample`.

    Yields:
        Only where there are two others at least, of which a deviation can be taken.
    """
    row_of = pd.Series(np.arange(len(pool)), index=pool["utterance_id"])
    for (name, language, number), rows in clips.reset_index(drop=True).groupby([*RECORDED, "fold"]).indices.items():
        here = (pool["corpus"] == name) & (pool["language"] == language)
        others = pool[here & (pool["fold"] != number)]
        places = row_of[(others if whole else sample(others))["utterance_id"]].to_numpy()
        if len(places) > 1:
            yield rows, places
