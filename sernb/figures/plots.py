"""Pictures: each function draws on the axes it is given, or on new ones, and returns them; none writes a file."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sernb.evaluation.names import word
from sernb.labels import EMOTIONS
from sernb.speech.audio import HOP, SAMPLE_RATE

# one colour a class everywhere in the book, chosen to stay apart for colour-blind readers (Okabe and Ito)
COLOURS = {"angry": "#D55E00", "happy": "#E69F00", "neutral": "#7F7F7F", "sad": "#0072B2", "unlabelled": "#CCCCCC"}
GENDER_COLOURS = {"female": "#CC79A7", "male": "#56B4E9", "unknown": "#CCCCCC"}


def _axes(ax: Axes | None, width: float = 6.4, height: float = 3.6) -> Axes:
    return ax if ax is not None else plt.subplots(figsize=(width, height), layout="constrained")[1]


def waveform(samples: np.ndarray, ax: Axes | None = None, colour: str = "C0") -> Axes:
    """Samples (n,) at 16 kHz over time in seconds."""
    ax = _axes(ax, height=1.6)
    ax.plot(np.arange(len(samples)) / SAMPLE_RATE, samples, linewidth=0.4, color=colour)
    ax.set(xlabel="time (s)", ylabel="amplitude", xlim=(0, len(samples) / SAMPLE_RATE), ylim=(-1, 1))
    return ax


def log_mel(features: np.ndarray, ax: Axes | None = None) -> Axes:
    """A log-mel spectrogram (bins, frames) as Whisper sees it; low bands at the bottom."""
    ax = _axes(ax, height=2.2)
    extent = (0, features.shape[1] * HOP / SAMPLE_RATE, 0, features.shape[0])
    ax.imshow(features, origin="lower", aspect="auto", extent=extent, cmap="magma")
    ax.set(xlabel="time (s)", ylabel="mel band")
    return ax


def durations(manifest: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How long the clips of each class are."""
    ax = _axes(ax)
    data = manifest.assign(emotion=manifest["emotion"].fillna("unlabelled").astype(object))
    present = [name for name in COLOURS if (data["emotion"] == name).any()]
    sns.histplot(
        data, x="duration_s", hue="emotion", hue_order=present, palette=COLOURS, multiple="stack", bins=30, ax=ax
    )
    ax.set(xlabel="duration (s)", ylabel="clips")
    return ax


