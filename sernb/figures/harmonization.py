"""Pictures of corpora as one table: clips of each class, what a corpus holds, how speakers are dealt into folds."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import HTML

from sernb.evaluation import uncertainty
from sernb.evaluation.counts import macro_f1
from sernb.experiments.leak import CARELESS, DISJOINT
from sernb.figures import plots
from sernb.figures.captioned import captioned
from sernb.labels import EMOTIONS
from sernb.languages import language_name
from sernb.speech import audio

DEAL_COLOURS = {CARELESS: "#D55E00", DISJOINT: "#0072B2"}
SECONDS = 4  # of a clip that are drawn


def one_of_each(clips: pd.DataFrame) -> pd.DataFrame:
    """A clip of each class, by the speaker who has most classes; index emotion."""
    labelled = clips.dropna(subset="emotion").sort_values("utterance_id")
    variety = labelled.groupby("speaker")["emotion"].nunique()
    return labelled[labelled["speaker"] == variety.idxmax()].groupby("emotion").first()


def seen(clips: pd.DataFrame) -> HTML:
    """One clip of each class: waveforms above the log-mel spectrograms that the encoder is given, on common scales.

    Args:
        clips: manifest rows, index emotion; see `one_of_each`.
    """
    figure, axes = plt.subplots(
        2, len(clips), figsize=(9, 3.8), sharex=True, sharey="row", layout="constrained", squeeze=False
    )
    sounds = {name: audio.load(path)[: SECONDS * audio.SAMPLE_RATE] for name, path in clips["path"].items()}
    to_log_mel = audio.LogMel()
    pictures = [to_log_mel(torch.from_numpy(samples)[None])[0].numpy() for samples in sounds.values()]
    for column, ((emotion, samples), picture) in enumerate(zip(sounds.items(), pictures, strict=True)):
        plots.waveform(samples, axes[0, column], plots.COLOURS[emotion]).set(title=emotion, xlabel="")
        plots.log_mel(picture, axes[1, column])
        axes[1, column].images[0].set_clim(min(map(np.min, pictures)), max(map(np.max, pictures)))
    loudest = max(np.abs(samples).max() for samples in sounds.values())
    axes[0, 0].set(xlim=(0, max(map(len, sounds.values())) / audio.SAMPLE_RATE), ylim=(-loudest, loudest))
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    seconds = ", ".join(f"{emotion} {clip['duration_s']:.1f} s" for emotion, clip in clips.iterrows())
    return captioned(
        figure,
        alt="Waveforms above log-mel spectrograms of one clip of each class, side by side on the same scales; "
        f"durations: {seconds}.",
        caption="One clip of each class on common scales of time and level: its waveform, and the log-mel spectrogram "
        "that the encoder is given. Low bands are at the bottom, bright is loud.",
        name="fig-classes-seen",
    )


def content(clips: pd.DataFrame) -> HTML:
    """How long the clips of one language are, and how they spread over classes and genders."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    plots.durations(clips, left).set_title("durations")
    plots.classes(clips, right).set_title("classes and gender")
    lengths = clips["duration_s"]
    counts, genders = (_counted(clips[column]) for column in ("emotion", "gender"))
    return captioned(
        figure,
        alt=f"Left, a histogram of durations from {lengths.min():.1f} to {lengths.max():.1f} s, median "
        f"{lengths.median():.1f} s. Right, clips of each class as bars for women and men. Clips of each class: "
        f"{counts}; of each gender: {genders}.",
        caption="How long the clips are, and how they spread over classes and genders.",
        name="fig-content",
    )


def _counted(values: pd.Series) -> str:
    return ", ".join(f"{name} {count}" for name, count in values.value_counts().items())


def deals(clips: pd.DataFrame, careless: np.ndarray) -> HTML:
    """Where each speaker's clips lie, dealt by clip and dealt by speaker.

    Args:
        clips: manifest rows of one corpus, with its speaker-disjoint folds.
        careless: fold of each clip as it is dealt by clip, shape (clips,).
    """
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    mean = {}
    for ax, (title, folds) in zip(
        axes, {"dealt by clip": careless, "dealt by speaker": clips["fold"]}.items(), strict=True
    ):
        plots.speakers_over_folds(clips["speaker"], folds, ax).set_title(title)
        spread = pd.crosstab(clips["speaker"].to_numpy(object), np.asarray(folds)) > 0
        mean[title] = spread.sum(axis=1).mean()
    described = "; ".join(
        f"{title}, a speaker's clips lie in {folds:.1f} folds on average" for title, folds in mean.items()
    )
    return captioned(
        figure,
        alt=f"Two grids of speakers by folds, shaded by the share of the speaker's clips. As they are {described}.",
        caption="This page's own clips. Each row is a speaker, each column a fold; the darker a cell, the more of the "
        "speaker's clips lie in it. Dealt by clip, everybody who is tested was heard in training.",
        name="fig-folds",
    )


def leak(predictions: pd.DataFrame) -> HTML:
    """Macro-F1 of the same probe over careless and over speaker-disjoint folds, in each language, with intervals.

    Args:
        predictions: of one or more corpora, with the column part, from `over_deals`.
    """
    rows = []
    for (language, part), judged in predictions.groupby(["language", "part"]):
        found = uncertainty.estimate(judged.assign(seed=0), metrics={"macro_f1": macro_f1}).iloc[0]
        rows.append({"language": language, "part": part} | found[["value", "low", "high"]].to_dict())
    wide = pd.DataFrame(rows).set_index(["language", "part"]).unstack("part")
    lost = (wide["value"][CARELESS] - wide["value"][DISJOINT]).sort_values(ascending=False)
    figure, ax = plt.subplots(figsize=(7, 1.1 + 0.6 * len(lost)), layout="constrained")
    for y, language in enumerate(lost.index):
        ax.plot(wide.loc[language, "value"], [y, y], color="#BBBBBB", linewidth=5, zorder=0, solid_capstyle="round")
        middle = wide.loc[language, "value"].mean()
        ax.text(middle, y - 0.17, f"{100 * lost[language]:+.0f} points", ha="center", va="bottom", fontsize="small")
    for shift, (part, colour) in zip((-0.12, 0.12), DEAL_COLOURS.items(), strict=True):
        value, low, high = (wide.loc[lost.index, (end, part)] for end in ("value", "low", "high"))
        spread = np.nan_to_num([value - low, high - value])
        ax.errorbar(value, np.arange(len(lost)) + shift, xerr=spread, fmt="o", color=colour, label=part)
    ax.axvline(1 / len(EMOTIONS), color="black", linewidth=0.8, linestyle=":")
    ax.set(xlabel="macro-F1", xlim=(0.2, 1.05), yticks=range(len(lost)), yticklabels=map(language_name, lost.index))
    ax.set_ylim(len(lost) - 0.5, -0.6)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    described = "; ".join(
        f"{language_name(language)}: {wide['value'][CARELESS][language]:.2f} over random folds, "
        f"{wide['value'][DISJOINT][language]:.2f} over speaker-disjoint ones"
        for language in lost.index
    )
    return captioned(
        figure,
        alt=f"Two points with intervals per language, macro-F1 to the right. {described}.",
        caption="Real speech: one logistic regression on the same frozen embeddings, judged over folds dealt by clip "
        "and over folds that share no speaker, with 95 % intervals over speakers. Dotted: chance. The difference is "
        "lost as soon as a new person speaks.",
        name="fig-leak",
    )
