"""Continuous metric learning in pictures: what the loss straightens, and both claims of Das et al. 2022."""

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import HTML
from matplotlib.axes import Axes

from sernb.evaluation.names import word
from sernb.evaluation.uncertainty import in_words
from sernb.experiments.transfer_run import JOINT, PLAIN, TransferResults
from sernb.figures import plots, plots_results
from sernb.figures.captioned import captioned
from sernb.languages import language_name
from sernb.losses.continuous import metric_loss
from sernb.results.report import FOLDER
from sernb.training.metric import MetricConfig

AS_PUBLISHED = "setting == 'published' and unlabelled == 'none'"
SUPERVISED = {"metric DAE, activation": "activation", "metric DAE, valence": "valence", JOINT: "both scales"}
DIFFERENCE = {"difference": "value", "difference_low": "low", "difference_high": "high"}
WIDEST = 3
"""Features drawn of each pair of languages."""


def abroad(root: Path = FOLDER) -> pd.DataFrame:
    """Scores in another language than the source's, over folds that share no speaker; `to` names the transfer."""
    scores = TransferResults.load(root).scores.query("folds == 'speaker' and source != language")
    pairs = scores[["source", "language"]].itertuples(index=False)
    return scores.assign(to=[f"{language_name(source)} to {language_name(target)}" for source, target in pairs])


def differences(scores: pd.DataFrame) -> pd.DataFrame:
    """Differences from the plain autoencoder in the columns value, low and high; rows without one are left out."""
    return scores.dropna(subset="difference").drop(columns=list(DIFFERENCE.values())).rename(columns=DIFFERENCE)


def claims(root: Path = FOLDER) -> HTML:
    """Both claims of Das et al. 2022: what the metric loss does to accuracy and to the correlation with activation."""
    rows = differences(abroad(root).query(AS_PUBLISHED).query("method == @JOINT"))
    rows = rows.assign(statistics=rows["statistics"].map({"source": "source's statistics", "own": "own statistics"}))
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
    _forests(axes, rows, {"accuracy": "accuracy", "activation_r": "correlation with activation"}, "to", "statistics")
    for ax in axes:
        ax.set_xlabel("with the metric loss less without")
    _legend(axes[0])
    return captioned(
        figure,
        alt=f"Points with 95 % intervals, accuracy on the left, correlation with activation on the right: the metric "
        f"autoencoder less the plain one. {_described(rows, ['accuracy', 'activation_r'])}.",
        caption="Stored runs on real speech: what the metric loss on both scales adds to the plain autoencoder. "
        "Features are z-scored by the source's statistics, as published, or each corpus by its own. No correlation for "
        "Bangla: nobody rated its clips.",
        name="fig-claims",
    )


def losses(root: Path = FOLDER) -> HTML:
    """What each of the three metric losses adds to the plain autoencoder, score by score, under both statistics."""
    rows = differences(abroad(root).query(AS_PUBLISHED))
    rows = rows[rows["method"].isin(SUPERVISED)].assign(loss=lambda table: table["method"].map(SUPERVISED))
    scores = ["accuracy", "angry_sad", "activation_r", "valence_r"]
    figure, axes = plt.subplots(2, 4, figsize=(10, 6), layout="constrained", sharey="col")
    for line, statistics in zip(axes, ("source", "own"), strict=True):
        chosen = rows[rows["statistics"] == statistics]
        _forests(line, chosen, {score: f"{word(score)},\n{statistics} statistics" for score in scores}, "to", "loss")
    for ax in axes[:, [1, 3]].flat:
        ax.tick_params(labelleft=False)
    _legend(axes[0, 0])
    shown = rows[rows["score"].isin(scores)]
    described = [
        f"loss on {loss}: {(own['low'] > 0).sum()} above zero, {(own['high'] < 0).sum()} below, of {len(own)}"
        for loss, own in shown.groupby("loss", sort=False)
    ]
    return captioned(
        figure,
        alt="Eight panels of points with 95 % intervals: accuracy, angry or sad, and the correlations with activation "
        "and valence, above with the source's statistics, below with each corpus's own; metric less plain autoencoder "
        f"for losses on activation, on valence and on both. Intervals of the {'; '.join(described)}.",
        caption="Stored runs on real speech: every metric loss less the plain autoencoder. An interval that holds zero "
        "leaves the claim open.",
        name="fig-losses",
    )


