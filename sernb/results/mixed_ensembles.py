"""Ensembles of models that differ in more than their seed: in the layer they read, or in what they learnt from."""

from pathlib import Path

import pandas as pd

from sernb.data.grouping import each_corpus
from sernb.data.shipped import RESULTS
from sernb.evaluation.ensembles import ensemble
from sernb.evaluation.uncertainty import in_words
from sernb.results.findings import runs_of_group
from sernb.results.ladder import macro_f1_interval, shifted_back

MIXTURES: dict[str, tuple[tuple[str, int], ...]] = {
    "layer 3": (("baseline", 6),),
    "layer 3 and the last": (("baseline", 3), ("baseline-last-layer", 3)),
    "layers 2, 3, 4 and the last, 240 steps": (
        ("baseline-layer-2", 2),
        ("baseline-240-steps", 2),
        ("baseline-layer-4", 2),
        ("baseline-layer-last", 2),
    ),
    "layer 3, with and without augmentation": (("baseline", 3), ("baseline-480-steps-without-augmentation", 3)),
    "layer 3, with and without stage 1": (("baseline", 3), ("contrastive", 3)),
}
"""What is mixed: groups of stored runs, and how many seeds of each, from 0 on. The first one mixes nothing."""


def mixed(members: tuple[tuple[str, int], ...], root: Path = RESULTS) -> pd.DataFrame:
    """Test predictions of a mixture with target statistics: probabilities averaged; empty where a run isn't stored."""
    tables = []
    for number, (group, seeds) in enumerate(members):
        runs = [run for run in runs_of_group(root, group) if run.seed < seeds]
        if len(runs) < seeds:
            return pd.DataFrame()
        judged = shifted_back(runs)
        tables.append(judged.assign(seed=judged["seed"] + 1000 * number))  # equal seeds of two groups are two models
    return ensemble(pd.concat(tables, ignore_index=True))


def mixture_table(root: Path = RESULTS) -> pd.DataFrame:
    """Macro-F1 of every mixture whose runs are stored, with its 95 % interval over speakers: a column a corpus."""
    rows = []
    for what, members in MIXTURES.items():
        judged = mixed(members, root)
        if len(judged):
            cells = {
                about["corpus"]: in_words(macro_f1_interval(own), sign=False) for about, own in each_corpus(judged)
            }
            rows.append({"mixed": what, "models": sum(seeds for _, seeds in members)} | cells)
    return pd.DataFrame(rows)
