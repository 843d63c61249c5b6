"""The shift: a language's frozen embeddings, standardised with English statistics, then more and more with its own."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import f1_score

from sernb.experiments.layers import from_english, probe
from sernb.experiments.study import SOURCE_LANGUAGE
from sernb.figures.captioned import picture
from sernb.figures.plots import COLOURS
from sernb.figures.widgets.container import Widget, extent, shorts
from sernb.labels import EMOTIONS
from sernb.languages import language_name
from sernb.models.statistics import Statistics
from sernb.training.target_statistics import aligned

SHOWN = 200
"""English clips in the picture."""


def shift(clips: pd.DataFrame, embeddings: np.ndarray, language: str, anchor: str = "") -> Widget:
    """A slider from English statistics to the language's own: cloud, confusion matrix and macro-F1 follow.

    Args:
        clips: labelled, English among them, as `experiments.frozen.read` returns them.
        embeddings: shape (clips, width).
        language: ISO 639-1 code of the target language.
        anchor: see `Widget`.

    Raises:
        ValueError: no clip of the language, or none in English, or none in another fold to take statistics over.
    """
    data = shift_data(clips, embeddings, language)
    name = data["language"]
    first, last = data["macro_f1"]
    return Widget(
        "shift",
        f"The shift between English and {name}, to be moved",
        picture(
            _still(data),
            f"Two scatter plots of {name} clips over grey English ones, one colour per emotion, filled where the probe "
            f"names it. Left, with English statistics, the {name} clips lie to the side: macro-F1 {first:.3f}. Right, "
            f"with their own, they lie over the English ones: macro-F1 {last:.3f}.",
        ),
        f"{len(data['emotion'])} {name} clips ({data['corpus']}) under a probe that learnt from English only. Only the "
        "mean and the deviation of each dimension change: English ones at first, in the end the language's own, taken "
        "over other speakers' clips without their labels.",
        {key: value for key, value in data.items() if not isinstance(value, np.ndarray)}
        | {key: shorts(data[key]) for key in ("place", "logits")}
        | {"emotion": data["emotion"].tolist(), "english": _packed(data["english"])},
        anchor,
        ("scores",),
    )


def shift_data(clips: pd.DataFrame, embeddings: np.ndarray, language: str) -> dict[str, Any]:
    """What the picture shows, computed in all dimensions, with the probe and the statistics of `taught_in_english`.

    At one end of the slider clips are standardised with the mean and deviation of the English training clips, at the
    other with those of their own language. Between, each lies that share of the way from one place to the other, and so
    do its logits: two positions are all that the page needs.

    Returns:
        language and corpus, their names; emotion, number of each clip's class, shape (clips,); logits, shape (2, clips,
        4), scaled to 16 bits; place in the plane, shape (2, clips, 2), and its range (left, right, bottom, top) in the
        same units; english, `emotion` and `place` of SHOWN English clips; macro_f1 at both ends. The plane: across,
        from the English mean to the language's; up, at right angles to it, the direction in which the means of the
        English emotions differ most.

    Raises:
        ValueError: as `shift`.
    """
    for wanted in (SOURCE_LANGUAGE, language):
        if not (clips["language"] == wanted).any():
            raise ValueError(f"no clip of {language_name(wanted)} among the {len(clips)} given")
    split = from_english(clips)
    english, own = split.train, split.test[split.test["language"] == language]
    heard, vectors = embeddings[english.index], embeddings[own.index]
    centred, known = aligned(vectors, own, vectors, own, Statistics.of(heard))
    if not known.all():
        raise ValueError(f"{language_name(language)}: all clips are in one fold, so none are left for statistics")
    scaler, model = probe(heard, english["emotion"])
    truth = own["emotion"].to_numpy(object)
    order = [list(model.classes_).index(emotion) for emotion in EMOTIONS]
    moved = np.stack([scaler.transform(one.astype(float)) for one in (vectors, centred)])
    heard = scaler.transform(heard.astype(float))
    plane = _plane(moved[0].mean(0), heard, english["emotion"].to_numpy(object))
    logits = moved @ model.coef_[order].T + model.intercept_[order]
    logits -= logits.mean(-1, keepdims=True)
    place = moved @ plane.T
    few = np.linspace(0, len(heard) - 1, min(SHOWN, len(heard))).astype(int)
    around = heard[few] @ plane.T
    unit, shown = extent(np.concatenate([place.reshape(-1, 2), around]))
    return {
        "language": language_name(language),
        "corpus": ", ".join(sorted(own["corpus"].unique())),
        "emotion": pd.Categorical(truth, EMOTIONS).codes.astype(int),
        "logits": logits * (30_000 / np.abs(logits).max()),
        "place": place * unit,
        "range": shown,
        "english": {
            "emotion": pd.Categorical(english["emotion"].iloc[few], EMOTIONS).codes.astype(int),
            "place": around * unit,
        },
        "macro_f1": [
            f1_score(truth, np.asarray(EMOTIONS, object)[one], labels=EMOTIONS, average="macro", zero_division=0)
            for one in logits.argmax(-1)
        ],
    }


def _plane(away: np.ndarray, heard: np.ndarray, emotion: np.ndarray) -> np.ndarray:
    """Two directions at right angles, shape (2, width): towards `away`, and where English emotions differ most."""
    across = away / np.linalg.norm(away)
    means = pd.DataFrame(heard).groupby(emotion).mean().to_numpy()
    means = means - means.mean(0)
    means -= np.outer(means @ across, across)
    up = np.linalg.svd(means, full_matrices=False)[2][0]
    lively = pd.DataFrame(heard @ up).groupby(emotion).mean()[0]
    return np.stack([across, up if lively.get("angry", 0) >= lively.get("sad", 0) else -up])


def _packed(english: dict[str, np.ndarray]) -> dict[str, Any]:
    return {"emotion": english["emotion"].tolist(), "place": shorts(english["place"])}


def _still(data: dict[str, Any]) -> Figure:
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", sharex=True, sharey=True)
    left, right, bottom, top = data["range"]
    whose = ("English statistics", "its own statistics")
    for ax, at, what, score in zip(axes, (0, -1), whose, data["macro_f1"], strict=True):
        ax.scatter(*data["english"]["place"].T, s=5, color="#bbbbbb", marker="s")
        right_ones = data["logits"][at].argmax(-1) == data["emotion"]
        for number, emotion in enumerate(EMOTIONS):
            for named in (False, True):
                rows = (data["emotion"] == number) & (right_ones == named)
                colour = COLOURS[emotion]
                ax.scatter(
                    *data["place"][at][rows].T, s=14, linewidths=0.8, edgecolors=colour,
                    facecolors=colour if named else "none", label=emotion if named else None,
                )  # fmt: skip
        ax.set(title=f"{what}: macro-F1 {score:.3f}", xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
        ax.set_xlabel(f"from English (grey) to {data['language']}")
    axes[0].legend(fontsize=9, loc="best")
    return figure
