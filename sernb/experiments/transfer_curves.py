"""Learning curves of the transfer protocol: whether its autoencoders were trained to the end."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from sernb.experiments.transfer import METHODS, Frozen, parts, source_folds, trained
from sernb.runs import RunStore
from sernb.training.metric import MetricConfig

POINTS = 100  # epochs of a curve that are kept, at most
QUANTITIES = ("reconstruction", "supervision", "loss")
CURVE_COLUMNS = ["source", "setting", "method", "epoch", "quantity", "mean", "std", "runs"]


def curves(
    manifest: pd.DataFrame,
    features: Mapping[str, pd.DataFrame],
    source: str,
    store: RunStore,
    seeds: Iterable[int],
    longer: Mapping[str, Any] | None = None,
    methods: Mapping[str, MetricConfig | Frozen] = METHODS,
) -> pd.DataFrame:
    """What `run_protocol`'s runs said of themselves after each epoch, over all folds and seeds.

    Args:
        manifest: as `run_protocol` takes it, as all the others.
        features: see there.
        source: see there.
        store: holds the runs.
        seeds: see there.
        longer: see there.
        methods: see there.

    Returns:
        One row a method, epoch (evenly spread, POINTS at most, the last one among them) and quantity: CURVE_COLUMNS;
        mean and standard deviation are over `runs` trainings.
    """
    splits, seeds = [parts(manifest, source, fold) for fold in source_folds(manifest, source)], tuple(seeds)
    tables = []
    for name, method in methods.items():
        if isinstance(method, Frozen):
            continue
        config = replace(method, **(longer or {}))
        histories = [
            trained(replace(config, seed=seed), split, features, store).metrics for split in splits for seed in seeds
        ]
        kept = np.unique(np.linspace(1, config.epochs, POINTS).round())
        long = pd.concat(histories).melt("epoch", QUANTITIES, "quantity")
        found = long[long["epoch"].isin(kept)].groupby(["epoch", "quantity"])["value"].agg(["mean", "std", "size"])
        tables.append(found.reset_index().rename(columns={"size": "runs"}).assign(method=name))
    return pd.concat(tables, ignore_index=True).assign(source=source, setting="longer" if longer else "published")[
        CURVE_COLUMNS
    ]
