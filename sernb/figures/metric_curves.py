"""Learning curves of continuous metric learning in a picture: where the published training ends, and a longer one."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import HTML

from sernb.experiments.transfer_run import JOINT, PLAIN, TransferResults
from sernb.figures.captioned import captioned
from sernb.languages import language_name
from sernb.results.report import FOLDER

COLOURS = {"published": "#7F7F7F", "longer": "#0072B2"}
STYLES = {JOINT: "-", PLAIN: "--"}


def training_curves(root: Path = FOLDER) -> HTML:
    """The loss after each epoch, as published and trained longer, of the joint metric autoencoder and the plain one."""
    results = TransferResults.load(root)
    losses = results.curves.query("quantity == 'loss' and method in @STYLES")
    sources = list(losses["source"].unique())
    figure, axes = plt.subplots(1, len(sources), figsize=(9.5, 3.6), layout="constrained", sharey=True, squeeze=False)
    described = []
    for ax, source in zip(axes[0], sources, strict=True):
        here = losses[losses["source"] == source].sort_values("epoch")
        for (setting, method), curve in here.groupby(["setting", "method"], sort=False):
            ax.plot(
                curve["epoch"],
                curve["mean"],
                color=COLOURS[setting],
                linestyle=STYLES[method],
                label=f"{method}, {setting}",
            )
            if method == JOINT:
                described.append(f"from {language_name(source)}, {setting}: {_fall(curve)}")
        ax.set(xlabel="epoch", title=f"from {language_name(source)}")
    axes[0, 0].set_ylabel("training loss")
    axes[0, -1].legend(fontsize="small")
    published, longer = results.protocol["methods"][JOINT], results.protocol["longer"]
    return captioned(
        figure,
        alt=f"Falling curves over epochs, one panel per source. {JOINT}, {'; '.join(described)}.",
        caption="Stored runs on real speech, mean over folds and seeds: the training loss as published "
        f"({published['epochs']} epochs at a rate of {published['learning_rate']:g}) and trained longer "
        f"({longer['epochs']} epochs at {longer['learning_rate']:g}).",
        name="fig-metric-curves",
    )


def _fall(curve: pd.DataFrame) -> str:
    """From where to where a loss falls, and which share of that its last third of epochs brings."""
    first, last = curve["mean"].iloc[0], curve["mean"].iloc[-1]
    late = curve.loc[curve["epoch"] >= 2 / 3 * curve["epoch"].max(), "mean"].iloc[0] - last
    return f"{first:.2f} to {last:.2f}, {late / (first - last):.0%} of it in the last third"
