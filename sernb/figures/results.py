"""Results in pictures: gains beside the paper's, emotions taken for each other, embeddings, calibration, ablations."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML

from sernb.evaluation import comparison, uncertainty
from sernb.evaluation.calibration import calibration
from sernb.evaluation.calibration import reliability as binned
from sernb.evaluation.separability import matched, separability
from sernb.figures import plots_methods, plots_results
from sernb.figures.captioned import captioned
from sernb.languages import language_name
from sernb.results import findings
from sernb.results.ablations import Ablation, ablation_table, all_ablations, rows_without_runs
from sernb.results.report import FOLDER
from sernb.runs import Run

WHOSE = {True: "Live run", False: "Stored runs on real speech"}
ALIKE = ("weights-", "statistics-")
"""How ablations begin that compare weights or statistics of the same runs: the ladder shows them."""


def differences(found: pd.DataFrame, root: Path = FOLDER) -> HTML:
    """What each method has over the baseline in each language, and the paper's differences.

    Args:
        found: from `comparison.differences`.
        root: folder of the paper's tables.
    """
    ours = found.assign(who="stored runs")
    rows = pd.concat([ours, findings.paper_differences(findings.paper_table1(root)).assign(who="the paper")])
    rows["line"] = _lines(rows)
    rows = rows[rows["line"].isin(_lines(ours))].sort_values("language", key=_names, kind="stable")
    ax = plots_results.forest(rows, "line", "who")
    ax.set(xlabel="macro-F1 of the method less the baseline's")
    return captioned(
        ax,
        alt="Points with 95 % intervals, one line per language and method: macro-F1 less the baseline's, zero dashed. "
        f"{'; '.join(map(findings.difference_in_words, found.to_dict('records')))}. "
        "The paper's differences are hollow points.",
        caption="Each method less the baseline, without target statistics: stored runs on real speech with 95 % "
        "intervals over speakers and trainings, and the paper's differences, which come without any.",
        name="fig-differences",
    )


def confusions(methods: Mapping[str, Sequence[Run]], language: str, live: bool = False) -> HTML:
    """Each method's confusion matrix less the baseline's on the clips of both, in points: one panel per method.

    Args:
        methods: name -> runs, "baseline" among them.
        language: ISO 639-1 code.
        live: whether these are the page's own runs.
    """
    tables = {name: _of(comparison.pooled(list(own)), language) for name, own in methods.items()}
    baseline, points = tables.pop("baseline"), {}
    for name, table in tables.items():
        own, base = comparison.common(table, baseline)
        if len(own):
            points[name] = 100 * (comparison.confusion(own) - comparison.confusion(base))
    if not points:
        return _nothing(language)
    largest = max(1.0, *(np.nanmax(np.abs(matrix.to_numpy())) for matrix in points.values()))
    size = (4.8 * len(points), 4)
    figure, axes = plt.subplots(1, len(points), figsize=size, layout="constrained", squeeze=False)
    described = []
    for ax, (name, matrix) in zip(axes[0], points.items(), strict=True):
        plots_methods.confusion_difference(matrix, ax, largest).set(title=name, xlabel="predicted", ylabel="true")
        described.append(f"{name}: {', '.join(f'{one} {matrix.loc[one, one]:+.0f}' for one in matrix.index)}")
    where = f"{WHOSE[live]}, {language_name(language)}"
    return captioned(
        figure,
        alt=f"{where}: confusion matrices less the baseline's, in points. On the diagonal, {'; '.join(described)}.",
        caption=f"{where}: points more (blue) or fewer (red) than the baseline. On the diagonal blue is gain.",
        name=_name("fig-results-confusions", live),
    )


def pairs(tables: Mapping[str, pd.DataFrame], language: str) -> HTML:
    """How often the classes of each pair are taken for each other in one language, stored runs, with intervals.

    Args:
        tables: method -> predictions of its runs, from `comparison.pooled`.
        language: ISO 639-1 code.
    """
    judged = {name: own for name, table in tables.items() if len(own := _of(table, language))}
    if not judged:
        return _nothing(language)
    found = pd.concat([comparison.pair_confusions(own).assign(method=name) for name, own in judged.items()])
    mean = found.groupby("pair")["value"].mean().sort_values(ascending=False)
    found = found.sort_values("pair", key=lambda pair: pair.map(-mean), kind="stable")
    ax = plots_results.forest(found.assign(line=found["pair"] + " (share " + found["shares"] + ")"), "line")
    ax.set(xlabel="share of the pair's clips taken for the other class", xlim=(-0.02, None))
    described = ", ".join(f"{pair} {share:.2f}" for pair, share in mean.items())
    return captioned(
        ax,
        alt=f"{language_name(language)}: points with 95 % intervals, one line per pair of emotions, how often they are "
        f"taken for each other. Means over methods: {described}.",
        caption=f"{WHOSE[False]}, {language_name(language)}: how often the emotions of a pair are taken for each "
        "other, and what the two have in common.",
        name="fig-results-pairs",
    )


def arousal(tables: Mapping[str, pd.DataFrame]) -> HTML:
    """How much more often pairs that share arousal are confused than the others: each method in each language.

    Args:
        tables: as `pairs`.
    """
    metrics = {"more": comparison.arousal_less_rest}
    rows = [
        {"language": language, "method": name}
        | uncertainty.estimate(judged, bounded=False, metrics=metrics).iloc[0].to_dict()
        for name, table in tables.items()
        for language, judged in table.groupby("language")
    ]
    found = pd.DataFrame(rows).sort_values("language", key=_names, kind="stable")
    found["line"] = _names(found["language"])
    ax = plots_results.forest(found, "line")
    ax.set(xlabel="confusion of pairs that share arousal, less that of the others")
    records = found.to_dict("records")
    described = "; ".join(f"{row['line']}, {row['method']} {uncertainty.in_words(row)}" for row in records)
    return captioned(
        ax,
        alt=f"Points with 95 % intervals, one line per language, one colour per method, zero dashed. {described}.",
        caption=f"{WHOSE[False]}: mean confusion of the pairs that share arousal, less that of the four other pairs. "
        "Right of zero, what is lost is valence.",
        name="fig-results-arousal",
    )


def embeddings(methods: Mapping[str, Sequence[Run]], language: str, live: bool = False) -> HTML:
    """The same test clips under each method, placed by t-SNE and coloured by emotion, one panel per method.

    Args:
        methods: name -> runs; clips are shown whose embeddings all of them stored.
        language: ISO 639-1 code.
        live: whether these are the page's own runs.
    """
    sets = matched({name: list(own) for name, own in methods.items()}, language)
    if not sets:
        return _nothing(language, "whose embeddings every method stored")
    figure, axes = plt.subplots(1, len(methods), figsize=(4 * len(methods), 3.9), layout="constrained", squeeze=False)
    described = []
    for ax, (name, (vectors, clips)) in zip(axes[0], sets[0].items(), strict=True):
        plots_methods.neighbours(plots_methods.plane(vectors), clips["emotion"], ax).set_title(name)
        described.append(f"{name} {separability(vectors, clips)['silhouette']:.2f}")
    where = f"{WHOSE[live]}, {language_name(language)}"
    return captioned(
        figure,
        alt=f"{where}: t-SNE of {len(clips)} test clips, coloured by emotion, one panel per method. Silhouette of the "
        f"emotions in the embeddings: {', '.join(described)}.",
        caption=f"{where}: the same test clips under each method, placed by t-SNE. Only nearness within a panel means "
        "something.",
        name=_name("fig-results-embeddings", live),
    )


def reliability(tables: Mapping[str, pd.DataFrame], language: str) -> HTML:
    """Accuracy over confidence of each method in one language, stored runs.

    Args:
        tables: as `pairs`.
        language: ISO 639-1 code.
    """
    judged = {name: own for name, table in tables.items() if len(own := _of(table, language))}
    if not judged:
        return _nothing(language)
    ax = plots_results.reliability({name: binned(own) for name, own in judged.items()})
    measured = {name: calibration(own) for name, own in judged.items()}
    described = "; ".join(
        f"{name}: confidence {one['confidence']:.2f}, accuracy {one['accuracy']:.2f}" for name, one in measured.items()
    )
    return captioned(
        ax,
        alt=f"{language_name(language)}: accuracy over confidence, one line per method; under the dashed diagonal a "
        f"model is too sure. Means: {described}.",
        caption=f"{WHOSE[False]}, {language_name(language)}: how often a model is right that is so sure. Larger points "
        "stand for more clips.",
        name="fig-results-reliability",
    )


def ablations(root: Path = FOLDER) -> HTML:
    """Every ablation whose runs were trained for it, folded under its question: what each row has over the first."""
    asked = [one for one in all_ablations().values() if not one.name.startswith(ALIKE)]
    return HTML("".join(map(_folded, asked, (_ablation(one, root) for one in asked))))


def ablation(name: str, root: Path = FOLDER) -> HTML:
    """One of these ablations, not folded.

    Args:
        name: as in ablations.toml.
        root: folder of the stored runs.
    """
    return HTML(_ablation(all_ablations()[name], root))


def _folded(asked: Ablation, shown: str) -> str:
    return f"<details><summary>{escape(asked.question)}</summary>{shown}</details>"


def _ablation(asked: Ablation, root: Path) -> str:
    """A forest plot, then the command for each row that is not stored."""
    table = ablation_table(asked, root)
    first = asked.rows[0].label
    shown = ""
    if len(table):
        rows = table[table["what"] != first].dropna(subset="value")
        rows = rows.assign(where=_names(rows["language"]))
        ax = plots_results.forest(rows, "what", "where")
        ax.set(xlabel=f"macro-F1 less that of “{first}”")
        records = rows.to_dict("records")
        described = "; ".join(f"{one['what']}, {one['where']} {uncertainty.in_words(one)}" for one in records)
        shown = captioned(
            ax,
            alt=f"Points with 95 % intervals, macro-F1 less that of {first}, zero dashed. {described}.",
            caption=f"{asked.question} Stored runs on real speech: macro-F1 less that of “{first}”, on the clips that "
            f"both judged.{plots_results.NO_INTERVAL * bool(rows['low'].isna().any())}",
            name=f"fig-ablation-{asked.name}",
        ).data
    return shown + "".join(_to_be_made(asked, root))


def _to_be_made(asked: Ablation, root: Path) -> Iterator[str]:
    for row in rows_without_runs(asked, root):
        yield f"<p>No run of {escape(row.label)} is stored. Make some: <code>{escape(row.command)}</code></p>"


def _of(table: pd.DataFrame, language: str) -> pd.DataFrame:
    return table[table["language"] == language]


def _lines(rows: pd.DataFrame) -> list[str]:
    return [f"{language_name(row.language)}: {row.method}" for row in rows.itertuples()]


def _names(languages: pd.Series) -> pd.Series:
    return languages.map(language_name)


def _name(name: str, live: bool) -> str:
    return f"{name}-live" if live else name


def _nothing(language: str, what: str = "that a stored run judged") -> HTML:
    return HTML(f"<p>There is no clip in {escape(language_name(language))} {what}.</p>")
