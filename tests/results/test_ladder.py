"""The ladder's rungs: which variant each step takes, and that its scores are theirs."""

import numpy as np
import pandas as pd
import pytest
from stored import answers, store

from sernb.evaluation.predictions import scores
from sernb.experiments import frozen
from sernb.experiments.kept import Kept, add_runs
from sernb.results import ladder

SHARES = {"single": 0.4, "averaged": 0.5, "averaged-statistics": 0.7}
LAST = {None: "averaged", "last": "single", "statistics": "averaged-statistics"}
TAUGHT = {None: "single", "statistics": "averaged-statistics", "self-trained": "averaged"}
TARGET = {None: "averaged", "online": "single", "statistics": "averaged-statistics"}


def stored(root, recipe, variants, seeds=3):
    """Runs whose weights and statistics can be told apart by how often they are right; returns their predictions."""
    made, kept = {}, []
    for seed in range(seeds):
        tables = {
            name: answers(np.random.default_rng([seed, n]), right) for n, (name, right) in enumerate(SHARES.items())
        }
        own = {variant: tables[name] for variant, name in variants.items()}
        run = store(root / "runs" / f"{recipe}-{seed}", seed, own.pop(None), own, recipe=recipe)
        kept.append(Kept(run, recipe))
        for name, table in tables.items():
            made.setdefault(name, []).append(table)
    add_runs(root, kept)
    return made


@pytest.fixture
def runs(tmp_path):
    made = stored(tmp_path, "baseline", LAST)
    stored(tmp_path, "byol", TARGET)
    paper = pd.DataFrame(
        {"corpus": "URDU", "language": "ur", "method": ["baseline", "byol"], "metric": "macro_f1", "mean": [0.5, 0.6]}
    )
    (tmp_path / "paper").mkdir()
    paper.to_csv(tmp_path / "paper" / "gong2025_table1.csv", index=False)
    clips = pd.concat([answers(np.random.default_rng(9)).assign(fold=lambda t: t["speaker"].str[-1].astype(int) % 4)])
    emotion = pd.get_dummies(clips["emotion"]).to_numpy(float)
    frozen.write(tmp_path / frozen.FILE.name, clips.assign(embedding=list(emotion.astype(np.float16))))
    return tmp_path, made


def test_each_step_takes_the_weights_and_statistics_it_names(runs):
    root, made = runs
    table = ladder.every_rung(root).set_index(["step", "method"])
    single, averaged, moved, ensemble = ladder.STEPS
    for step, name in ((single, "single"), (averaged, "averaged"), (moved, "averaged-statistics")):
        expected = np.mean([scores(one)["macro_f1"] for one in made[name]])
        assert table.at[(step, "baseline"), "value"] == pytest.approx(expected)
    shares = [column for column in made["averaged-statistics"][0] if column.startswith("p_")]
    together = made["averaged-statistics"][0].copy()
    together[shares] = sum(one[shares].to_numpy() for one in made["averaged-statistics"]) / 3
    assert table.at[(ensemble, "baseline"), "value"] == pytest.approx(scores(together)["macro_f1"])
    assert (averaged, "BYOL") not in table.index  # its target network is an average by itself
    assert table.at[(single, "baseline"), "paper"] == 0.5 and np.isnan(table.at[(moved, "baseline"), "paper"])
    assert table.loc[ladder.CEILING, "value"].item() == 1


def test_heads_taught_by_own_names_come_from_a_store_of_their_own(runs):
    root, _ = runs
    assert ladder.OWN_NAMES not in set(ladder.every_rung(root)["step"])
    made = stored(root / ladder.STORE, "baseline", TAUGHT)["averaged"]
    row = ladder.every_rung(root).query("step == @ladder.OWN_NAMES")
    together = made[0].copy()
    shares = [column for column in together if column.startswith("p_")]
    together[shares] = sum(one[shares].to_numpy() for one in made) / 3
    assert row["value"].item() == pytest.approx(scores(together)["macro_f1"])
    assert row["method"].item() == "baseline" and row["seeds"].item() == 3


def test_where_fewer_models_taught_themselves_than_vote_elsewhere_there_is_no_such_rung(runs):
    root, _ = runs
    stored(root / ladder.STORE, "baseline", TAUGHT, seeds=2)
    assert ladder.OWN_NAMES not in set(ladder.every_rung(root)["step"])


def test_gains_lie_between_the_steps_they_name(runs):
    root, _ = runs
    value = ladder.every_rung(root).set_index(["step", "method"])["value"]
    brought = ladder.gain_per_step(root).set_index("step")
    for before, after in zip(ladder.STEPS, ladder.STEPS[1:], strict=False):
        gain = value[after, "baseline"] - value[before, "baseline"]
        assert brought.at[after, "value"] == pytest.approx(gain)
    assert brought.loc[ladder.STEPS[2], "low"] < brought.loc[ladder.STEPS[2], "value"]
    left = ladder.gain_over_baseline(root).set_index(["step", "method"])["value"]
    for step, own in ((ladder.STEPS[1], ladder.STEPS[0]), (ladder.STEPS[2], ladder.STEPS[2])):  # BYOL is an average
        assert left[step, "BYOL"] == pytest.approx(value[own, "BYOL"] - value[step, "baseline"])
