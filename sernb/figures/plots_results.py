"""Pictures of results; as in `plots`, each draws on given axes and returns them."""

from collections.abc import Mapping
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sernb.evaluation.counts import ratio
from sernb.evaluation.uncertainty import in_words
from sernb.experiments.recipes import RECIPES
from sernb.figures.plots import GENDER_COLOURS
from sernb.languages import language_name

NO_INTERVAL = " Hollow: too few trainings for an interval."
"""Ends the caption of a `forest` with such points."""
METHOD_COLOURS = {recipe.label: recipe.colour for recipe in RECIPES.values()}
LANGUAGE_COLOURS = {"ur": "#009E73", "de": "#CC79A7", "bn": "#E69F00", "en": "#7F7F7F"}
_COLOURS = METHOD_COLOURS | {language_name(code): colour for code, colour in LANGUAGE_COLOURS.items()}


def _axes(ax: Axes | None, width: float = 6.4, height: float = 3.6) -> Axes:
    return ax if ax is not None else plt.subplots(figsize=(width, height), layout="constrained")[1]


def colour_of(method: str) -> str | None:
    """The colour of a method or language throughout the book; None, the next one of the cycle, for any other name."""
    return _COLOURS.get(method)


def forest(table: pd.DataFrame, y: str, hue: str = "method", ax: Axes | None = None, reference: float = 0) -> Axes:
    """A forest plot: columns value, low, high as points with intervals, one line for each value of `y`.

    Rows without an interval are drawn as hollow points. A dashed line marks `reference`.

    Args:
        table: columns `y`, `hue`, value and, where known, low and high.
        y: column that names the lines, top to bottom.
        hue: column that names the points of a line.
        ax: axes to draw on.
        reference: where the dashed line stands.
    """
    order, names = list(dict.fromkeys(table[y])), list(dict.fromkeys(table[hue]))
    ax = _axes(ax, height=0.9 + (0.3 + 0.14 * len(names)) * len(order))
    ax.axvline(reference, color="black", linewidth=0.8, linestyle="--")
    for number, name in enumerate(names):
        rows = table[table[hue] == name]
        place = np.array([order.index(label) for label in rows[y]]) + 0.2 * (number - (len(names) - 1) / 2)
        value = rows["value"].to_numpy(float)
        low, high = (rows.get(end, pd.Series(np.nan, rows.index)).to_numpy(float) for end in ("low", "high"))
        known = ~np.isnan(low) & ~np.isnan(high)
        colour = colour_of(name) or f"C{number}"
        spread = np.clip([value[known] - low[known], high[known] - value[known]], 0, None)
        ax.errorbar(value[known], place[known], xerr=spread, fmt="o", markersize=5, color=colour)
        ax.plot(value[~known], place[~known], "o", markersize=6, markerfacecolor="none", color=colour)
        ax.plot([], [], "o", color=colour, label=str(name), markerfacecolor=colour if known.any() else "none")
    ax.set(yticks=range(len(order)), yticklabels=order, ylim=(len(order) - 0.5, -0.5))
    if len(names) > 1:
        ax.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(names), frameon=False)
    return ax


def forests_by_language(table: pd.DataFrame, y: str, height: float) -> tuple[Figure, str]:
    """`forest` with a panel per language, and its values in words for the alternative text.

    Args:
        table: as for `forest`, with a column language.
        y: column of the lines.
        height: of the figure, inches.
    """
    languages = sorted(table["language"].unique(), key=language_name)
    figure, axes = plt.subplots(
        len(languages), 1, figsize=(8, height), sharex=True, squeeze=False, layout="constrained"
    )
    said = []
    for ax, language in zip(axes[:, 0], languages, strict=True):
        own = table[table["language"] == language]
        forest(own, y, "language", ax)
        ax.set_title(language_name(language), loc="left", fontsize="medium")
        values = ", ".join(f"{row[y]} {value_in_words(row)}" for row in own.to_dict("records"))
        said.append(f"{language_name(language)}: {values}")
    return figure, "; ".join(said)


