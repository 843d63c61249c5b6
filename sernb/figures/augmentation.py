"""Pictures of augmentations: two views of one clip, and what rising strength does to embedding and emotion."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import torch
from IPython.display import HTML

from sernb.figures import plots
from sernb.figures.captioned import captioned
from sernb.figures.gallery import LEVELS
from sernb.speech.audio import LogMel, fit_length, load, speech_frames
from sernb.speech.augment import ViewAugmentation, augment_view


def positive_pair(clips: pd.DataFrame, seconds: float = 4.0, seed: int = 0) -> HTML:
    """A clip and two views of it as BYOL draws them, everything at once and independently.

    Args:
        clips: manifest rows of the clip and of one to mix it with; see `gallery.pairs`.
        seconds: window.
        seed: of both views.

    Raises:
        AudioError: a clip can't be read.
    """
    windows, lengths = zip(*(fit_length(load(path), seconds) for path in clips["path"]), strict=True)
    log_mel = LogMel()(torch.from_numpy(np.stack(windows)).float())
    frames = speech_frames(torch.tensor(lengths))
    generator = torch.Generator().manual_seed(seed)
    views = [augment_view(log_mel, frames, ViewAugmentation(), generator)[0][0] for _ in range(2)]
    figure, axes = plt.subplots(1, 3, figsize=(11, 2.4), sharey=True, layout="constrained")
    for ax, picture, title in zip(axes, (log_mel[0], *views), ("the clip", "view one", "view two"), strict=True):
        plots.log_mel(picture.numpy(), ax).set(title=title)
    for ax in axes[1:]:
        ax.set_ylabel("")
    return captioned(
        figure,
        alt=f"Three log-mel spectrograms over {seconds:g} seconds. Left: a clip. Middle and right: two views of it, "
        "each stretched or shrunk along both axes, with masked bands, and speech of different length.",
        caption="A positive pair: two views of one clip. A network that has to find them alike must disregard whatever "
        "differs between them.",
        name="fig-views",
    )


def strength(effects: pd.DataFrame, where: str, name: str = "fig-strength") -> HTML:
    """What each augmentation at each strength does to an embedding, and to the emotion in it, as two shaded tables.

    Args:
        effects: from `gallery.effects`.
        where: whose ears and speech, for the caption.
        name: of the figure.
    """
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
    columns = {
        "recognised": ("emotion still recognised", "RdYlBu"),
        "distance": ("distance to the clean clip", "Greys"),
    }
    for ax, (column, (title, colours)) in zip(axes, columns.items(), strict=True):
        wide = effects.pivot(index="augmentation", columns="level", values=column)[["clean", *LEVELS]]
        order = effects[effects["level"] == LEVELS[-1]].sort_values("recognised")["augmentation"]
        share = {"fmt": ".0%", "vmin": 0.25, "vmax": 1} if column == "recognised" else {"fmt": ".2f", "vmin": 0}
        sns.heatmap(wide.loc[order], annot=True, cmap=colours, cbar=False, ax=ax, **share)
        ax.set(title=title, xlabel="strength", ylabel="")
        ax.tick_params(left=False, bottom=False)
    clean = effects.loc[effects["level"] == "clean", "recognised"].iloc[0]
    extreme = effects[effects["level"] == LEVELS[-1]]
    worst = extreme.loc[extreme["recognised"].idxmin()]
    return captioned(
        figure,
        alt="Two shaded tables, a row per augmentation, a column per strength from clean to extreme. Left, the share "
        f"of clips whose emotion is still recognised: {clean:.0%} of the clean clips; at extreme strength fewest under "
        f"{worst['augmentation']} ({worst['recognised']:.0%}). Right, cosine distance of the embedding to the clean "
        f"clip's, up to {effects['distance'].max():.2f}.",
        caption=f"{where}: what each augmentation, at rising strength, leaves of the emotion (chance is 25 %), and how "
        "far it moves the embedding (cosine distance).",
        name=name,
    )
