"""Pictures of the baseline: its network, how far emotion carries from English, and what a run learnt."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from IPython.display import HTML

from sernb.evaluation import uncertainty
from sernb.evaluation.counts import macro_f1
from sernb.evaluation.predictions import confusion, recall_by
from sernb.figures import plots
from sernb.figures.boxes import FOLLOWS, TRAINED, diagram
from sernb.figures.captioned import captioned
from sernb.labels import EMOTIONS
from sernb.languages import language_name
from sernb.results import selection
from sernb.runs import Run


def network() -> HTML:
    """The baseline from sound to class, what is trained in blue."""
    steps = {
        (0.0, 1.0): ("4 s of speech\n64,000 samples", FOLLOWS),
        (1.0, 1.0): ("log-mel\n80 × 400", FOLLOWS),
        (2.0, 1.0): ("2 convolutions\nfrozen", FOLLOWS),
        (3.0, 1.0): ("Transformer\ntrained", TRAINED),
        (3.0, 0.0): ("average over\nspeech frames", FOLLOWS),
        (2.0, 0.0): ("head: 2 layers\n+ dropout", TRAINED),
        (1.0, 0.0): ("angry, happy,\nneutral, sad", FOLLOWS),
    }
    return captioned(
        diagram(steps, pairwise(steps), 8.5, 2.6),
        alt="Boxes joined by arrows: " + "; ".join(text.replace("\n", " ") for text, _ in steps.values()) + ".",
        caption="The baseline, from sound to class. Blue: trained on English; grey: fixed.",
        name="fig-baseline",
    )


def zero_shot(predictions: pd.DataFrame, taught: pd.DataFrame) -> HTML:
    """How far emotion carries: macro-F1 in each language with intervals, and each class's recall.

    Args:
        predictions: of the baseline's runs on the target languages, from `comparison.pooled`.
        taught: of a probe that learnt from the target's own labels.
    """
    rows = []
    for language, judged in predictions.groupby("language"):
        found = uncertainty.estimate(judged, metrics={"macro_f1": macro_f1}).iloc[0]
        rows.append({"language": language} | found[["value", "low", "high"]].to_dict())
    table = pd.DataFrame(rows).sort_values("value", ignore_index=True)
    best = {language: _score(judged) for language, judged in taught.groupby("language")}
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
    spread = np.nan_to_num([table["value"] - table["low"], table["high"] - table["value"]])
    left.errorbar(table["value"], table.index, xerr=spread, fmt="o", color="C0", label="taught in English only")
    reached = [best.get(language, np.nan) for language in table["language"]]
    left.plot(reached, table.index, "kD", markerfacecolor="none", label="probe taught in the language itself")
    left.axvline(1 / len(EMOTIONS), color="black", linewidth=0.8, linestyle=":")
    names = [language_name(language) for language in table["language"]]
    left.set(xlim=(0.2, 1), ylim=(len(table) - 0.5, -0.5), yticks=table.index, yticklabels=names, xlabel="macro-F1")
    left.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), fontsize="small", frameon=False, ncols=2)
    recalls = recall_by(predictions, "language").pivot(index="language", columns="emotion", values="recall")
    recalls = recalls.loc[table["language"], list(EMOTIONS)].set_axis(names)
    sns.heatmap(recalls, annot=True, fmt=".0%", vmin=0, vmax=1, cmap="Blues", cbar=False, ax=right)
    right.set(title="share of each class that is recognised", xlabel="", ylabel="")
    right.tick_params(left=False, bottom=False, labelrotation=0)
    described = "; ".join(
        f"{name} {row.value:.2f} (neutral recognised: {recalls.loc[name, 'neutral']:.0%})"
        for name, row in zip(names, table.itertuples(), strict=True)
    )
    return captioned(
        figure,
        alt="Left, macro-F1 in each language as points with intervals, chance dotted at "
        f"{1 / len(EMOTIONS):.2f}; right, a shaded table of the share of each class that is recognised. {described}.",
        caption="Stored baseline runs on real speech: trained on English, judged on languages they were never taught. "
        "Left, macro-F1 with 95 % intervals over speakers and trainings; diamonds, a logistic regression on frozen "
        "embeddings that was taught in the language itself.",
        name="fig-zero-shot",
    )


def _score(judged: pd.DataFrame) -> float:
    """Macro-F1 of predictions of one model."""
    return uncertainty.estimate(judged.assign(seed=0), metrics={"macro_f1": macro_f1})["value"].item()


def curves(run: Run) -> HTML:
    """The loss a run trains on, and what its averaged weights reach on English validation speakers."""
    first, last = run.metrics.iloc[0], run.metrics.iloc[-1]
    return captioned(
        plots.learning_curves(run.metrics),
        alt=f"Training loss over {len(run.metrics)} epochs, from {first['loss']:.2f} to {last['loss']:.2f}; "
        f"validation macro-F1 from {first['macro_f1']:.2f} to {last['macro_f1']:.2f}.",
        caption="Live run: the loss it trains on, and what its averaged weights reach on English validation speakers.",
        name="fig-baseline-curves",
    )


def judged(predictions: pd.DataFrame, where: str, name: str) -> HTML:
    """What each class is taken for, and for whom it is named right.

    Args:
        predictions: of one language.
        where: whose they are, for the caption.
        name: of the figure.
    """
    shares = confusion(predictions)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    plots.confusion(shares, left).set_title("confusion")
    plots.recalls(recall_by(predictions, "gender"), right).set_title("recall by gender")
    named = ", ".join(f"{emotion} {shares.loc[emotion, emotion]:.2f}" for emotion in shares.index)
    return captioned(
        figure,
        alt=f"Left, the confusion matrix; share of each class named right: {named}. Right, the recall of each class "
        "for women and men as bars, chance dashed.",
        caption=f"{where}: what each class is taken for, and for whom it is named right. Dashed: chance. Where a bar "
        "is missing, nobody of that gender has a clip of the class, or none is named right.",
        name=name,
    )


def depths(table: pd.DataFrame) -> HTML:
    """Macro-F1 of runs that keep some of the encoder's layers and of runs that keep all.

    Args:
        table: scores by run and corpus, with a column layers.
    """
    table = table.assign(language=table["language"].map(language_name))
    ax = plots.scores(table, x="language", hue="layers")
    means = table.groupby(["language", "layers"])["macro_f1"].mean()
    described = "; ".join(f"{language}, {layers}: {value:.2f}" for (language, layers), value in means.items())
    return captioned(
        ax,
        alt=f"Macro-F1 as bars for each language and choice of layers, the seeds as points, chance dashed. Means: "
        f"{described}.",
        caption="Stored runs on real speech, the seeds that both have: the baseline with the lower half of the "
        "encoder's layers, and with all. Bars: means. Points: seeds. Dashed: chance.",
        name="fig-depths",
    )


def judges(table: pd.DataFrame) -> HTML:
    """Every candidate as English judges see it, against what it is worth in the target languages.

    Args:
        table: from `selection.read`.
    """
    seen, main, best = selection.by_judge(table), table["candidate"].iloc[0], selection.chosen(table)
    agree = seen.corr("spearman")["targets"]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
    for ax, judge in zip(axes, selection.JUDGES[:2], strict=True):
        ax.plot(seen[judge], seen["targets"], "o", color="C7")
        for name, colour, mark in ((main, "C0", "s"), (best, "C3", "D")):
            ax.plot(seen.loc[name, judge], seen.loc[name, "targets"], mark, color=colour, label=name)
        ax.set(title=f"judged by {judge} held out", xlabel="macro-F1 there")
    axes[0].set_ylabel("macro-F1 in the target languages")
    axes[0].legend(fontsize="small")
    described = "; ".join(
        f"{name}: {', '.join(f'{value:.3f} by {judge}' for judge, value in row.items())}"
        for name, row in seen.to_dict("index").items()
    )
    return captioned(
        figure,
        alt=f"Two scatter plots of {len(seen)} recipes, macro-F1 in the target languages over that by English judges. "
        f"{described}.",
        caption=f"Stored runs on real speech, one seed: {len(seen)} recipes of the baseline as English corpora that "
        "were held out judge them (left), and as English speakers do (right), against what they are worth in the "
        "target languages, as they are and with own statistics. Rank correlation with the targets: "
        f"{agree['English corpora']:+.2f} and {agree['English speakers']:+.2f}.",
        name="fig-judges",
    )