def classes(manifest: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Clips of each class, split by the speaker's gender."""
    ax = _axes(ax)
    data = manifest.fillna({"emotion": "unlabelled", "gender": "unknown"})[["emotion", "gender"]].astype(object)
    order = [name for name in COLOURS if (data["emotion"] == name).any()]
    genders = [name for name in GENDER_COLOURS if (data["gender"] == name).any()]
    sns.countplot(data, x="emotion", hue="gender", order=order, hue_order=genders, palette=GENDER_COLOURS, ax=ax)
    ax.set(xlabel="", ylabel="clips")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.margins(y=0.25)  # the legend covers no bar
    ax.legend(title=None, ncols=len(genders), loc="upper center")
    return ax


def speakers_over_folds(speaker: pd.Series, fold: np.ndarray, ax: Axes | None = None) -> Axes:
    """Share of each speaker's clips in each fold: a speaker-disjoint deal has one full cell in every row."""
    ax = _axes(ax, height=4.2)
    table = pd.crosstab(speaker.to_numpy(object), np.asarray(fold), normalize="index")
    table = table.loc[table.idxmax(axis=1).sort_values(kind="stable").index]
    shares = {"label": "share of the speaker's clips"}
    # without the speakers' names: seaborn would draw them at once, and read a dollar sign as the start of a formula
    sns.heatmap(table, vmin=0, vmax=1, cmap="Blues", cbar_kws=shares, yticklabels=False, ax=ax)
    ax.set(xlabel="fold", ylabel=f"{len(table)} speakers", yticks=[])
    return ax


def learning_curves(metrics: pd.DataFrame, score: str = "macro_f1", ax: Axes | None = None) -> Axes:
    """Training loss and a validation score over epochs; no epoch is chosen by it, the last one is the model."""
    ax = _axes(ax)
    ax.plot(metrics["epoch"], metrics["loss"], color="C0", marker="o", label="training loss")
    ax.set(xlabel="epoch", ylabel="training loss")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    other = ax.twinx()
    label = f"validation {score.replace('macro_f1', 'macro-F1')}"
    other.plot(metrics["epoch"], metrics[score], color="C1", marker="s", label=label)
    other.set(ylabel=label, ylim=(0, 1))
    lines = ax.get_lines() + other.get_lines()
    names = [str(line.get_label()) for line in lines]
    ax.legend(lines, names, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return ax


def confusion(shares: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """A confusion matrix as `evaluation.confusion` returns it: rows true, columns predicted, rows sum to 1."""
    ax = _axes(ax, 4.8, 4.0)
    sns.heatmap(shares, vmin=0, vmax=1, annot=True, fmt=".2f", cmap="Blues", square=True, cbar=False, ax=ax)
    return ax


def recalls(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Recall of each class for each gender, as `evaluation.recall_by(..., "gender")` returns it."""
    ax = _axes(ax)
    genders = [name for name in GENDER_COLOURS if (table["gender"] == name).any()]
    sns.barplot(
        table, x="emotion", y="recall", hue="gender", order=EMOTIONS, hue_order=genders, palette=GENDER_COLOURS, ax=ax
    )
    ax.axhline(1 / len(EMOTIONS), color="black", linewidth=0.8, linestyle="--", label="chance")
    ax.set(xlabel="", ylim=(0, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.legend()
    return ax


def scores(table: pd.DataFrame, x: str, hue: str | None = None, y: str = "macro_f1", ax: Axes | None = None) -> Axes:
    """A score per group as bars, the seeds' values as points on them."""
    ax = _axes(ax)
    sns.barplot(table, x=x, y=y, hue=hue, errorbar=None, alpha=0.6, ax=ax)
    points = {"dodge": hue is not None, "palette": "dark:black", "jitter": False, "legend": False}
    sns.stripplot(table, x=x, y=y, hue=hue, ax=ax, **points)
    ax.axhline(1 / len(EMOTIONS), color="black", linewidth=0.8, linestyle="--")
    ax.set(xlabel="", ylabel=word(y), ylim=(0, 1))
    return ax


def pair_differences(latent: np.ndarray, label: np.ndarray, ax: Axes | None = None, colour: str = "C0") -> Axes:
    """Latent differences against label differences of all pairs of clips: means and middle 80 %, slope 1 dashed.

    Args:
        latent: one value a clip, shape (clips,): the mean over the dimensions the loss looks at.
        label: activation or valence, shape (clips,).
        ax: axes to draw on.
        colour: of the points.
    """
    ax = _axes(ax)
    i, j = np.triu_indices(len(label), k=1)
    pairs = pd.DataFrame({"x": label[i] - label[j], "n": latent[i] - latent[j]})
    pairs = pd.concat([pairs, -pairs])  # which clip of a pair comes first is chance
    spread = pairs.groupby(pairs["x"].round(1))["n"].quantile([0.1, 0.5, 0.9]).unstack()
    ax.vlines(spread.index, spread[0.1], spread[0.9], color=colour, alpha=0.5, linewidth=3)
    ax.plot(spread.index, spread[0.5], "o", color=colour)
    ax.axline((0, 0), slope=1, color="black", linewidth=0.8, linestyle="--")
    ax.set(xlabel="difference of labels", ylabel="difference of latents")
    return ax


def latent_plane(latents: pd.DataFrame, colour: str, ax: Axes | None = None) -> Axes:
    """The first two latent dimensions (columns z0, z1), coloured by "emotion", "activation" or "valence"."""
    ax = _axes(ax, 4.6, 4.0)
    if colour == "emotion":
        known = latents.assign(emotion=latents["emotion"].fillna("unlabelled").astype(object))
        present = [name for name in COLOURS if (known["emotion"] == name).any()]
        sns.scatterplot(known, x="z0", y="z1", hue="emotion", hue_order=present, palette=COLOURS, s=14, ax=ax)
        ax.legend(fontsize="small", title=None)
    else:
        known = latents.dropna(subset=colour)
        points = ax.scatter(known["z0"], known["z1"], c=known[colour], cmap="viridis", vmin=1, vmax=5, s=12)
        ax.figure.colorbar(points, ax=ax, label=colour)
    ax.set(xlabel="latent 1", ylabel="latent 2")
    return ax


def intervals(table: pd.DataFrame, y: str, hue: str | None = None, ax: Axes | None = None) -> Axes:
    """Columns value, low, high as points with intervals, one line for each value of `y`, top to bottom."""
    ax = _axes(ax, height=0.4 + 0.35 * table[y].nunique())
    order = list(dict.fromkeys(table[y]))
    groups = [("", table)] if hue is None else list(table.groupby(hue, sort=False))
    for number, (name, rows) in enumerate(groups):
        place = [order.index(label) + 0.22 * (number - (len(groups) - 1) / 2) for label in rows[y]]
        low, high = rows["value"] - rows["low"], rows["high"] - rows["value"]
        ax.errorbar(rows["value"], place, xerr=[low, high], fmt="o", markersize=4, label=str(name), color=f"C{number}")
    ax.set(yticks=range(len(order)), yticklabels=order, ylim=(len(order) - 0.5, -0.5))
    if hue is not None:
        ax.legend(fontsize="small")
    return ax
