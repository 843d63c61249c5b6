"""How people say what the code calls `macro_f1`."""

import pandas as pd

from sernb.labels import EMOTIONS

WORDS = {
    "macro_f1": "macro-F1",
    "probe_macro_f1": "probe, macro-F1",
    "uar": "UAR",
    "ece": "ECE",
    "log_loss": "log loss",
    "angry_sad": "angry or sad",
    **{f"p_{emotion}": f"p({emotion})" for emotion in EMOTIONS},
    **{
        f"{scale}_{kind}": f"{scale} {word}"
        for scale in ("activation", "valence")
        for kind, word in {"r": "r", "rho": "ρ", "ccc": "CCC"}.items()
    },
    "effective_rank": "effective rank",
    "embedding_variance": "embedding variance",
    "embedding_effective_rank": "embedding effective rank",
    "share_female": "share of women's clips",
    "share_male": "share of men's clips",
    "recall_female": "women's recall",
    "recall_male": "men's recall",
    "parameters_training": "parameters in training",
    "cpu_seconds_per_clip": "CPU seconds per clip",
    "clips_per_s": "clips per second",
    "stock_clips_per_s": "clips per second, stock",
    "share_of_square": "share of square products",
}


def word(name: str) -> str:
    """What people call it, "macro-F1" for macro_f1; the name itself where they say the same."""
    return WORDS.get(name, name)


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose names are written as people say them, in headings ("uar, speaker folds" too) and in whole cells."""

    def heading(name: object) -> object:
        return ", ".join(map(word, name.split(", "))) if isinstance(name, str) else name

    cells = frame.map(lambda value: word(value) if isinstance(value, str) else value)
    return cells.rename(columns=heading)
