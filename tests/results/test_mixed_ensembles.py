"""Mixtures of stored models: the mean of their probabilities, whatever group and seed they are of."""

import numpy as np
import pytest
from stored import answers, store

from sernb.experiments.kept import Kept, add_runs
from sernb.labels import PROBABILITIES
from sernb.results.mixed_ensembles import mixed, mixture_table


@pytest.fixture
def tables(tmp_path):
    made = []
    for group in ("one", "other"):
        for seed in range(2):
            table = answers(np.random.default_rng([seed, len(group)]), 0.6)
            made.append(table)
            run = store(tmp_path / "runs" / f"{group}-{seed}", seed, table, {"statistics": table})
            add_runs(tmp_path, [Kept(run, group)])
    return tmp_path, made


def test_every_model_counts_alike(tables):
    root, made = tables
    found = mixed((("one", 2), ("other", 2)), root).set_index("utterance_id")[PROBABILITIES]
    expected = sum(table.set_index("utterance_id")[PROBABILITIES] for table in made) / 4
    assert np.allclose(found.loc[expected.index], expected, atol=1e-6)


def test_a_mixture_that_lacks_a_run_is_left_out(tables):
    root, _ = tables
    assert mixed((("one", 2), ("other", 3)), root).empty and mixture_table(root).empty
