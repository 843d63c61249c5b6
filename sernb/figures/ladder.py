"""The picture to remember: from zero-shot to the best that is known without labels of the target, in each language."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sernb.figures.captioned import captioned
from sernb.figures.plots_results import colour_of
from sernb.labels import EMOTIONS
from sernb.languages import language_name
from sernb.results.ladder import CEILING, OWN_NAMES, STEPS

LABELS = dict(
    zip(
        (*STEPS, OWN_NAMES, CEILING),
        ("alone", "averaged weights", "+ own statistics", "+ ensemble", "+ own names", "target's labels"),
        strict=True,
    )
)
"""Steps as they stand beside the lines."""


def ladder(table: pd.DataFrame) -> HTML:
    """`panels` as a chapter shows them.

    Args:
        table: from `results.ladder.every_rung`.
    """
    figure, alt = panels(table)
    return captioned(
        figure,
        alt=alt,
        caption="From zero-shot to the best known here without labels of the target: macro-F1 with 95 % intervals over "
        "speakers and trainings (of an ensemble, over speakers). Alone: the last step's weights; of BYOL, those of its "
        "target network, an average by itself. Own names: heads taught by what the models themselves call other "
        "speakers' clips. Hollow diamonds: the paper's figures, of a larger encoder trained on "
        "more English speech. Dotted: chance. Everything is computed from stored predictions on real speech.",
        name="fig-ladder",
    )


def panels(table: pd.DataFrame) -> tuple[Figure, str]:
    """A panel per language: macro-F1 of each method at each step with its interval, the paper's figures hollow.

    Args:
        table: from `results.ladder.every_rung`.

    Returns:
        The figure, and what it shows in words.
    """
    languages = list(table.groupby("language")["value"].min().sort_values().index)
    figure, axes = plt.subplots(
        1, len(languages), figsize=(3.6 * len(languages) + 0.8, 5), sharey=True, layout="constrained", squeeze=False
    )
    for ax, language in zip(axes[0], languages, strict=True):
        rungs(table[table["language"] == language], ax).set_title(language_name(language))
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False, fontsize="small")
    said = " ".join(in_words(table[table["language"] == language]) for language in languages)
    return figure, (
        f"Points with intervals, one panel per language, macro-F1 to the right, later steps lower down. {said}"
    )


def rungs(table: pd.DataFrame, ax: Axes) -> Axes:
    """One language's rungs, top to bottom."""
    methods = [name for name in dict.fromkeys(table["method"].dropna())]
    there = set(zip(table["step"], table["method"], strict=True))
    lines = [(step, method) for step in LABELS for method in methods if (step, method) in there] + [(CEILING, None)]
    gaps = {step: number for number, step in enumerate(dict.fromkeys(step for step, _ in lines))}
    place = {line: number + 0.7 * gaps[line[0]] for number, line in enumerate(lines)}
    ax.axvline(1 / len(EMOTIONS), color="black", linewidth=0.8, linestyle=":")
    for method in methods:
        own = table[table["method"] == method]
        y = [place[line] for line in zip(own["step"], own["method"], strict=True)]
        colour = colour_of(method)
        ax.plot(own["value"], y, color=colour, linewidth=0.8, alpha=0.4)
        _point(ax, own, y, colour, method)
        known = own["paper"].notna().to_numpy()
        ax.plot(own["paper"][known], np.array(y)[known], "D", markerfacecolor="none", color=colour, markersize=6)
    top = table[table["step"] == CEILING]
    _point(ax, top, [place[CEILING, None]] * len(top), "black", "probe trained on the target's labels")
    ax.plot([], [], "D", markerfacecolor="none", color="black", label="the paper's figure")
    middle = {step: np.mean([y for line, y in place.items() if line[0] == step]) for step in gaps}
    ax.set(
        xlim=(0.2, 1),
        xticks=(0.2, 0.4, 0.6, 0.8),
        xlabel="macro-F1",
        yticks=list(middle.values()),
        yticklabels=[LABELS[s] for s in middle],
    )
    ax.set_ylim(max(place.values()) + 0.8, -0.8)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", alpha=0.3)
    return ax


def _point(ax: Axes, rows: pd.DataFrame, y: list[float], colour: str | None, label: str) -> None:
    spread = np.nan_to_num([rows["value"] - rows["low"], rows["high"] - rows["value"]])
    ax.errorbar(rows["value"], y, xerr=spread, fmt="o", markersize=5, color=colour, label=label)


def in_words(table: pd.DataFrame) -> str:
    """One language's rungs as a sentence: each step's methods with their values."""
    said = []
    for step, rows in table.groupby("step", sort=False):
        values = [f"{row.method if pd.notna(row.method) else 'a probe'} {row.value:.2f}" for row in rows.itertuples()]
        said.append(f"{LABELS[step]}: {', '.join(values)}")
    return f"{language_name(table['language'].iloc[0])}: {'; '.join(said)}."
