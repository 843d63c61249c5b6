"""Contrastive learning by speaker in pictures: its pairs, what they do to emotion, the temperature, the two stages."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib.ticker import PercentFormatter

from sernb.experiments.simulations import POOLS, attract_speakers
from sernb.experiments.transfer_run import TransferResults
from sernb.figures import plots, plots_methods
from sernb.figures.boxes import ADAPTED, TRAINED, diagram
from sernb.figures.captioned import captioned
from sernb.languages import language_name
from sernb.results import findings
from sernb.results.report import FOLDER, stored
from sernb.runs import Run

POOL_COLOURS = dict(zip(POOLS, ("#D55E00", "#0072B2", "#7F7F7F"), strict=True))
BATCH_CLIPS = 4
"""Clips of each speaker in a batch, as the paper draws them: who has fewer is never drawn."""


def before_and_after(root: Path = FOLDER) -> HTML:
    """What stage 1 did to speakers and to emotion in the stored runs: one line a run, their mean in black."""
    runs = stored("contrastive-stage1", root)
    reports = [run.report for run in runs]
    figure, axes = plt.subplots(1, len(findings.STAGE1_FIGURES), figsize=(9, 3.2), layout="constrained")
    described = []
    for ax, (name, label) in zip(axes, findings.STAGE1_FIGURES.items(), strict=True):
        values = np.array([[one[when][name] for when in ("before", "after")] for one in reports])
        ax.plot([0, 1], values.T, color="C0", alpha=0.25, linewidth=1)
        ax.plot([0, 1], values.mean(0), color="black", marker="o", linewidth=2)
        ax.set(xticks=[0, 1], xlim=(-0.2, 1.2), title=label.replace(", ", ",\n"))
        ax.set_xticklabels(["before", "after"])
        described.append(f"{label} from {values[:, 0].mean():.3f} to {values[:, 1].mean():.3f}")
    return captioned(
        figure,
        alt=f"Three panels, each with a thin line per run from before to after stage 1 and their mean in black: "
        f"{'; '.join(described)}.",
        caption=f"Stage 1 on real speech, {len(runs)} stored runs: how well it tells apart speakers it has not "
        "heard, and how well emotion in English can be read from it. For the equal error rate less is better.",
        name="fig-stage1-change",
    )


def pairs(speakers: int = 4, views: int = 8) -> HTML:
    """Which pairs of views are pulled together and which are pushed apart, for a few speakers of a batch."""
    who = np.repeat(np.arange(speakers), views)
    alike = np.where(who[:, None] == who, 1.0, 0.0)
    np.fill_diagonal(alike, 0.5)
    _, ax = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
    ax.imshow(alike, cmap="coolwarm_r", vmin=-0.3, vmax=1.3)
    centres = np.arange(speakers) * views + (views - 1) / 2
    ax.set(xticks=centres, yticks=centres, title="blue: pulled together; red: pushed apart")
    ax.set_xticklabels([f"speaker {number + 1}" for number in range(speakers)])
    ax.set_yticklabels([f"speaker {number + 1}" for number in range(speakers)], rotation=90, va="center")
    return captioned(
        ax,
        alt=f"A square of {len(who)} by {len(who)} views, for {speakers} speakers of {views} views each: the blocks "
        "along the diagonal, views of one speaker, are blue, all else is red, and the diagonal itself, a view with "
        "itself, is pale.",
        caption=f"Which pairs of views are pulled together and pushed apart, for {speakers} of a batch's speakers.",
        name="fig-pairs",
    )


def shared_emotions(clips: pd.DataFrame) -> pd.Series:
    """How probably two clips of one speaker share their emotion, the mean over each corpus's speakers.

    Speakers count alike, because a batch draws as many clips of each; those with fewer than BATCH_CLIPS are left out.

    Args:
        clips: columns utterance_id, corpus, speaker and emotion. EMO-DB's emotions outside the four classes are read
            from the last letter but one of its file names.

    Returns:
        Per corpus a share from 0 to 1.
    """
    letter = clips["utterance_id"].str[-2].where(clips["corpus"] == "emodb")
    acted = clips.assign(acted=clips["emotion"].astype(object).fillna(letter)).dropna(subset="acted")
    counts = acted.groupby(["corpus", "speaker", "acted"]).size()
    same = (counts * (counts - 1)).groupby(["corpus", "speaker"]).sum()
    total = counts.groupby(["corpus", "speaker"]).sum()
    shares = (same / (total * (total - 1)))[total >= BATCH_CLIPS]
    return shares.groupby("corpus").mean()


def same_emotion(root: Path = FOLDER) -> HTML:
    """In each target corpus: how often two clips of one speaker share their emotion."""
    clips = TransferResults.load(root).clips
    shares = shared_emotions(clips).sort_values()
    languages = clips.drop_duplicates("corpus").set_index("corpus")["language"]
    labels = [f"{language_name(languages[corpus])} ({corpus})" for corpus in shares.index]
    _, ax = plt.subplots(figsize=(7, 2), layout="constrained")
    ax.bar_label(ax.barh(labels, shares, color="#0072B2"), fmt=lambda share: f" {share:.0%}")
    ax.set(xlim=(0, 1.1), xlabel="pairs of clips of one speaker that share their emotion")
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    described = ", ".join(f"{label} {share:.0%}" for label, share in zip(labels, shares, strict=True))
    return captioned(
        ax,
        alt=f"Bars, one per corpus: the share of pairs of clips of one speaker that share their emotion. {described}.",
        caption="If stage 1 heard the targets' own clips: how often would the two clips it pulls together share their "
        "emotion? Counted from the corpora's labels, the mean over speakers.",
        name="fig-same-emotion",
    )


def attraction(seed: int = 0) -> HTML:
    """What attracting a speaker's clips does to emotion, for three kinds of speech: a simulation in the plane."""
    course, clips = attract_speakers(seed)
    panels = ["before training", *POOLS]
    rows: list[Any] = [panels, ["course"] * 4]
    figure, axes = plt.subplot_mosaic(rows, figsize=(9, 5.6), layout="constrained")
    reach = clips[["x", "y"]].abs().max().max() * 1.08
    for name in panels:
        ax, shown = axes[name], clips[clips["pool"] == name]
        for emotion, points in shown.groupby("emotion"):
            ax.scatter(points["x"], points["y"], s=18, color=plots.COLOURS[emotion], label=emotion)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
        ax.set_title(name.replace(" in ", "\nin ").replace(" an ", "\nan "), fontsize="medium")
    axes[panels[0]].set(xlabel="voice", ylabel="emotion")
    axes[panels[0]].legend(fontsize="small", loc="center left")
    for pool, line in course.groupby("pool", sort=False):
        axes["course"].plot(line["step"], line["emotion"], color=POOL_COLOURS[pool], label=pool)
    axes["course"].set(xlabel="step of training", ylabel="share of the spread\nthat is emotion", ylim=(0, 1))
    axes["course"].legend(fontsize="small")
    first, last = (course[course["step"] == step].set_index("pool")["emotion"] for step in (0, course["step"].max()))
    ends = ", ".join(f"{pool} {share:.2f}" for pool, share in last.items())
    return captioned(
        figure,
        alt="Above, the same clips of unseen speakers four times as points, voice from left to right and emotion from "
        "bottom to top: before training, and as encoders place them that learnt from three kinds of speech. Below, "
        f"the share of the spread that lies between emotions over the steps, at first {first.iloc[0]:.2f}, at the end "
        f"{ends}.",
        caption="Simulation: the plane is stretched and squeezed so that clips of one speaker come together. Where a "
        "speaker's clips differ in emotion, emotion is what has to go; where they share it, it stays, as a part of the "
        "voice; where nobody acts, the clips differ in it by chance only, and it fades more slowly.",
        name="fig-attraction",
    )


