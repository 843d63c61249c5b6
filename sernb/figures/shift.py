"""Pictures of the shift between languages: where it lies, what it does to a classifier, and what undoes it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from sernb.evaluation.predictions import confusion, scores
from sernb.figures import plots
from sernb.figures.captioned import captioned
from sernb.figures.plots_results import LANGUAGE_COLOURS, forest
from sernb.labels import EMOTIONS
from sernb.languages import language_name
from sernb.results.ladder import STEPS

STATISTICS = {"source": "as it is", "target": "re-centred"}
_LANGUAGE_MARKS = {"ur": "o", "de": "s", "bn": "^", "en": "D"}


def layers(table: pd.DataFrame, encoder: str = "whisper-base") -> HTML:
    """What each layer of an encoder holds: emotion in each language, the languages' distance, speaker and sentence.

    Args:
        table: the stored results/layers.parquet, from `sernb layers`.
        encoder: one of its encoders.
    """
    table = table[table["encoder"] == encoder]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    emotion = table[table["measure"] == "emotion"]
    for language, rows in emotion.groupby("language"):
        for statistics, style in (("source", "-"), ("target", "--")):
            _line(left, rows[rows["statistics"] == statistics], language, style)
    distance = table[table["measure"] == "distance"]
    for language, rows in distance.groupby("language"):
        _line(middle, rows, language, "-")
    for measure, style in (("speaker", "-"), ("sentence", ":")):
        rows = table[table["measure"] == measure]
        right.plot(rows["layer"], rows["value"], style, color="black", marker=".", label=measure)
    left.set(title="emotion", ylabel="macro-F1")
    middle.set(title="distance from English", ylabel="lengths of an emotion's vector", ylim=(0, None))
    right.set(title="who speaks, and which sentence", ylabel="accuracy", ylim=(0, 1.05))
    for ax in (left, middle, right):
        ax.set(xlabel="layer", xticks=sorted(table["layer"].unique()))
        ax.legend(fontsize="small")
    target = emotion[(emotion["statistics"] == "source") & (emotion["language"] != "en")]
    best = target.groupby("layer")["value"].mean()
    apart = distance.groupby("layer")["value"].mean()
    return captioned(
        figure,
        alt=f"Three line plots over the layers of {encoder}. Left, macro-F1 of emotion in each language: the mean over "
        f"the target languages is highest at layer {best.idxmax()} ({best.max():.2f}; last layer {best.iloc[-1]:.2f}); "
        "dashed lines, with own statistics, lie above the solid ones nearly everywhere. Middle, the languages' mean "
        f"distance from English, from {apart.iloc[1]:.1f} at layer 1 to {apart.iloc[-1]:.1f} at the last. Right, "
        "accuracy of naming the speaker falls and of naming the sentence rises with depth.",
        caption=f"Frozen {encoder}, layer by layer, on real speech. Solid: embeddings as they are; dashed: with each "
        "corpus's own mean and deviation. Every probe of emotion is trained on English.",
        name="fig-layers",
    )


def _line(ax: Axes, rows: pd.DataFrame, language: str, style: str) -> None:
    label = language_name(language) if style == "-" else None
    colour, mark = LANGUAGE_COLOURS.get(language), _LANGUAGE_MARKS.get(language, ".")
    ax.plot(rows["layer"], rows["value"], style, color=colour, marker=mark, markersize=4, label=label)


def clouds(clips: pd.DataFrame, embeddings: np.ndarray, language: str) -> HTML:
    """English and one other language on two directions, as the embeddings are and re-centred.

    To the right: from the mean of English to that of the language. Upwards: from the calm English classes to the
    aroused ones. Both are measured in deviations of English.

    Args:
        clips: manifest rows.
        embeddings: shape (clips, width).
        language: ISO 639-1.
    """
    ours, theirs = ((clips["language"] == code).to_numpy() for code in ("en", language))
    english = (embeddings[ours] - embeddings[ours].mean(0)) / embeddings[ours].std(0).clip(min=1e-6)
    other = (embeddings[theirs] - embeddings[ours].mean(0)) / embeddings[ours].std(0).clip(min=1e-6)
    moved = (other - other.mean(0)) / other.std(0).clip(min=1e-6)
    aroused = clips.loc[ours, "emotion"].isin(["angry", "happy"]).to_numpy()
    across = other.mean(0) / np.linalg.norm(other.mean(0))
    up = english[aroused].mean(0) - english[~aroused].mean(0)
    up -= (up @ across) * across
    plane = np.stack([across, up / np.linalg.norm(up)], axis=1)
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharex=True, sharey=True)
    for ax, points, title in zip(axes, (other, moved), STATISTICS.values(), strict=True):
        ax.scatter(*(english @ plane).T, s=4, color="#DDDDDD", label="English", zorder=0)
        for emotion in EMOTIONS:
            chosen = (clips.loc[theirs, "emotion"] == emotion).to_numpy()
            ax.scatter(*(points[chosen] @ plane).T, s=8, color=plots.COLOURS[emotion], label=emotion, alpha=0.7)
        ax.plot(*(points.mean(0) @ plane), "k+", markersize=14, markeredgewidth=2)
        ax.plot(0, 0, "kx", markersize=10, markeredgewidth=2)
        ax.set(title=f"{language_name(language)}, {title}", xlabel=f"from English to {language_name(language)}")
    axes[0].set_ylabel("from calm to aroused, in English")
    axes[1].legend(fontsize="small", markerscale=2, bbox_to_anchor=(1, 1), loc="upper left", frameon=False)
    apart, spread = np.linalg.norm(other.mean(0)), (english @ across).std()
    return captioned(
        figure,
        alt=f"Two scatter plots of real clips. Left, the cloud of {language_name(language)} lies beside that of "
        f"English: its mean is {apart:.1f} English deviations to the right, where English itself spreads by "
        f"{spread:.1f}. Right, re-centred, both clouds lie on each other, angry and happy clips above sad and neutral.",
        caption=f"Real speech: English in grey, {language_name(language)} in colours, on the direction that parts the "
        "two languages and the one that parts aroused from calm emotions in English. The cross is English's mean, the "
        "plus the other's. Re-centring asks for no label.",
        name="fig-clouds",
    )


def recentred(predictions: pd.DataFrame, where: str, name: str = "fig-recentred") -> HTML:
    """Confusion matrices of the same clips without and with the target's own statistics.

    Args:
        predictions: of one language, with a column statistics ("source" or "target").
        where: what they are of, for title and caption.
        name: of the figure.
    """
    tables = {title: predictions[predictions["statistics"] == kind] for kind, title in STATISTICS.items()}
    return _confusions(tables, where, "as the embeddings are and re-centred", name)


def self_trained(before: pd.DataFrame, after: pd.DataFrame, where: str) -> HTML:
    """Confusion matrices of the same re-centred clips under the head that English taught, and under those it taught.

    Args:
        before: predictions of one language with target statistics.
        after: those of the heads that these names taught.
        where: what they are of, for title and caption.
    """
    tables = {"taught in English": before, "taught by its own names": after}
    return _confusions(tables, where, "by the head that English taught, and by those it taught", "fig-self-trained")


def frequent(table: pd.DataFrame, language: str) -> HTML:
    """What re-centring and self-training come to where one class is frequent among the clips they hear.

    Args:
        table: from `evaluation.uneven.by_share`.
        language: ISO 639-1.
    """
    rows = table[table["language"] == language].sort_values("share")
    figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
    lines = {"main": "as it is", "statistics": "re-centred", "self-trained": "self-trained"}
    for (column, label), style in zip(lines.items(), (":", "--", "-"), strict=True):
        ax.plot(rows["share"], rows[column], style, color="black", marker=None if style == ":" else ".", label=label)
    ax.set(xlabel="share of one emotion among the clips heard", ylabel="macro-F1", xticks=rows["share"])
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.legend(frameon=False)
    told = "; ".join(
        f"{row.share:.0%}: " + ", ".join(f"{label} {rows.at[row.Index, column]:.2f}" for column, label in lines.items())
        for row in rows.itertuples()
    )
    return captioned(
        figure,
        alt=f"Three lines, macro-F1 against the share of one emotion, {language_name(language)}. {told}.",
        caption=f"Real speech, {language_name(language)}: always about {rows['heard'].mean():.0f} unlabelled clips are "
        "heard, of which one emotion makes up more and more. Judged on all clips; means over the emotions, each of "
        "which is the frequent one once, and over trainings.",
        name="fig-frequent",
    )


def _confusions(tables: dict[str, pd.DataFrame], where: str, how: str, name: str) -> HTML:
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    described = []
    for ax, (title, judged) in zip(axes, tables.items(), strict=True):
        shares, value = confusion(judged), scores(judged)["macro_f1"]
        plots.confusion(shares, ax).set_title(f"{title}: macro-F1 {value:.2f}")
        recalls = ", ".join(f"{emotion} {shares.loc[emotion, emotion]:.2f}" for emotion in EMOTIONS)
        described.append(f"{title}, macro-F1 {value:.2f}, recall {recalls}")
    return captioned(
        figure,
        alt=f"Two confusion matrices of {where}. {'; '.join(described)}.",
        caption=f"{where}: what each class is taken for, {how}.",
        name=name,
    )


def brought(table: pd.DataFrame) -> HTML:
    """What averaged weights, own statistics and an ensemble each add to the baseline, in each language.

    Args:
        table: from `results.ladder.gain_per_step`.
    """
    ax = forest(_lines(table), "language", hue="step")
    ax.set(xlabel="gain in macro-F1 over the step before")
    return captioned(
        ax,
        alt=f"Points with intervals. {_described(table, 'step')}",
        caption="Stored runs on real speech: what each step adds to the weights of the baseline's last step, with 95 % "
        "intervals over speakers and trainings. Hollow: a single ensemble has no interval.",
        name="fig-brought",
    )


def left_over(table: pd.DataFrame) -> HTML:
    """What each method has over the baseline, as they are and with both re-centred; a panel each.

    Args:
        table: from `results.ladder.gain_over_baseline`.
    """
    figure, axes = plt.subplots(1, 2, figsize=(10, 3), layout="constrained", sharex=True, sharey=True)
    panels = {STEPS[1]: "both averaged", STEPS[2]: "both averaged and re-centred"}
    for ax, (step, title) in zip(axes, panels.items(), strict=True):
        forest(_lines(table[table["step"] == step]), "language", ax=ax).set(title=title, xlabel="gain in macro-F1")
        ax.get_legend().remove()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return captioned(
        figure,
        alt="Two forest plots of gains over the baseline. "
        + " ".join(f"{title}: {_described(table[table['step'] == step], 'method')}" for step, title in panels.items()),
        caption="Stored runs on real speech: what each method gains, with 95 % intervals over speakers and trainings. "
        "On both sides of either panel are averaged weights (of BYOL, its target network, an average by itself); left, "
        "without statistics of the target; right, with them.",
        name="fig-left-over",
    )


def _lines(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(language=table["language"].map(language_name)).sort_values("language", kind="stable")


def _described(table: pd.DataFrame, column: str) -> str:
    def interval(row) -> str:
        return "" if np.isnan(row.low) else f" [{row.low:+.2f}, {row.high:+.2f}]"

    said = [
        f"{language_name(row.language)}, {getattr(row, column)}: {row.value:+.2f}{interval(row)}"
        for row in table.itertuples()
    ]
    return "; ".join(said) + "."