def settings(root: Path = FOLDER) -> HTML:
    """Whether the joint loss fares better with chosen settings, or with another language's unlabelled clips."""
    rows = differences(abroad(root).query("method == @JOINT and statistics == 'source'"))
    kinds = {("published", "none"): "as published", ("tuned", "none"): "settings chosen on validation speakers"}
    kinds |= {("longer", "none"): "trained longer"}
    keys = zip(rows["setting"], rows["unlabelled"], strict=True)
    rows = rows.assign(how=[kinds.get(key, "with unlabelled Bangla") for key in keys])
    also = "trained longer, " if "trained longer" in set(rows["how"]) else ""
    described = _described(rows, ["accuracy", "activation_r"], "how")
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    _forests(axes, rows, {"accuracy": "accuracy", "activation_r": "correlation with activation"}, "to", "how")
    _legend(axes[0])
    return captioned(
        figure,
        alt="Points with 95 % intervals: the joint metric autoencoder less the plain one, as published, with chosen "
        f"settings, {also}and with unlabelled Bangla in the training. {described}.",
        caption="Stored runs on real speech: joint metric less plain autoencoder, z-scored by the source's statistics. "
        "Chosen are learning rate, noise and size of the latent.",
        name="fig-settings",
    )


def transfer(language: str, root: Path = FOLDER) -> HTML:
    """Every method's scores in one language, learnt from each source: accuracy, and correlation where it is rated.

    Args:
        language: ISO 639-1 code; one the stored runs are judged on.
        root: folder of the stored runs.

    Raises:
        ValueError: no stored run is judged on it.
    """
    rows = abroad(root).query(AS_PUBLISHED).query("language == @language").dropna(subset="value")
    if rows.empty:
        raise ValueError(f"no stored run was judged on {language!r}")
    scores = [score for score in ("accuracy", "activation_r") if (rows["score"] == score).any()]
    pairs = [(source, score) for source in rows["source"].unique() for score in scores]
    figure, axes = plt.subplots(1, len(pairs), figsize=(9.5, 4.2), layout="constrained", sharey=True, squeeze=False)
    for ax, (source, score) in zip(axes[0], pairs, strict=True):
        shown = rows.query("source == @source and score == @score")
        plots.intervals(shown, "method", "statistics", ax)
        ax.get_legend().remove()
        chance = 0.25 if score == "accuracy" else 0
        ax.axvline(chance, color="black", linewidth=0.8, linestyle="--")
        ax.set(xlabel=word(score), title=f"from {language_name(source)}")
    _legend(axes[0, 0])
    best = rows[rows["score"] == "accuracy"].sort_values("value").iloc[-1]
    return captioned(
        figure,
        alt=f"Points with 95 % intervals for each method, one panel per source language and score, in "
        f"{language_name(language)}; dashed, chance. The highest accuracy is {best['value']:.2f}: {best['method']}, "
        f"from {language_name(best['source'])}, z-scored by {best['statistics']} statistics.",
        caption=f"Stored runs on real speech: transfer to {language_name(language)}, 95 % intervals over speakers and "
        "seeds; colours say whose statistics z-score the features.",
        name="fig-transfer",
    )


