"""Redraw: where an interval comes from, by drawing speakers and trainings again and again."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sernb.evaluation import uncertainty
from sernb.evaluation.bootstrap import bootstrap, pools_of
from sernb.evaluation.counts import SCORES, Counts, with_runs
from sernb.figures.captioned import picture
from sernb.figures.widgets.container import Widget, shorts
from sernb.languages import language_name

RESAMPLES = 5_000
"""Of the package's own bootstrap, whose bounds the page's redraws are held against."""


def redraw(tables: Mapping[str, pd.DataFrame], language: str, anchor: str = "", resamples: int = RESAMPLES) -> Widget:
    """A button that redraws speakers and seeds, and builds the interval up as a histogram.

    Args:
        tables: method -> predictions of its runs, from `comparison.pooled`; the first is what others are compared with.
        language: ISO 639-1 code; clips of other languages are left out.
        anchor: see `Widget`.
        resamples: see RESAMPLES.

    Raises:
        ValueError: no method has a clip of the language, or too few speakers for an interval.
    """
    data = redraw_data(tables, language, resamples)
    name, first = language_name(language), data["options"][0]
    score = first["metrics"]["macro_f1"]
    return Widget(
        "redraw",
        f"Redrawing speakers and seeds, {name}",
        picture(
            _still(data),
            f"Macro-F1 of each method, {name}, and its gain over {data['options'][0]['label']}, each with the 95 % "
            f"interval over {len(data['stratum'])} speakers and the seeds. {first['label']}: {score['value']:.3f}, "
            f"from {score['low']:.3f} to {score['high']:.3f}.",
        ),
        f"What the score might have been with other speakers and other seeds: {name}, stored reference runs.",
        data,
        anchor,
        ("scores",),
    )


def redraw_data(tables: Mapping[str, pd.DataFrame], language: str, resamples: int = RESAMPLES) -> dict[str, Any]:
    """Confusion counts, and what may be redrawn.

    Returns:
        speakers, their names; stratum of each speaker; tables, name -> `counts` (rounds, speakers, 16), 16-bit, and
        `run` (rounds, speakers), -1 where not judged; seeds, run number -> its seed; options, each with label,
        weights of tables, pools (runs that take each other's place), and for each metric value, low, high, tail.

    Raises:
        ValueError: as `redraw`.
    """
    own = {name: table[table["language"] == language] for name, table in tables.items()}
    own = {name: with_runs(table) for name, table in own.items() if len(table)}
    if not own:
        raise ValueError(f"no prediction for a clip of {language_name(language)} in {', '.join(tables) or 'no table'}")
    own = {name: table.assign(run=name + " " + table["run"].astype(str)) for name, table in own.items()}
    shared = set.intersection(*(set(table["utterance_id"]) for table in own.values()))
    counts = Counts.of({name: table[table["utterance_id"].isin(shared)] for name, table in own.items()})
    first = next(iter(own))
    weights = [(name, {name: 1}) for name in own]
    weights += [(f"{name} less {first}", {name: 1, first: -1}) for name in own if name != first]
    return {
        "language": language_name(language),
        "speakers": _speakers(own[first], shared),
        "stratum": counts.stratum.tolist(),
        "tables": {name: {"counts": shorts(counts.counts[name]), "run": counts.run[name].tolist()} for name in own},
        "options": [_option(counts, label, chosen, resamples) for label, chosen in weights],
    }


def _speakers(table: pd.DataFrame, shared: set[str]) -> list[str]:
    """In the order of `Counts`."""
    rows = table[table["utterance_id"].isin(shared)]
    names = rows["corpus"] + "|" + rows["speaker"].fillna("unknown")
    return [name.split("|", 1)[1] for name in sorted(names.unique())]


def _option(counts: Counts, label: str, weights: dict[str, int], resamples: int) -> dict[str, Any]:
    drawn = bootstrap(counts, weights, resamples=resamples).set_index("metric")
    if drawn["low"].isna().any():
        raise ValueError(
            f"{len(counts.stratum)} speakers are too few to redraw; an interval needs {uncertainty.FEWEST_SPEAKERS}"
        )
    return {
        "label": label,
        "weights": weights,
        "pools": [pool.tolist() for pool in pools_of(counts, weights)],
        "metrics": {
            name: {"value": sum(weight * counts.score(table, metric) for table, weight in weights.items())}
            | {column: float(drawn.loc[name, column]) for column in ("low", "high", "tail")}
            for name, metric in SCORES.items()
        },
    }


def _still(data: dict[str, Any]) -> Figure:
    gains = [option for option in data["options"] if len(option["weights"]) > 1]
    scores = [option for option in data["options"] if len(option["weights"]) == 1]
    figure, axes = plt.subplots(1, 2, figsize=(9, 0.5 * len(scores) + 1.6), layout="constrained")
    for ax, options, what in zip(axes, (scores, gains), ("macro-F1", "difference in macro-F1"), strict=True):
        rows = [option["metrics"]["macro_f1"] for option in options]
        values = np.array([[row["value"], row["low"], row["high"]] for row in rows]).reshape(-1, 3)
        place = -np.arange(len(rows))
        ax.errorbar(values[:, 0], place, xerr=np.abs(values[:, 1:] - values[:, :1]).T, fmt="o", capsize=4)
        ax.set_yticks(place, [option["label"] for option in options])
        ax.set(xlabel=f"{what}, 95 % interval", ylim=(-len(scores) + 0.3, 0.7))
    axes[1].axvline(0, color="black", linewidth=0.8, linestyle="--")
    axes[1].set_visible(bool(gains))
    return figure
