"""BYOL in pictures: its networks and schedules, what keeps it from collapsing, and how long its target lags behind."""

import math
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML
from matplotlib.ticker import PercentFormatter

from sernb.experiments.profiles import load_profile
from sernb.experiments.simulations import agree_without_negatives
from sernb.figures import plots, plots_methods
from sernb.figures.boxes import FOLLOWS, TRAINED, Place, diagram
from sernb.figures.captioned import captioned
from sernb.runs import Run
from sernb.training.configs import ByolConfig
from sernb.training.schedules import mixing_weight, momentum

GRILL = 0.996
"""Momentum of Grill et al. 2020 at their first step, for runs of hundreds of thousands of steps."""


def networks() -> HTML:
    """Which view passes through which network, and which of them learns."""
    boxes: dict[Place, tuple[str, str]] = {
        (0, 2): ("supervised view", TRAINED),
        (1, 2): ("online encoder", TRAINED),
        (3, 2): ("emotion head", TRAINED),
        (4, 2): ("cross-entropy", TRAINED),
        (0, 1): ("view one", TRAINED),
        (1, 1): ("online encoder", TRAINED),
        (2, 1): ("projector", TRAINED),
        (3, 1): ("predictor", TRAINED),
        (4, 0.5): ("BYOL loss", TRAINED),
        (0, 0): ("view two", TRAINED),
        (1, 0): ("target encoder", FOLLOWS),
        (2, 0): ("projector", FOLLOWS),
    }
    arrows: list[tuple[Place, Place]] = [((0, 2), (1, 2)), ((1, 2), (3, 2)), ((3, 2), (4, 2))]
    arrows += [((x, 1), (x + 1, 1)) for x in range(3)] + [((3, 1), (4, 0.5))]
    arrows += [((0, 0), (1, 0)), ((1, 0), (2, 0)), ((2, 0), (4, 0.5))]
    ax = diagram(boxes, arrows, 9.5, 3.2, dashed=[((1, 1), (1, 0)), ((2, 1), (2, 0))])
    ax.text(3, 0.05, "stop-gradient", ha="center", fontsize=9)
    ax.text(1.5, 0.5, "momentum", ha="center", va="center", fontsize=9)
    return captioned(
        ax,
        alt="Three rows of boxes. Top: supervised view, online encoder, emotion head, cross-entropy. Middle: view one, "
        "online encoder, projector, predictor. Bottom: view two, target encoder and projector in grey, and no "
        "predictor. The predictor and the target's projector lead to the BYOL loss; no gradient goes back into the "
        "target, which follows the online encoder and projector by momentum.",
        caption="BYOL with supervision: one encoder learns from both losses, a second one (grey) follows it slowly.",
        name="fig-byol-networks",
    )


def collapse(seed: int = 0) -> HTML:
    """What predictor and stop-gradient are for: spread and loss with both, without one, without the other."""
    course = agree_without_negatives(seed)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for name, line in course.groupby("networks", sort=False):
        left.plot(line["step"], line["variance"], label=name)
        right.plot(line["step"], line["loss"], label=name)
    left.set(xlabel="step", ylim=(0, 1), title="how far different clips lie apart")
    right.set(xlabel="step", ylim=(0, None), title="BYOL loss")
    left.legend(fontsize="small", loc="center right")
    last = course[course["step"] == course["step"].max()].set_index("networks")
    described = "; ".join(f"{name}: variance {row.variance:.2f}, loss {row.loss:.2f}" for name, row in last.iterrows())
    return captioned(
        figure,
        alt="Left, the variance of the projections of made-up clips over the steps of training; right, the BYOL loss: "
        f"one line each for BYOL as it is, without its predictor, and without stop-gradient. At the end, {described}.",
        caption="Simulation, 128 made-up clips: without the predictor, or with a gradient into the target, the "
        "networks soon say the same of every clip, and the loss likes it.",
        name="fig-byol-collapse",
    )


_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
"""Behind words that a curve would cross."""


