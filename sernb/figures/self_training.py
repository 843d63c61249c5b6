"""Pictures of self-training: which clips a model names rightly before and after it has taught itself."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML

from sernb.evaluation.predictions import scores
from sernb.figures import plots
from sernb.figures.captioned import captioned
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.languages import language_name


def before_and_after(embeddings: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> HTML:
    """The clips of one language in a plane, filled where they are named rightly: by the old head, and by the new one.

    The plane is the one in which the means of the emotions lie farthest apart, in deviations of the language's own.

    Args:
        embeddings: index utterance_id, one column a dimension.
        before: predictions of these clips with target statistics, by one model.
        after: those of the heads it taught, of the same clips.
    """
    before, after = (table.set_index("utterance_id").loc[before["utterance_id"]] for table in (before, after))
    truth, language = before["emotion"].to_numpy(str), language_name(before["language"].iloc[0])
    place = _plane(embeddings.loc[before.index].to_numpy(float), truth)
    right = [np.asarray(EMOTIONS)[table[PROBABILITIES].to_numpy().argmax(1)] == truth for table in (before, after)]
    scored = [scores(table)["macro_f1"] for table in (before, after)]
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharex=True, sharey=True)
    heads = ("taught in English", "taught by its own names")
    for ax, head, named, score in zip(axes, heads, right, scored, strict=True):
        for emotion in EMOTIONS:
            for filled in (True, False):
                rows, colour = (truth == emotion) & (named == filled), plots.COLOURS[emotion]
                ax.scatter(
                    *place[rows].T, s=14, linewidths=0.8, edgecolors=colour,
                    facecolors=colour if filled else "none", label=emotion if filled else None,
                )  # fmt: skip
        ax.set(title=f"{head}: macro-F1 {score:.2f}", xticks=[], yticks=[])
    axes[1].legend(fontsize="small", bbox_to_anchor=(1, 1), loc="upper left", frameon=False)
    better, worse = (right[1] & ~right[0]).sum(), (right[0] & ~right[1]).sum()
    return captioned(
        figure,
        alt=f"Two scatter plots of the same {len(truth)} {language} clips, filled where the emotion is named rightly. "
        f"Left, by the head that English taught, macro-F1 {scored[0]:.2f}; right, by the heads that the model's own "
        f"names taught, macro-F1 {scored[1]:.2f}. {better} clips become right and {worse} become wrong.",
        caption=f"A stored model on real {language} speech, re-centred. Colours are the true emotions; hollow ones are "
        f"named wrongly. With the new heads, {better} clips become right and {worse} wrong.",
        name="fig-self-trained",
    )


def _plane(embeddings: np.ndarray, emotion: np.ndarray) -> np.ndarray:
    """Positions, shape (clips, 2), in the two directions along which the emotions' means differ most."""
    standard = (embeddings - embeddings.mean(0)) / embeddings.std(0).clip(min=1e-6)
    means = np.stack([standard[emotion == name].mean(0) for name in EMOTIONS if (emotion == name).any()])
    return standard @ np.linalg.svd(means - means.mean(0), full_matrices=False)[2][:2].T
