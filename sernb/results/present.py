"""The runs of the present protocol, which will replace the earlier ones once each method has enough of them."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sernb.data.grouping import each_corpus
from sernb.evaluation.uncertainty import in_words
from sernb.results.findings import METHODS, runs_of_group
from sernb.results.ladder import macro_f1_interval, predictions_by_step
from sernb.runs import Run

NAME = "present"
"""Ends the names of their groups, "baseline-present", until they take the place of the earlier runs."""


def present_runs(root: Path) -> dict[str, list[Run]]:
    """The runs of each method that has some, by its name on the pages; `root` is the folder of the stored runs."""
    found = {method: runs_of_group(root, f"{group}-{NAME}") for group, method in METHODS.items()}
    return {method: runs for method, runs in found.items() if runs}


def present_scores(found: Mapping[str, list[Run]]) -> pd.DataFrame:
    """Macro-F1 of every step from a method alone to an ensemble of its seeds; of `present_runs`.

    Returns:
        One row per method, step and seeds; a column per corpus with the score and its 95 % interval over speakers and
        trainings (of an ensemble, over speakers). Empty where no such run is stored.
    """
    rows = []
    for method, runs in found.items():
        seeds = len({run.seed for run in runs})
        for step, judged in predictions_by_step(runs).items():
            scores = {
                about["corpus"]: in_words(macro_f1_interval(clips), sign=False) for about, clips in each_corpus(judged)
            }
            rows.append({"method": method, "step": step, "seeds": seeds} | scores)
    return pd.DataFrame(rows)
