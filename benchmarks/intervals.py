"""How often the 95 % intervals of sernb.evaluation hold the true gain in macro-F1, and how wide they are.

    python benchmarks/intervals.py [--simulations 1000] [--redrawn 200]

A model names the class with the largest of four values: an advantage of the true class, the leaning of its training,
of the speaker and of both together towards each class, and noise. Both methods judge the same speakers; each training
is one of its own. Deviations are chosen so that macro-F1 varies between seeds by .02 to .07, as in the stored runs. The
true gain is 0 where both methods are worth the same, else that of very many speakers and trainings.
Printed are the shares of intervals that hold it, and mean widths, of Student's interval and of the bootstrap.
"""

import argparse
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sernb.evaluation.bootstrap import bootstrap
from sernb.evaluation.counts import Counts, macro_f1
from sernb.evaluation.uncertainty import interval
from sernb.progress import progress_bar


@dataclass(frozen=True)
class Design:
    """One comparison: a baseline whose runs judge everybody, and a method.

    Attributes:
        speakers: in the test corpus.
        seeds: of the baseline and of the method.
        folds: of the method; with more than one, each of its runs judges its own speakers only.
        advantage: of the true class; 1 gives a macro-F1 of about .4, 3 one of about .8.
        gain: of the method, added to the advantage.
        seed_effect: standard deviation of a training's leaning.
        one_emotion: each speaker has clips of one class only, and more or fewer of them, as in URDU.
    """

    speakers: int
    seeds: tuple[int, int]
    folds: int = 1
    advantage: float = 2.0
    gain: float = 0.0
    seed_effect: float = 0.8
    one_emotion: bool = False


DESIGNS = {
    "10 speakers, 5 and 5 seeds": Design(10, (5, 5)),
    "10 speakers, 10 and 10 seeds, F1 .8": Design(10, (10, 10), advantage=3.0),
    "34 speakers, 10 and 5 seeds": Design(34, (10, 5)),
    "34 speakers, 10 and 10 seeds, F1 .4": Design(34, (10, 10), advantage=1.0),
    "29 speakers of one emotion, 10 and 10 seeds": Design(29, (10, 10), one_emotion=True),
    "10 speakers, 5 and 5 seeds, trainings alike": Design(10, (5, 5), seed_effect=0.05),
    "10 speakers, 5 and 5 seeds, a gain": Design(10, (5, 5), gain=0.5),
    "34 speakers, 10 and 10 seeds, a gain": Design(34, (10, 10), gain=0.5),
    "10 speakers, 10 seeds and 2 rounds of 5 folds": Design(10, (10, 2), folds=5),
    "34 speakers, 10 seeds and 2 rounds of 5 folds": Design(34, (10, 2), folds=5),
    "34 speakers, 5 seeds and 5 rounds of 5 folds": Design(34, (5, 5), folds=5),
    "34 speakers, 5 seeds and 1 round of 5 folds": Design(34, (5, 1), folds=5),
    "5 speakers, 5 and 5 seeds": Design(5, (5, 5)),
}
SPEAKER, OWN, BOTH = 0.7, 0.3, 0.4
"""Deviations of a speaker's leaning, of what it has in one method only, and of what it has in one training only."""


def judged(generator: np.random.Generator, design: Design) -> Counts:
    """Counts of one experiment."""
    clips = _clips(generator, design)
    shared = SPEAKER * generator.normal(size=(1, design.speakers, 1, 4))
    counts, runs, first = {}, {}, 0
    for name, seeds, folds, advantage in (
        ("baseline", design.seeds[0], 1, design.advantage),
        ("method", design.seeds[1], design.folds, design.advantage + design.gain),
    ):
        run = np.arange(seeds)[:, None] * folds + np.arange(design.speakers)[None] % folds
        training = design.seed_effect * generator.normal(size=(seeds * folds, 1, 4))[run]
        leaning = shared + training
        leaning = leaning + OWN * generator.normal(size=(1, design.speakers, 1, 4))
        leaning = leaning + BOTH * generator.normal(size=(seeds, design.speakers, 1, 4))
        odds = np.exp(leaning + advantage * np.eye(4))
        named = generator.multinomial(np.broadcast_to(clips, odds.shape[:3]), odds / odds.sum(-1, keepdims=True))
        counts[name], runs[name] = named.astype(float), first + run
        first += seeds * folds
    return Counts(counts, runs, np.zeros(design.speakers, int))


def _clips(generator: np.random.Generator, design: Design) -> np.ndarray:
    """Clips of each speaker and class, shape (speakers, 4)."""
    if not design.one_emotion:
        return generator.integers(4, 13, (design.speakers, 4))
    clips = generator.integers(2, 40, (design.speakers, 1))
    return clips * np.eye(4, dtype=int)[np.arange(design.speakers) % 4]


def true_gain(design: Design) -> float:
    """The gain with very many speakers and trainings."""
    if design.gain == 0:
        return 0.0
    generator = np.random.default_rng(1)
    many = Design(2000, (200, 200), 1, design.advantage, design.gain, design.seed_effect)
    counts = judged(generator, many)
    return counts.score("method", macro_f1) - counts.score("baseline", macro_f1)


def coverage(name: str, simulations: int, redrawn: int, resamples: int) -> dict:
    """How often either interval holds the true gain, and how wide it is."""
    design, true = DESIGNS[name], true_gain(DESIGNS[name])
    generator = np.random.default_rng(0)
    weights, chosen = {"method": 1, "baseline": -1}, {"macro_f1": macro_f1}
    rows = []
    for number in progress_bar(range(simulations), desc=name):
        counts = judged(generator, design)
        (student,) = interval(counts, weights, chosen).to_dict("records")
        row = {"baseline": counts.score("baseline", macro_f1)}
        row["seed std"] = macro_f1(counts.counts["baseline"].sum(1)).std(ddof=1)
        row |= {"student holds": student["low"] <= true <= student["high"], "width": student["high"] - student["low"]}
        row["excludes 0"] = student["p"] < 0.05
        if number < redrawn:
            (drawn,) = bootstrap(counts, weights, chosen, resamples, seed=number).to_dict("records")
            row |= {"bootstrap holds": drawn["low"] <= true <= drawn["high"], "its width": drawn["high"] - drawn["low"]}
        rows.append(row)
    return {"design": name, "true gain": true} | pd.DataFrame(rows, dtype=float).mean().to_dict()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--redrawn", type=int, default=200, help="simulations in which the bootstrap is computed too")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap")
    options = parser.parse_args()
    for number, name in enumerate(DESIGNS):  # a line as soon as it is known
        row = coverage(name, options.simulations, options.redrawn, options.resamples)
        print(pd.DataFrame([row]).round(3).to_csv(index=False, header=number == 0).strip(), flush=True)
