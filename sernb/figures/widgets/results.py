"""Results: every training and every speaker a point, by language, method, gender and metric."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from sernb.evaluation.comparison import scored_rounds
from sernb.evaluation.counts import Counts, rounds, with_runs
from sernb.figures.captioned import picture
from sernb.figures.widgets.container import Widget, shorts
from sernb.languages import language_name


def results(tables: Mapping[str, pd.DataFrame], language: str, anchor: str = "") -> Widget:
    """Scores of stored runs: the reader chooses language, methods, gender and metric, and asks points who they are.

    Args:
        tables: method -> predictions of its runs in all languages, from `comparison.pooled`.
        language: shown first, ISO 639-1.
        anchor: see `Widget`.

    Raises:
        ValueError: no prediction for a clip of the language.
    """
    data = results_data(tables, language)
    scored = pd.concat([scored_rounds(table).assign(method=name) for name, table in tables.items()])
    own = scored[scored["language"] == language]
    said = ", ".join(f"{name} {rows['macro_f1'].mean():.3f}" for name, rows in own.groupby("method", sort=False))
    return Widget(
        "results",
        "Results by language, method, gender and metric",
        picture(
            _still(scored),
            "Macro-F1 of every training, one panel per language, one row per method. Means in "
            f"{language_name(language)}: {said}.",
        ),
        "Every stored training, and every speaker, as a point.",
        data,
        anchor,
        ("scores",),
    )


def results_data(tables: Mapping[str, pd.DataFrame], language: str) -> dict[str, Any]:
    """Confusion counts of each language's speakers in each round of each method.

    Returns:
        first, the language shown first; languages: code -> name, corpus, speakers (name, gender), methods: name ->
        rounds, how each is called, and counts (rounds, speakers, 16), 16-bit.

    Raises:
        ValueError: as `results`.
    """
    codes = sorted(set().union(*(table["language"] for table in tables.values())))
    if language not in codes:
        raise ValueError(f"no prediction for a clip of {language_name(language)}; known are {', '.join(codes)}")
    return {"first": language, "languages": {code: _place(tables, code) for code in codes}}


def _place(tables: Mapping[str, pd.DataFrame], code: str) -> dict[str, Any]:
    own = {name: with_runs(table[table["language"] == code]) for name, table in tables.items()}
    own = {name: table for name, table in own.items() if len(table)}
    counts = Counts.of(own)
    everybody = pd.concat(own.values())
    key = everybody["corpus"] + "|" + everybody["speaker"].fillna("unknown")
    people = everybody.assign(key=key).groupby("key").first()  # in the order of Counts
    return {
        "name": language_name(code),
        "corpus": ", ".join(sorted(everybody["corpus"].unique())),
        "speakers": [
            {"name": name.split("|", 1)[1], "gender": gender if isinstance(gender, str) else "unknown"}
            for name, gender in people["gender"].items()
        ],
        "methods": {
            name: {"rounds": _called(table), "counts": shorts(counts.counts[name])} for name, table in own.items()
        },
    }


def _called(table: pd.DataFrame) -> list[str]:
    """Names of a table's rounds: "seed 3", or "seeds 0 and 1" where the folds of a round come from several."""
    seeds = table["seed"].groupby(rounds(table)).unique()
    return [f"seed{'s' * (len(own) > 1)} {' and '.join(map(str, sorted(own)))}" for own in seeds]


def _still(scored: pd.DataFrame) -> Figure:
    codes, names = sorted(scored["language"].unique()), list(dict.fromkeys(scored["method"]))
    size = (3.2 * len(codes), 0.6 * len(names) + 1.2)
    figure, axes = plt.subplots(1, len(codes), figsize=size, layout="constrained", sharey=True, squeeze=False)
    for ax, code in zip(axes[0], codes, strict=True):
        for place, name in enumerate(names):
            values = scored[(scored["language"] == code) & (scored["method"] == name)]["macro_f1"]
            ax.plot(values, [-place] * len(values), "o", alpha=0.6)
            ax.plot([values.mean()] * 2, [-place - 0.3, -place + 0.3], color="black")
        ax.set_yticks([-place for place in range(len(names))], names)
        ax.set(title=language_name(code), xlabel="macro-F1")
    return figure