def temperatures(values: tuple[float, ...] = (0.05, 0.1, 0.5)) -> HTML:
    """How NT-Xent shares out its push among the negatives, by their similarity, for some temperatures."""
    similarity = np.linspace(-1, 1, 201)
    figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    described = []
    for temperature in values:
        weight = np.exp((similarity - 1) / temperature)
        nearest = weight[similarity >= 0.8].sum() / weight.sum()
        ax.plot(similarity, weight, label=f"{temperature:g}: the nearest tenth bears {nearest:.0%}")
        described.append(
            f"at temperature {temperature:g} the nearest tenth of the negatives bears {nearest:.0%} of the push"
        )
    ax.axvspan(0.8, 1, color="#DDDDDD", zorder=0)
    ax.set(xlabel="cosine similarity to the anchor", ylabel="weight of a negative", xlim=(-1, 1), ylim=(0, 1.02))
    ax.legend(title="temperature", fontsize="small", loc="upper left")
    return captioned(
        figure,
        alt=f"Curves of a negative's weight over its similarity to the anchor, rising to 1 at similarity 1, the "
        f"steeper the lower the temperature. With negatives spread evenly, {'; '.join(described)}.",
        caption="How hard a negative is pushed away, beside one that lies where the anchor lies. The percentages "
        "suppose negatives at every similarity alike; grey, the nearest tenth of them.",
        name="fig-temperature",
    )