def straightened(language: str, root: Path = FOLDER) -> HTML:
    """Latent against label before and after: plain, with the metric loss, and at ten times its learning rate.

    At home, on speakers that were not trained on, and in the given language, where its clips are rated.
    """
    planes = TransferResults.load(root).planes
    source = planes.query("language == @language and source != language")["source"].iloc[0]
    planes = planes[planes["source"] == source]
    trained = planes.query("language == @source and part == 'train'").groupby(["method", "settings"]).size().iloc[0]
    planes = planes[planes["part"] == "apply"].dropna(subset="activation")
    places = [place for place in dict.fromkeys((source, language)) if (planes["language"] == place).any()]
    kinds = list(planes.groupby(["method", "settings"], sort=False).groups)
    size = (9, 0.6 + 2.6 * len(places))
    shared: dict[str, Any] = {"layout": "constrained", "squeeze": False, "sharex": True, "sharey": "row"}
    figure, axes = plt.subplots(len(places), len(kinds), figsize=size, **shared)
    described = []
    for row, place in zip(axes, places, strict=True):
        there = planes[planes["language"] == place]
        for ax, (method, chosen) in zip(row, kinds, strict=True):
            points = there[(there["method"] == method) & (there["settings"] == chosen)]
            slope, loss = _line(points["activation"].to_numpy(), points["z0"].to_numpy(), ax)
            name = method + (", rate 0.001" if "learning_rate" in chosen else "")
            ax.set_title(f"{name}\nslope {slope:.2f}, loss {loss:.2f}", fontsize="medium")
            described.append(f"{language_name(place)}, {name} {slope:.2f} and {loss:.2f}")
        row[0].set(ylabel=f"latent 1,\n{language_name(place)}", ylim=there["z0"].quantile([0.01, 0.99]))
    for ax in axes[-1]:
        ax.set_xlabel("activation")
    config = MetricConfig()
    steps = config.epochs * ceil(trained / config.batch_size)
    return captioned(
        figure,
        alt=f"Scatter plots of the first latent value over activation, with the line through them, and dashed the line "
        f"of slope 1 that the loss asks for. Slope and metric loss: {'; '.join(described)}.",
        caption=f"Real speech, learnt from {language_name(source)}: clips of speakers that were not trained on. "
        f"Dashed, what the loss asks for: a line of slope 1 and no clip beside it. {steps} steps at the published "
        f"learning rate, {config.learning_rate:g}, end before they are there; at ten times the rate they lead further. "
        "A few clips lie outside.",
        name="fig-straightened",
    )


def ranks(root: Path = FOLDER) -> HTML:
    """Pearson's correlation with activation beside Spearman's: the values may disagree where the ranks agree."""
    rows = abroad(root).query(AS_PUBLISHED).query("statistics == 'source'")
    kinds = {"activation_r": "of values (Pearson)", "activation_rho": "of ranks (Spearman)"}
    rows = rows[rows["score"].isin(kinds)].dropna(subset="value").assign(kind=lambda table: table["score"].map(kinds))
    names = rows["to"].unique()
    figure, axes = plt.subplots(1, len(names), figsize=(9.5, 4.2), layout="constrained", sharey=True)
    for ax, name in zip(axes, names, strict=True):
        plots_results.forest(rows[rows["to"] == name], "method", "kind", ax)
        ax.set(title=name, xlabel="correlation with activation", xlim=(-0.7, 1))
        ax.get_legend().remove()
    _legend(axes[0])
    plain = rows[rows["method"] == PLAIN]
    described = "; ".join(f"{row['to']}, {row['kind']} {in_words(row, 2)}" for row in plain.to_dict("records"))
    return captioned(
        figure,
        alt=f"Points with 95 % intervals for each method: its correlation with activation by values and by ranks, one "
        f"panel per transfer. The plain autoencoder: {described}.",
        caption="Stored runs on real speech, z-scored by the source's statistics: what values lose against ranks.",
        name="fig-ranks",
    )


