"""A method against the baseline in pictures: what it gains, with intervals, and which class it takes for which."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import HTML

from sernb.evaluation import comparison
from sernb.figures import plots, plots_methods, plots_results
from sernb.figures.captioned import captioned
from sernb.languages import language_name
from sernb.results import findings, openings
from sernb.results.report import FOLDER
from sernb.runs import Run


def over_baseline(method: str, root: Path = FOLDER) -> HTML:
    """What a method has over the baseline in each language, for each choice of weights and statistics, and the paper's.

    Args:
        method: as `findings.METHODS` names it.
        root: folder of the stored runs.
    """
    ours = openings.stored_alike_rows(root)
    ours = ours[ours["method"] == method]
    ours = ours.assign(kind=ours["weights"] + " weights, " + ours["statistics"] + " statistics")
    paper = findings.paper_differences(findings.paper_table1(root))
    paper = paper[(paper["method"] == method) & paper["language"].isin(ours["language"])].assign(kind="the paper")
    rows = pd.concat([ours, paper], ignore_index=True)
    height = 1 + 0.28 * rows["kind"].nunique() * rows["language"].nunique()
    figure, described = plots_results.forests_by_language(rows, "kind", height)
    figure.axes[-1].set(xlabel="macro-F1 of the method less the baseline's")
    return captioned(
        figure,
        alt=f"Points with 95 % intervals, one panel per language: macro-F1 of {method} less that of a baseline of the "
        f"same weights and statistics. {described}.",
        caption=f"Stored runs on real speech: what {method} has over a baseline of the same weights and statistics, "
        "with 95 % intervals over speakers and trainings. Target statistics: each corpus is brought to the mean and "
        "deviation of the English embeddings. Hollow: the paper's difference on its own corpora, without interval.",
        name="fig-over-baseline",
    )


def confusions(baseline: Sequence[Run], method: Sequence[Run], language: str, label: str, live: bool = True) -> HTML:
    """The method's confusion matrix less the baseline's, in points, as in the paper's Table 2.

    Args:
        baseline: runs that judged the same clips under the same seeds.
        method: runs of the method.
        language: ISO 639-1 code.
        label: the method's name.
        live: whether these are the page's own runs.
    """
    points = comparison.confusion_difference(list(baseline), list(method), language)
    ax = plots_methods.confusion_difference(points)
    ax.set(xlabel="predicted", ylabel="true", title=language_name(language))
    gained = ", ".join(f"{emotion} {points.loc[emotion, emotion]:+.0f}" for emotion in points.index)
    what = "Live run" if live else "Stored runs on real speech"
    return captioned(
        ax,
        alt=f"The confusion matrix of {label} minus the baseline's in {language_name(language)}, in points; on the "
        f"diagonal: {gained}.",
        caption=f"{what}: {label} less the baseline, in points of a hundred clips of a class. Blue on the diagonal is "
        "gain, blue beside it a new mistake.",
        name="fig-confusions-live" if live else "fig-confusions",
    )


def learning(runs: dict[str, Run]) -> HTML:
    """Training loss and validation macro-F1 of several runs over their epochs, one panel a run."""
    figure, axes = plt.subplots(1, len(runs), figsize=(9, 3.2), layout="constrained", squeeze=False)
    for ax, (name, run) in zip(axes[0], runs.items(), strict=True):
        plots.learning_curves(run.metrics, ax=ax).set_xlabel(f"epoch ({name})")
    ends = ", ".join(f"{name} {run.metrics['macro_f1'].iloc[-1]:.2f}" for name, run in runs.items())
    return captioned(
        figure,
        alt=f"Training loss and validation macro-F1 over epochs, one panel per run; macro-F1 at the end: {ends}.",
        caption="Live runs: loss on the training clips, and macro-F1 on English validation speakers.",
        name="fig-learning",
    )


def by_steps(gains: pd.DataFrame) -> HTML:
    """What stage 1 brings before stages 2 of several lengths, a point a seed, the means joined.

    Args:
        gains: from `stage_lengths.gain_by_steps`.
    """
    places = sorted(gains["steps"].unique())
    figure, axes = plt.subplots(
        1, gains["language"].nunique(), figsize=(9, 3.2), sharey=True, layout="constrained", squeeze=False
    )
    described = []
    for ax, (language, rows) in zip(axes[0], gains.groupby("language"), strict=True):
        for (statistics, own), (colour, aside) in zip(
            rows.groupby("statistics"), (("C0", -0.06), ("C2", 0.06)), strict=True
        ):
            x = own["steps"].map(places.index) + aside
            means = own.groupby("steps")["gain"].mean()
            ax.scatter(x, own["gain"], s=14, color=colour, alpha=0.5, linewidth=0)
            ax.plot(
                [places.index(steps) + aside for steps in means.index],
                means,
                color=colour,
                marker="o",
                label=statistics,
            )
            said = ", ".join(f"{steps} steps {gain:+.3f}" for steps, gain in means.items())
            described.append(f"{language_name(language)}, {statistics} statistics: {said}")
        ax.axhline(0, color="black", linestyle="--", linewidth=1)
        ax.set(
            title=language_name(language),
            xticks=range(len(places)),
            xlabel="steps of stage 2",
            xlim=(-0.4, len(places) - 0.6),
        )
        ax.set_xticklabels(places)
    axes[0, 0].set_ylabel("macro-F1 with stage 1\nless that without")
    axes[0, -1].legend(title="statistics", fontsize="small")
    return captioned(
        figure,
        alt="One panel per language: macro-F1 with stage 1 less that without, over steps of stage 2, a point a seed, "
        f"means joined, zero dashed. {'; '.join(described)}.",
        caption="Stored runs on real speech: what 400 batches of stage 1 bring before stages 2 of several lengths. A "
        "small point is a seed, a large one the mean.",
        name="fig-stage1-by-steps",
    )