def value_in_words(row: dict) -> str:
    """A difference with its interval, or alone where it has none."""
    return f"{row['value']:+.3f}" if pd.isna(row["low"]) else in_words(row)


def reliability(curves: Mapping[str, pd.DataFrame], ax: Axes | None = None) -> Axes:
    """Reliability diagram: accuracy over confidence of each method; the area of a point grows with its clips.

    On the dashed diagonal a model is right as often as it says; under it, it is too sure.

    Args:
        curves: method -> `calibration.reliability`.
        ax: axes to draw on.
    """
    ax = _axes(ax, 4.6, 4.2)
    ax.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--")
    for method, curve in curves.items():
        (line,) = ax.plot(curve["confidence"], curve["accuracy"], color=colour_of(method), label=method)
        size = 200 * ratio(curve["clips"].to_numpy(), np.array(curve["clips"].sum()))
        ax.scatter(curve["confidence"], curve["accuracy"], s=np.nan_to_num(size) + 4, color=line.get_color())
    ax.set(xlabel="confidence", ylabel="accuracy", xlim=(0.2, 1), ylim=(0, 1))
    ax.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(curves), frameon=False)
    return ax


def stacked_gap(table: pd.DataFrame, y: str, ax: Axes | None = None) -> Axes:
    """A gap's two parts, class mix and recall, as bars from zero, and the gap itself as a point.

    Args:
        table: columns `y`, gap, mix, recall, from `bias.decompositions`.
        y: column that names the lines.
        ax: axes to draw on.
    """
    ax = _axes(ax, height=0.9 + 0.42 * len(table))
    place = np.arange(len(table))
    for offset, (column, colour, label) in enumerate(
        (("mix", "#E69F00", "class mix"), ("recall", "#56B4E9", "recall of the same classes"))
    ):
        ax.barh(place + 0.2 * (2 * offset - 1), table[column], height=0.36, color=colour, label=label)
    ax.plot(table["gap"], place, "kD", markersize=5, label="gap")
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set(yticks=place, yticklabels=table[y], ylim=(len(table) - 0.5, -0.5), xlabel="women's accuracy less men's")
    ax.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    return ax


def speakers(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Accuracy of each speaker over their number of clips, coloured by gender; the dashed line is the mean over clips.

    Args:
        table: from `bias.accuracy_by_speaker`, of one corpus.
        ax: axes to draw on.
    """
    ax = _axes(ax)
    known = table.assign(gender=table["gender"].fillna("unknown").astype(object))
    present = [name for name in GENDER_COLOURS if (known["gender"] == name).any()]
    sns.scatterplot(
        known, x="clips", y="accuracy", hue="gender", hue_order=present, palette=GENDER_COLOURS, s=40, ax=ax
    )
    ax.axhline(np.average(table["accuracy"], weights=table["clips"]), color="black", linewidth=0.8, linestyle="--")
    ax.set(xlabel="clips of the speaker", ylim=(-0.03, 1.03))
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.legend(fontsize="small", title=None)
    return ax


def genders_over(table: pd.DataFrame, x: str, ax: Axes | None = None) -> Axes:
    """Columns value, low, high of each gender over the values of `x`, one line a gender.

    Args:
        table: columns `x`, gender, value, low, high.
        x: column of conditions, left to right.
        ax: axes to draw on.
    """
    ax = _axes(ax, 7.2)
    order = list(dict.fromkeys(table[x]))
    for number, (gender, rows) in enumerate(table.groupby("gender")):
        place = np.array([order.index(value) for value in rows[x]]) + 0.16 * (number - 0.5)
        spread = np.clip([rows["value"] - rows["low"], rows["high"] - rows["value"]], 0, None)
        ax.errorbar(
            place, rows["value"], yerr=np.nan_to_num(spread), fmt="o", label=gender, color=GENDER_COLOURS[gender]
        )
    labels = [fill(str(value), 18) for value in order]
    ax.set(xticks=range(len(order)), xticklabels=labels, ylim=(0, 1), ylabel="accuracy")
    ax.legend(fontsize="small")
    return ax
