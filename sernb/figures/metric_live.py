"""Continuous metric learning in pictures of the page's own runs: their losses, latents, and how they transfer."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import HTML

from sernb.evaluation.names import word
from sernb.experiments.readouts import SCALES
from sernb.figures import plots, plots_results
from sernb.figures.captioned import captioned
from sernb.languages import language_name
from sernb.runs import Run
from sernb.training.metric import latents


def learning(runs: Mapping[str, Run]) -> HTML:
    """Reconstruction error and metric loss of several runs over their epochs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for name, run in runs.items():
        left.plot(run.metrics["epoch"], run.metrics["reconstruction"], label=name)
        right.plot(run.metrics["epoch"], run.metrics["supervision"], label=name)
    left.set(xlabel="epoch", ylabel="mean squared error", title="reconstruction")
    right.set(xlabel="epoch", title="metric loss")
    left.legend(fontsize="small")
    ends = "; ".join(
        f"{name}: reconstruction {run.metrics['reconstruction'].iloc[-1]:.2f}, metric loss "
        f"{run.metrics['supervision'].iloc[-1]:.2f}"
        for name, run in runs.items()
    )
    return captioned(
        figure,
        alt=f"Two losses over epochs, with and without the metric loss in training. In the last epoch, {ends}.",
        caption="Live runs: what each autoencoder's training does to reconstruction and to the metric loss.",
        name="fig-dae-curves",
    )


def pairs(runs: Mapping[str, Run], clips: pd.DataFrame) -> HTML:
    """Latent differences over label differences of pairs of clips, for each run and each scale that is rated.

    Args:
        runs: by name.
        clips: manifest rows, of speakers that were not trained on.
    """
    unseen = {name: latents(run).merge(clips[["utterance_id"]]) for name, run in runs.items()}
    size = (9, 5.6)
    figure, axes = plt.subplots(len(SCALES), len(runs), figsize=size, layout="constrained", sharex=True, sharey="row")
    for column, (name, points) in enumerate(unseen.items()):
        for row, (scale, dimension) in enumerate(zip(SCALES, ("z0", "z1"), strict=True)):
            known = points.dropna(subset=scale)
            ax = axes[row, column]
            plots.pair_differences(known[dimension].to_numpy(), known[scale].to_numpy(), ax, f"C{column}")
            ax.set_title(f"{name}: {scale}")
    return captioned(
        figure,
        alt="Four plots of latent differences over label differences: activation above, valence below; one column per "
        "run; dots are medians, bars the middle 80 %, a dashed line has slope 1.",
        caption="Live runs: every pair of clips of speakers that were not trained on. Dots are medians, bars hold the "
        "middle 80 %; dashed, what the loss asks for.",
        name="fig-pair-differences",
    )


def planes(runs: Mapping[str, Run], clips: pd.DataFrame) -> HTML:
    """The latent plane of each run, coloured by activation, valence and emotion.

    Args:
        runs: by name.
        clips: manifest rows, of speakers that were not trained on.
    """
    figure, axes = plt.subplots(len(runs), 3, figsize=(10, 5.8), layout="constrained")
    for row, (name, run) in zip(axes, runs.items(), strict=True):
        unseen = latents(run).merge(clips[["utterance_id"]])
        for ax, colour in zip(row, (*SCALES, "emotion"), strict=True):
            plots.latent_plane(unseen, colour, ax).set_title(f"{name}: {colour}", fontsize="medium")
    return captioned(
        figure,
        alt=f"Scatter plots of the two latent values of {len(unseen)} clips of unseen speakers, one row per run; "
        "coloured by activation, by valence and by emotion.",
        caption="Live runs: the latent plane without and with the metric loss.",
        name="fig-latent-plane",
    )


def scored(scores: pd.DataFrame) -> HTML:
    """Live scores of a transfer, one panel per score; rows of `transfer_scores.score`."""
    rows = scores[scores["source"] != scores["language"]].dropna(subset="value")
    places = rows[["language", "statistics"]].itertuples(index=False)
    rows = rows.assign(to=[f"{language_name(language)}, {whose} statistics" for language, whose in places])
    names = [name for name in ("accuracy", "activation_r") if (rows["score"] == name).any()]
    figure, axes = plt.subplots(1, len(names), figsize=(9.5, 3.6), layout="constrained", squeeze=False)
    for ax, name in zip(axes[0], names, strict=True):
        shown = rows[rows["score"] == name].drop(columns=["low", "high"])
        plots_results.forest(shown, "to", "method", ax)
        ax.set(xlabel=word(name))
    for ax in axes[0, 1:]:
        ax.get_legend().remove()
    return captioned(
        figure,
        alt=f"Points: {' and '.join(map(word, names))} of each method in each language, by whose statistics its "
        "features are z-scored.",
        caption="Live run: one fold, one seed, no further training on the target.",
        name="fig-live-transfer",
    )
