"""The reference runs: training on real speech, stored without weights so that every figure can be recomputed."""

import shutil
from pathlib import Path

import pandas as pd

from sernb.evaluation import METRICS, scores_by
from sernb.runs import MODEL_FOLDER, Run

FOLDER = Path(__file__).parents[1] / "results"


def keep(run: Run, folder: Path) -> Path:
    """Copy a finished run into `folder`, weights left out."""
    target = folder / run.folder.name
    shutil.copytree(run.folder, target, ignore=shutil.ignore_patterns(MODEL_FOLDER), dirs_exist_ok=True)
    return target


def stored(group: str, root: Path = FOLDER) -> list[Run]:
    """The reference runs of a group ("baseline"), sorted by seed.

    Raises:
        FileNotFoundError: no run of that group is stored.
    """
    runs = [Run(path.parent) for path in (root / group).glob("*/config.json")]
    if not runs:
        raise FileNotFoundError(f"no stored run in {root / group}; make one with `sernb train --keep {root / group}`")
    return sorted(runs, key=lambda run: run.config["config"]["seed"])


def table(runs: list[Run], part: str = "test") -> pd.DataFrame:
    """Scores of each run on each corpus, one row a run and corpus."""
    rows = []
    for run in runs:
        predictions = run.predictions
        scored = scores_by(predictions[predictions["part"] == part], "corpus", "language")
        rows.append(scored.assign(seed=run.config["config"]["seed"]))
    return pd.concat(rows, ignore_index=True)


def over_seeds(scored: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds of each corpus's scores, columns (metric, mean | std)."""
    return scored.groupby(["corpus", "language"])[list(METRICS)].agg(["mean", "std"])


def paper_table(root: Path = FOLDER) -> pd.DataFrame:
    """Gong et al. 2025, Table 1: corpus, language, method, metric, mean, std (five runs each)."""
    return pd.read_csv(root / "paper" / "gong2025_table1.csv")