def explosions(root: Path = FOLDER) -> HTML:
    """Features that spread most once z-scored by another corpus: 1 at home."""
    shifts = TransferResults.load(root).shifts.sort_values("std", ascending=False)
    widest = shifts.groupby(["source", "language"]).head(WIDEST)
    groups = list(widest.groupby(["source", "language"]))
    size = (9, 0.8 + 0.34 * len(widest))
    figure, axes = plt.subplots(len(groups), 1, figsize=size, layout="constrained", sharex=True)
    for ax, ((source, language), rows) in zip(axes, groups, strict=True):
        ax.bar_label(ax.barh(rows["feature"], rows["std"], color="#D55E00"), fmt=" {:.1f}", fontsize=8)
        ax.axvline(1, color="black", linewidth=0.8, linestyle="--")
        ax.invert_yaxis()
        ax.set(xscale="log", xlim=(0.5, widest["std"].max() * 2))
        ax.set_title(
            f"{language_name(language)} by {language_name(source)}'s statistics", loc="left", fontsize="medium"
        )
        ax.tick_params(axis="y", labelsize=8)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set(xlabel="standard deviation, in those of the source")
    most = widest.iloc[0]
    return captioned(
        figure,
        alt=f"Bars on a logarithmic axis: the {WIDEST} features that spread most in each language, in standard "
        f"deviations of the language whose statistics z-score them. The widest is {most['feature']} of "
        f"{language_name(most['language'])} by {language_name(most['source'])}'s statistics, {most['std']:.1f}.",
        caption="Real speech: features whose spread explodes under another corpus's statistics; dashed, their spread "
        "at home. Names are openSMILE's: V is taken over voiced sounds, nz without the unvoiced ones, sma3 smoothed "
        "over three frames, stddevNorm a deviation over a mean.",
        name="fig-explosions",
    )


def leak(root: Path = FOLDER) -> HTML:
    """What folds by utterance add to a score within one corpus, over folds that share no speaker."""
    scores = TransferResults.load(root).scores
    within = scores.query(f"source == language and statistics == 'source' and {AS_PUBLISHED}")
    wide = within.pivot_table(index=["corpus", "method", "score"], columns="folds", values="value").dropna()
    rows = (wide["utterance"] - wide["speaker"]).rename("value").reset_index()
    names = ["accuracy", "activation_r", "valence_r"]
    figure, axes = plt.subplots(1, len(names), figsize=(9.5, 2.8), layout="constrained", sharey=True)
    _forests(axes, rows, {name: word(name) for name in names}, "method", "corpus")
    _legend(axes[0])
    shown = rows[rows["score"].isin(names)].to_dict("records")
    described = [f"{row['corpus']}, {row['method']}, {word(row['score'])} {row['value']:+.2f}" for row in shown]
    return captioned(
        figure,
        alt=f"Points: score over folds by utterance less score over folds by speaker, for four methods in two corpora. "
        f"{'; '.join(described)}.",
        caption="Stored runs on real speech: what folds by utterance, as in the released code, add to a score within "
        "one corpus; differences without intervals.",
        name="fig-metric-leak",
    )


def _forests(axes: np.ndarray, rows: pd.DataFrame, scores: Mapping[str, str], y: str, hue: str) -> None:
    """A forest of each score's rows; see `_legend`."""
    for ax, (score, title) in zip(axes, scores.items(), strict=True):
        plots_results.forest(rows[rows["score"] == score], y, hue, ax)
        if ax.get_legend():
            ax.get_legend().remove()
        ax.set_title(title, fontsize="medium")


def _legend(ax: Axes) -> None:
    """The legend of one panel, above all panels of its figure."""
    handles, labels = ax.get_legend_handles_labels()
    ax.figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False, fontsize="small")


def _described(rows: pd.DataFrame, scores: list[str], *also: str) -> str:
    shown = rows[rows["score"].isin(scores)]
    keys = [*also, "to", *([] if also else ["statistics"])]
    return "; ".join(
        f"{word(row['score'])}, {', '.join(row[key] for key in keys)} {in_words(row, 2)}"
        for row in shown.to_dict("records")
    )


def _line(label: np.ndarray, latent: np.ndarray, ax: Axes) -> tuple[float, float]:
    """Latent over label with the line through them, and the line of slope 1; returns the slope and the metric loss."""
    slope, height = np.polyfit(label, latent, 1)
    middle = label.mean()
    ax.scatter(label, latent, s=10, alpha=0.4, color="C0")
    ax.axline((middle, slope * middle + height), slope=slope, color="C0", linewidth=2)
    ax.axline((middle, slope * middle + height), slope=1, color="black", linewidth=0.8, linestyle="--")
    return float(slope), float(metric_loss(torch.tensor(latent)[:, None], torch.tensor(label)))