def learning(run: Run) -> HTML:
    """A run of stage 1: its loss, and how well held-out speakers are told apart, epoch by epoch."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    metrics = run.metrics
    plots_methods.curves(metrics, {"loss": "training loss"}, left)
    plots_methods.curves(metrics, {"recall_at_1": "recall@1", "eer": "equal error rate"}, right)
    right.set(xlabel="epoch (held-out speakers)", ylim=(0, 1))
    first, last = metrics.iloc[0], metrics.iloc[-1]
    return captioned(
        figure,
        alt=f"Left, training loss from {first['loss']:.2f} to {last['loss']:.2f}. Right, on held-out speakers, "
        f"recall@1 from {first['recall_at_1']:.2f} to {last['recall_at_1']:.2f} and the equal error rate from "
        f"{first['eer']:.2f} to {last['eer']:.2f}.",
        caption="Live run: the contrastive loss, and how well speakers it never trained on are told apart.",
        name="fig-stage1-curves",
    )


def planes(before: np.ndarray, after: np.ndarray, clips: pd.DataFrame, seed: int = 0) -> HTML:
    """The same clips before and after stage 1, placed by t-SNE, coloured by speaker, gender and emotion.

    Args:
        before: embeddings, shape (clips, width).
        after: embeddings, shape (clips, width).
        clips: manifest rows.
        seed: of t-SNE.
    """
    figure, axes = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
    for row, vectors, when in zip(axes, (before, after), ("before", "after"), strict=True):
        points = plots_methods.plane(vectors, seed)
        for ax, label in zip(row, ("speaker", "gender", "emotion"), strict=True):
            plots_methods.neighbours(points, clips[label], ax).set_title(f"{when}: {label}")
    return captioned(
        figure,
        alt=f"Six scatter plots of the same {len(clips)} clips of {clips['speaker'].nunique()} speakers, as t-SNE "
        "places their embeddings: above before stage 1, below after it; coloured by speaker, by gender and by emotion.",
        caption="Live run: embeddings of speakers it never trained on. Do clips of one speaker, gender or emotion lie "
        "together?",
        name="fig-stage1-plane",
    )


def stages() -> HTML:
    """The contrastive method beside the baseline: one recipe, two starts."""
    start, emotion = ("Whisper's weights", TRAINED), ("English emotion", TRAINED)
    above = {(0.0, 1.0): start, (1.4, 1.0): emotion, (2.1, 1.0): ("baseline", TRAINED)}
    below = {
        (0.0, 0.0): start,
        (0.7, 0.0): ("stage 1: speakers", ADAPTED),
        (1.4, 0.0): emotion,
        (2.1, 0.0): ("contrastive", TRAINED),
    }
    ax = diagram(above | below, [*pairwise(above), *pairwise(below)], 9, 2.4)
    return captioned(
        ax,
        alt="Two chains of boxes. Above: Whisper's weights, English emotion, baseline. Below: Whisper's weights, stage "
        "1 on speakers, English emotion, contrastive.",
        caption="The contrastive method is the baseline's recipe, started from stage 1's weights.",
        name="fig-stages",
    )
