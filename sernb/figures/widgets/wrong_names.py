"""Wrong names: what a simple head learns from clips that more and more are named wrongly, in one way or another."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from sernb.figures.captioned import picture
from sernb.figures.widgets.container import Widget, extent, shorts
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.languages import language_name
from sernb.models.statistics import Statistics
from sernb.training.self_training import Settings

WAYS = {
    "scattered": "at random, any of the others",
    "one-sided": "always the same other one",
    "own": "the model's own names",
}
SHARES = tuple(range(0, 71, 10))
"""Wrong names in a hundred, of all WAYS but the model's own."""
DRAWS = 3
"""Times that wrong names are drawn; the first is the one that is seen."""


def wrong_names(judged: pd.DataFrame, embeddings: pd.DataFrame, language: str, anchor: str = "") -> Widget:
    """A slider for the share of wrong names, and a switch for their kind: names, means and what a head makes of them.

    Args:
        judged: predictions of one run, its variant with target statistics.
        embeddings: of the same run, a row a clip, with utterance_id as the index.
        language: ISO 639-1 code; clips of other languages are left out.
        anchor: see `Widget`.

    Raises:
        ValueError: no clip of the language, or of fewer than two speakers.
    """
    data = wrong_names_data(judged, embeddings, language)
    name, at = data["language"], SHARES.index(40)
    scattered, one_sided = (data["ways"][way]["mean"][at] for way in ("scattered", "one-sided"))
    own = data["ways"]["own"]
    return Widget(
        "wrong_names",
        f"What a head learns from wrong names, {name}",
        picture(
            _still(data),
            f"Macro-F1 of heads that learnt names of {name} clips, over the share of names that are wrong. From names "
            f"of which 40 % are wrong a head makes {scattered:.3f} where these are scattered at random, and "
            f"{one_sided:.3f} where they all go the same way. The model's own names are right in "
            f"{own['right'][0]:.0%} of clips; a head makes {own['mean'][0]:.3f} of them.",
        ),
        f"{len(data['emotion'])} {name} clips ({data['corpus']}), embeddings of a stored baseline. Heads, logistic "
        f"regressions with C = {Settings().inverse_penalty:g}, learn the names of other speakers' clips, and are "
        f"scored by the true emotions of these. Curves: means over {DRAWS} draws.",
        data | {"place": shorts(data["place"])},
        anchor,
        ("scores",),
    )


def wrong_names_data(judged: pd.DataFrame, embeddings: pd.DataFrame, language: str) -> dict[str, Any]:
    """What the picture shows: names, and the answers of heads that learnt them, each of clips of other speakers.

    One-sided names are those of the next class in the order of EMOTIONS. The model's own are its most probable classes.

    Returns:
        language and corpus, their names; emotion, each clip's class as a digit; place, shape (clips, 2), in the plane
        in which the emotions' means differ most, scaled to 16 bits, and its range (left, right, bottom, top); ways, for
        each of WAYS: shares, of wrong names in a hundred; names and answers, digits as in emotion, one string a share;
        right, the share of right names, and mean, the macro-F1 of the answers, both over DRAWS.

    Raises:
        ValueError: as `wrong_names`.
    """
    clips = judged[judged["language"] == language]
    if "part" in clips:
        clips = clips[clips["part"] == "test"]
    if clips.empty:
        raise ValueError(f"no clip of {language_name(language)} among the {len(judged)} given")
    speakers = clips["speaker"].nunique()
    if speakers < 2:
        raise ValueError(f"{language_name(language)}: all clips are of one speaker, so no other could teach a head")
    vectors = embeddings.loc[clips["utterance_id"]].to_numpy(float)
    folds = list(GroupKFold(min(5, speakers)).split(vectors, groups=clips["speaker"]))
    truth = pd.Categorical(clips["emotion"], EMOTIONS).codes.astype(int)
    own = clips[PROBABILITIES].to_numpy().argmax(1)
    place = _plane(Statistics.of(vectors).standard_scores(vectors), truth)
    unit, shown = extent(place)
    return {
        "language": language_name(language),
        "corpus": ", ".join(sorted(clips["corpus"].unique())),
        "emotion": _digits(truth),
        "place": place * unit,
        "range": shown,
        "ways": {
            way: _learnt([own], [0], truth, vectors, folds)
            if way == "own"
            else _learnt(_draws(truth, way), SHARES, truth, vectors, folds)
            for way in WAYS
        },
    }


def named(truth: np.ndarray, way: str, share: float, generator: np.random.Generator) -> np.ndarray:
    """Names of clips, wrong in so many of them, as WAYS says.

    Args:
        truth: number of each clip's class, shape (clips,).
        way: "scattered" or "one-sided".
        share: of wrong names, 0 to 1.
        generator: draws which are wrong, and what they are called.
    """
    wrong = generator.permutation(len(truth)) < round(share * len(truth))
    away = generator.integers(1, len(EMOTIONS), len(truth)) if way == "scattered" else 1
    return np.where(wrong, (truth + away) % len(EMOTIONS), truth)


def answers(vectors: np.ndarray, names: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """What heads say of clips that learnt the names of others, in standard scores of these.

    Args:
        vectors: shape (clips, width).
        names: number of each clip's class, shape (clips,).
        folds: places of the clips to learn from and to answer for.
    """
    found = np.empty(len(names), int)
    for others, these in folds:
        own = Statistics.of(vectors[others])
        head = LogisticRegression(C=Settings().inverse_penalty, class_weight="balanced", max_iter=1000)
        head.fit(own.standard_scores(vectors[others]), names[others])
        found[these] = head.predict(own.standard_scores(vectors[these]))
    return found


def _draws(truth: np.ndarray, way: str) -> Iterator[np.ndarray]:
    """Names, share by share, and of each DRAWS times."""
    for share in SHARES:
        for draw in range(DRAWS):
            yield named(truth, way, share / 100, np.random.default_rng(draw))


def _learnt(
    names: Iterable[np.ndarray],
    shares: Sequence[int],
    truth: np.ndarray,
    vectors: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
) -> dict[str, Any]:
    rows = [(one, answers(vectors, one, folds)) for one in names]
    draws = len(rows) // len(shares)
    first = rows[::draws]

    def mean(values: list[float]) -> list[float]:
        return np.reshape(values, (len(shares), draws)).mean(1).tolist()

    return {
        "shares": list(shares),
        "names": [_digits(one) for one, _ in first],
        "answers": [_digits(said) for _, said in first],
        "right": mean([float((one == truth).mean()) for one, _ in rows]),
        "mean": mean([f1_score(truth, said, labels=range(4), average="macro", zero_division=0) for _, said in rows]),
    }


def _digits(classes: np.ndarray) -> str:
    return "".join(map(str, classes))


def _plane(standard: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Places, shape (clips, 2), in the two directions in which the means of the classes differ most."""
    means = np.stack([standard[truth == number].mean(0) for number in np.unique(truth)])
    return standard @ np.linalg.svd(means - means.mean(0), full_matrices=False)[2][:2].T


def _still(data: dict[str, Any]) -> Figure:
    figure, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
    for way, style in (("scattered", "o-"), ("one-sided", "s--")):
        found = data["ways"][way]
        ax.plot(found["shares"], found["mean"], style, markersize=4, label=f"wrong names: {WAYS[way]}")
    own = data["ways"]["own"]
    ax.plot(100 * (1 - own["right"][0]), own["mean"][0], "k*", markersize=12, label=WAYS["own"])
    ax.set(xlabel="wrong names, %", ylabel="macro-F1 of the head", ylim=(0, 1), title=data["language"])
    ax.legend(fontsize=9)
    return figure
