"""What stage 1 brings before a short and before a long stage 2: whether more steps on English reach the same."""

from pathlib import Path

import pandas as pd

from sernb.data.shipped import RESULTS
from sernb.evaluation import comparison, uncertainty
from sernb.languages import language_name
from sernb.results.findings import runs_of_group
from sernb.runs import STATISTICS

PAIRS = (
    ("baseline-120-steps", "contrastive-120-steps-after-400"),
    ("baseline-240-steps", "contrastive-240-steps-after-400"),
    ("baseline", "contrastive"),
)
"""Groups of stored runs without and with 400 batches of stage 1, by the steps of stage 2."""


def gain_by_steps(root: Path = RESULTS) -> pd.DataFrame:
    """What the runs with stage 1 have over those without, seed by seed.

    Returns:
        One row per length of stage 2, choice of statistics, language and seed that both hold: steps, statistics
        ("source" or "target"), language, seed, gain (in macro-F1).
    """
    tables = [pd.DataFrame()]
    for without, after in PAIRS:
        bare, adapted = (runs_of_group(root, group) for group in (without, after))
        if not bare or not adapted:
            continue
        config = bare[0].config["config"]
        steps = config["epochs"] * config["batches_per_epoch"]
        for statistics, variant in (("source", None), ("target", STATISTICS)):
            base, own = (comparison.pooled(runs, variant=variant) for runs in (bare, adapted))
            gains = uncertainty.gains_per_seed(own, base, "language").rename_axis("seed").reset_index()
            long = gains.melt("seed", var_name="language", value_name="gain").dropna()
            tables.append(long.assign(steps=steps, statistics=statistics))
    return pd.concat(tables, ignore_index=True)


def length_sentence(gains: pd.DataFrame) -> str:
    """What is left of stage 1's gain when stage 2 is longer; of `gain_by_steps`."""
    plain = gains[gains["statistics"] == "source"]
    means = plain.groupby(["language", "steps"])["gain"].mean().unstack()
    seeds = plain.groupby("steps")["seed"].nunique()
    shortest, longest = means.columns.min(), means.columns.max()
    said = [
        f"{row[shortest]:+.3f} and {row[longest]:+.3f} in {language_name(str(language))}"
        for language, row in means.iterrows()
    ]
    return (
        f"Before a stage 2 of {shortest} steps and before one of {longest}, 400 batches of stage 1 change the macro-F1 "
        f"by {', '.join(said)} (means of {seeds[shortest]} and of {seeds[longest]} seeds)."
    )
