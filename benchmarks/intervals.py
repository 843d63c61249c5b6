"""How often the intervals of sernb.statistics hold the true value, and how often its tests find what isn't there.

    python benchmarks/intervals.py [--simulations 1000]

Speakers and trainings differ by normal effects on the logit of being right; the true accuracy is their mean over
infinitely many of both. Printed beside the interval of the package is the one that resamples clips, which most
published figures would need and which is far too narrow.
"""

import argparse

import numpy as np
import pandas as pd

from sernb.evaluation import PROBABILITIES
from sernb.labels import EMOTIONS
from sernb.progress import progress_bar
from sernb.statistics import UNITS, Cells, accuracy, interval, permutation_test

DESIGNS = {
    "2 speakers, 1 seed": (2, 1, False),
    "4 speakers, 1 seed": (4, 1, False),
    "5 speakers, 1 seed": (5, 1, False),
    "10 speakers, 1 seed": (10, 1, False),
    "10 speakers, 5 seeds": (10, 5, False),
    "30 speakers, 5 seeds": (30, 5, False),
    "30 speakers, 5 seeds, each with a fold of its own": (30, 5, True),
}
CLIPS = 12


def judged(generator: np.random.Generator, speakers: int, seeds: int, nested: bool, effects: dict) -> np.ndarray:
    """Clips right out of CLIPS, shape (seeds, speakers); NaN where a seed doesn't judge a speaker."""
    logit = (
        effects["middle"]
        + generator.normal(0, effects["speaker"], (1, speakers))
        + generator.normal(0, effects["seed"], (seeds, 1))
        + generator.normal(0, effects["both"], (seeds, speakers))
    )
    right = generator.binomial(CLIPS, 1 / (1 + np.exp(-logit))).astype(float)
    if nested:
        right[np.arange(speakers)[None] % seeds != np.arange(seeds)[:, None]] = np.nan
    return right


def as_cells(right: np.ndarray) -> Cells:
    """Counts that say right or wrong; which class is wrong doesn't matter to accuracy."""
    seed, speaker = np.nonzero(~np.isnan(right))
    counts = np.zeros((len(seed), 4, 4))
    counts[:, 0, 0], counts[:, 0, 1] = right[seed, speaker], CLIPS - right[seed, speaker]
    nested = len(seed) == right.shape[1]
    return Cells({"all": counts}, seed * (not nested), seed, speaker, np.zeros(right.shape[1], int))


def as_table(right: np.ndarray) -> pd.DataFrame:
    """The same as predictions."""
    seed, speaker, clip = (index.ravel() for index in np.indices((*right.shape, CLIPS)))
    truth = clip % 4
    guess = np.where(clip < right[seed, speaker], truth, (truth + 1) % 4)
    return pd.DataFrame(np.eye(4)[guess], columns=PROBABILITIES).assign(
        seed=seed,
        utterance_id=[f"{a}/{b}" for a, b in zip(speaker, clip, strict=True)],
        corpus="c",
        speaker=[f"s{number}" for number in speaker],
        emotion=np.array(EMOTIONS)[truth],
    )


def coverage(name: str, simulations: int) -> dict:
    """How often the true accuracy lies in either interval."""
    speakers, seeds, nested = DESIGNS[name]
    effects = {"middle": 0.4, "speaker": 0.7, "seed": 0.2 * (seeds > 1), "both": 0.2}
    generator = np.random.default_rng(0)
    spread = np.sqrt(sum(effects[part] ** 2 for part in ("speaker", "seed", "both")))
    true = (1 / (1 + np.exp(-generator.normal(effects["middle"], spread, 10**6)))).mean()
    hits = {"speakers and seeds": 0, "clips": 0}
    for number in progress_bar(range(simulations), desc=name):
        right = judged(generator, speakers, seeds, nested, effects)
        found = interval(as_cells(right), {"all": 1}, {"a": accuracy}, resamples=1000, seed=number, fewest=2)
        (row,) = found.to_dict("records")
        hits["speakers and seeds"] += row["low"] <= true <= row["high"]
        clips = CLIPS * np.count_nonzero(~np.isnan(right))
        low, high = np.quantile(generator.binomial(clips, np.nansum(right) / clips, 1000) / clips, [0.025, 0.975])
        hits["clips"] += low <= true <= high
    return {"design": name, "simulations": simulations} | {what: count / simulations for what, count in hits.items()}


def size(effect: str, simulations: int) -> dict:
    """How often p < 0.05 for two methods that are worth the same."""
    effects = {"middle": 0.4, "speaker": 0.0, "seed": 0.0, "both": 0.1} | {effect: 0.4}
    generator = np.random.default_rng(0)
    hits = dict.fromkeys(UNITS, 0)
    for number in progress_bar(range(simulations), desc=effect):
        tables = [as_table(judged(generator, 20, 6, False, effects)) for _ in range(2)]
        for unit in UNITS:
            hits[unit] += permutation_test(*tables, accuracy, unit, 500, number) < 0.05
    return {"methods differ by chance of": effect} | {f"by {unit}": count / simulations for unit, count in hits.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1000)
    count = parser.parse_args().simulations
    print("Share of 95 % intervals that hold the true accuracy, redrawing")
    print(pd.DataFrame(coverage(name, count) for name in DESIGNS).to_string(index=False), end="\n\n")
    print("Share of tests with p < 0.05 where nothing differs, swapping")
    print(pd.DataFrame(size(effect, count // 2) for effect in ("speaker", "seed")).to_string(index=False))