def lags(momenta: tuple[float, ...] = (0.9, 0.99, GRILL, 0.9996)) -> HTML:
    """How much of the target still is what it started from, over the steps, beside the lengths of runs."""
    steps = np.geomspace(1, 1e4, 400)
    figure, ax = plt.subplots(figsize=(8, 3.6), layout="constrained")
    described = []
    for value in momenta:
        half = math.log(0.5) / math.log(value)
        ax.plot(steps, value**steps, label=f"momentum {value:g}: half after {half:,.0f} steps")
        described.append(f"momentum {value:g} halves it in {half:,.0f} steps")
    ends = {name: load_profile(name).config("byol", ByolConfig).steps for name in ("smoke", "laptop", "paper")}
    for name, end in ends.items():
        ax.axvline(end, color="black", linewidth=0.8, linestyle="--")
        ax.text(end * 1.06, 0.97, f"{name}:\n{end:,} steps", fontsize=8, va="top", bbox=_PAPER)
    ax.set(xscale="log", xlabel="steps", ylabel="share of the target that is\nstill its first weights", ylim=(0, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    lengths = ", ".join(f"{name} {end:,}" for name, end in ends.items())
    return captioned(
        figure,
        alt=f"Falling curves over steps on a logarithmic axis: {'; '.join(described)}. Dashed lines mark the steps of "
        f"a run under each profile: {lengths}.",
        caption="What is left of the target's first weights. A curve that is still high where a run ends means that "
        "the target, which is the model, is mostly Whisper as it was.",
        name="fig-byol-lags",
    )


def schedules(config: ByolConfig, profile: str) -> HTML:
    """The two schedules of a run: the weight of the BYOL loss, and what the target holds of a change at step 0."""
    steps = range(config.steps)
    ends = (config.weight_start, config.weight_end)
    weights = [mixing_weight(step, config.steps, *ends, config.weight_schedule) for step in steps]
    kept = [momentum(step, config.steps, config.momentum, config.momentum_schedule) for step in steps]
    held = 1 - np.cumprod(kept)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
    left.plot(steps, weights)
    left.set(xlabel="step", ylabel="λ", ylim=(0, 1), title="from agreement to emotion")
    right.plot(steps, held)
    right.axhline(0.5, color="black", linewidth=0.8, linestyle="--")
    right.set(
        xlabel="step", ylim=(0, 1), title=f"share of a first change in the target\n(momentum {config.momentum:g})"
    )
    half = int(np.argmax(held >= 0.5)) + 1 if held[-1] >= 0.5 else None
    return captioned(
        figure,
        alt=f"Left, lambda falls in a line from {weights[0]:g} to {weights[-1]:g} over {config.steps} steps. Right, "
        f"the share of a change at the first step that the target holds rises to {held[-1]:.2f}; "
        + (f"it passes one half after {half} steps." if half else "it never reaches one half."),
        caption=f"Both schedules under the profile {profile}.",
        name="fig-byol-schedules",
    )


def learning(run: Run) -> HTML:
    """A run's loss, its two terms, and both networks on validation speakers, epoch by epoch."""
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.3), layout="constrained")
    plots.learning_curves(run.metrics, ax=axes[0])
    plots_methods.curves(run.metrics, {"cross_entropy": "cross-entropy", "byol": "BYOL loss"}, axes[1])
    both = {"target_macro_f1": "target network", "online_macro_f1": "online network"}
    plots_methods.curves(run.metrics, both, axes[2]).set(title="validation macro-F1", ylim=(0, 1))
    first, last = run.metrics.iloc[0], run.metrics.iloc[-1]
    return captioned(
        figure,
        alt=f"Left, training loss from {first['loss']:.2f} to {last['loss']:.2f}, with validation macro-F1. Middle, "
        f"its two terms, means of each epoch: cross-entropy from {first['cross_entropy']:.2f} to "
        f"{last['cross_entropy']:.2f}, BYOL loss from {first['byol']:.2f} to {last['byol']:.2f}. Right, macro-F1 of "
        f"both networks, at the end {last['target_macro_f1']:.2f} for the target and {last['online_macro_f1']:.2f} for "
        "the online one.",
        caption="Live run: learning curves, both terms of the loss, and both networks on validation speakers.",
        name="fig-byol-curves",
    )


def spreads(runs: Mapping[str, Run]) -> HTML:
    """How far apart the projections of different clips lie in each run, and the BYOL loss, epoch by epoch."""
    metrics = {name: run.metrics for name, run in runs.items()}
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    plots_methods.spread(metrics, "variance", axes[0])
    plots_methods.spread(metrics, "effective_rank", axes[1])
    for name, table in metrics.items():
        plots_methods.curves(table, {"byol": name}, axes[2])
    axes[2].set(ylabel="BYOL loss, mean of an epoch", ylim=(0, None))
    described = "; ".join(
        f"{name}: variance {table['variance_start'].iloc[0]:.3f} before and {table['variance'].iloc[-1]:.3f} after, "
        f"effective rank {table['rank_start'].iloc[0]:.1f} and {table['effective_rank'].iloc[-1]:.1f}, BYOL loss "
        f"{table['byol'].iloc[-1]:.3f} at the end"
        for name, table in metrics.items()
    )
    return captioned(
        figure,
        alt=f"Left, variance of the projections of validation clips over epochs; middle, their effective rank; right, "
        f"the BYOL loss. {described}.",
        caption="Live run: how far the projections of different clips lie apart, and what the loss makes of it.",
        name="fig-byol-spread" if len(runs) == 1 else "fig-byol-spreads",
    )
