"""From zero-shot to the best that is known here without labels of the target, one rung at a time.

Every rung is computed from stored predictions: each method alone, with averaged weights, with the target's own
statistics, as an ensemble of its seeds, and as one whose heads taught themselves; beside them the paper's own figure,
and what target labels would buy.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pandas as pd

from sernb.data.grouping import each_corpus
from sernb.data.shipped import RESULTS
from sernb.evaluation import comparison, uncertainty
from sernb.evaluation.counts import macro_f1
from sernb.evaluation.ensembles import ensemble
from sernb.experiments import frozen
from sernb.experiments.leak import DISJOINT, over_corpora
from sernb.results.findings import METHODS, paper_table1, runs_of_group
from sernb.runs import LAST, SELF_TRAINED, STATISTICS, Run

STEPS = ("the method alone", "averaged weights", "target's own statistics", "ensemble of its seeds")
OWN_NAMES = "heads taught by its own names"
CEILING = "trained on the target's labels"
STORE = "self-training"
"""Folder of runs of their own, in `results/`: the main table's recipes, trained again. Those stored beside it were made
before runs taught themselves, and their weights were not kept."""


def shifted_back(runs: list[Run]) -> pd.DataFrame:
    """Test predictions of the runs' averaged weights with the target's own statistics."""
    return comparison.pooled(runs, variant=STATISTICS)


def predictions_by_step(runs: list[Run]) -> dict[str, pd.DataFrame]:
    """Test predictions of one method at each of STEPS, and at OWN_NAMES, that it has; ensembles need several seeds.

    BYOL's target network is an average over steps by itself, so that BYOL alone has averaged weights already.
    """
    if all(LAST in run.variants for run in runs):
        found = {STEPS[0]: comparison.pooled(runs, variant=LAST), STEPS[1]: comparison.pooled(runs)}
    else:
        found = {STEPS[0]: comparison.pooled(runs)}
    found[STEPS[2]] = shifted_back(runs)
    if found[STEPS[2]]["seed"].nunique() > 1:
        found[STEPS[3]] = ensemble(found[STEPS[2]])
        if all(SELF_TRAINED in run.variants for run in runs):
            found[OWN_NAMES] = ensemble(comparison.pooled(runs, variant=SELF_TRAINED))
    return found


def every_rung(root: Path = RESULTS) -> pd.DataFrame:
    """Every rung in every language.

    Returns:
        One row per language, step and method with stored runs: language, corpus, step, method, value, low, high
        (macro-F1 with its 95 % interval over speakers and trainings; of an ensemble, over speakers), seeds, and paper
        (the paper's macro-F1; NaN beyond the first step). After STEPS comes OWN_NAMES, an ensemble of the runs in
        STORE, once all seeds are there; last in each language the row CEILING, without a method.
    """
    paper = paper_table1(root).query("metric == 'macro_f1'").set_index(["language", "method"])["mean"]
    rows = []
    for group, method in METHODS.items():
        runs = runs_of_group(root, group)
        if not runs:
            continue
        found = predictions_by_step(runs)
        seeds, again = {run.seed for run in runs}, runs_of_group(root / STORE, group)
        if len(seeds) > 1 and {run.seed for run in again} == seeds:  # ensembles are compared, so all are of as many
            found[OWN_NAMES] = predictions_by_step(again)[OWN_NAMES]
        for step, judged in found.items():
            for about, clips in each_corpus(judged):
                published = paper.get((about["language"], group)) if step == STEPS[0] else None
                row = about | {"step": step, "method": method, "paper": published}
                rows.append(row | macro_f1_interval(clips) | {"seeds": len(seeds)})
    taught = over_corpora(*frozen.read(root / frozen.FILE.name))
    for about, clips in each_corpus(taught[taught["part"] == DISJOINT]):
        rows.append(about | {"step": CEILING} | macro_f1_interval(clips.assign(seed=0)))
    table = pd.DataFrame(rows)
    order = {step: number for number, step in enumerate((*STEPS, OWN_NAMES, CEILING))}
    return table.sort_values(["language", "step"], key=lambda column: column.replace(order), ignore_index=True)


def gain_per_step(root: Path = RESULTS, group: str = "baseline") -> pd.DataFrame:
    """What each step has over the one before it, within one method.

    Returns:
        One row per step and language: step, language, corpus, value, low, high of the gain in macro-F1; no interval
        for the ensemble, of which there is one.
    """
    found = predictions_by_step(runs_of_group(root, group))
    rows = []
    for (_, before), (step, after) in pairwise(found.items()):
        rows += [{"step": step} | gain for gain in gain_by_language(after, before)]
    return pd.DataFrame(rows)


def gain_over_baseline(root: Path = RESULTS) -> pd.DataFrame:
    """What each method has over the baseline, both with averaged weights, and both with the target's statistics too.

    Returns:
        One row per step, method and language: step, method, language, corpus, value, low, high of the gain in macro-F1.
    """
    found = {group: predictions_by_step(runs) for group in METHODS if (runs := runs_of_group(root, group))}
    baseline = found.pop("baseline")
    return pd.DataFrame(
        {"step": step, "method": METHODS[group]} | gain
        for step in (STEPS[1], STEPS[2])
        for group, own in found.items()
        for gain in gain_by_language(own.get(step, own[STEPS[0]]), baseline[step])
    )


def gain_by_language(judged: pd.DataFrame, other: pd.DataFrame) -> Iterator[dict]:
    """Macro-F1 of one table less that of another on the clips of both, in each language, with its interval."""
    for about, clips in each_corpus(judged):
        own, base = comparison.common(clips, other[other["corpus"] == about["corpus"]])
        found = uncertainty.difference(own, base, metrics={"macro_f1": macro_f1}).iloc[0]
        yield about | found[["value", "low", "high"]].to_dict()


def macro_f1_interval(judged: pd.DataFrame) -> dict[str, float]:
    """Macro-F1 of predictions with its interval: value, low, high."""
    found = uncertainty.estimate(judged, metrics={"macro_f1": macro_f1})
    return found.iloc[0][["value", "low", "high"]].to_dict()
