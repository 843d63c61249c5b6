"""Pictures of the self-supervised methods; as in `plots`, each draws on given axes and returns them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from sklearn.manifold import TSNE

from sernb.figures.plots import COLOURS, GENDER_COLOURS


def _axes(ax: Axes | None, width: float = 6.4, height: float = 3.6) -> Axes:
    return ax if ax is not None else plt.subplots(figsize=(width, height), layout="constrained")[1]


def confusion_difference(points: pd.DataFrame, ax: Axes | None = None, largest: float | None = None) -> Axes:
    """Method minus baseline in points: blue where the method puts more, red where it puts less.

    Args:
        points: rows true, columns predicted.
        ax: axes to draw on.
        largest: difference that has the darkest colour; None for that of `points`.
    """
    ax = _axes(ax, 4.8, 4.0)
    largest = largest or max(1.0, np.nanmax(np.abs(points.to_numpy())))
    whole = points.round() + 0.0  # no "-0"
    colours = {"vmin": -largest, "vmax": largest, "cmap": "RdBu"}
    sns.heatmap(whole, annot=True, fmt="+.0f", square=True, cbar=False, ax=ax, **colours)
    return ax


def curves(metrics: pd.DataFrame, columns: dict[str, str], ax: Axes | None = None) -> Axes:
    """Columns of a run's metrics over epochs, each under its label."""
    ax = _axes(ax)
    for column, label in columns.items():
        ax.plot(metrics["epoch"], metrics[column], marker="o", label=label)
    ax.set(xlabel="epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(fontsize="small")
    return ax


def plane(embeddings: np.ndarray, seed: int = 0) -> np.ndarray:
    """t-SNE of embeddings (clips, width) by cosine distance -> shape (clips, 2)."""
    perplexity = min(30, (len(embeddings) - 1) / 3)
    return TSNE(metric="cosine", init="random", perplexity=perplexity, random_state=seed).fit_transform(embeddings)


def neighbours(points: np.ndarray, labels: pd.Series, ax: Axes | None = None) -> Axes:
    """A plane of clips coloured by emotion, gender or, without a legend, by any other label; only nearness counts."""
    ax = _axes(ax, 4.2, 4.0)
    values = labels.fillna("unlabelled" if labels.name == "emotion" else "unknown").astype(object).to_numpy()
    known = {"emotion": COLOURS, "gender": GENDER_COLOURS}.get(labels.name)
    order = [name for name in known if name in set(values)] if known else None
    sns.scatterplot(
        x=points[:, 0],
        y=points[:, 1],
        hue=values,
        hue_order=order,
        palette=known or "husl",
        legend="brief" if known else False,
        s=20,
        ax=ax,
    )
    ax.set(xticks=[], yticks=[], title=labels.name)
    return ax


def spread(runs: dict[str, pd.DataFrame], figure: str, ax: Axes | None = None) -> Axes:
    """How far apart BYOL's projections of different clips lie, from before training (epoch 0) to its end.

    Args:
        runs: a name -> metrics of a BYOL run.
        figure: "variance" or "effective_rank".
        ax: axes to draw on.
    """
    ax = _axes(ax)
    start = {"variance": "variance_start", "effective_rank": "rank_start"}[figure]
    for name, metrics in runs.items():
        epochs, values = [0, *metrics["epoch"]], [metrics[start].iloc[0], *metrics[figure]]
        ax.plot(epochs, values, marker="o", label=name)
    ax.set(xlabel="epoch", ylabel=figure.replace("_", " "), ylim=(0, None))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(fontsize="small")
    return ax
