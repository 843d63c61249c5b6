"""What self-training brings in stored runs, and which way of teaching English chooses."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score
from stored import answers, store

from sernb.data.files import read_table
from sernb.data.shipped import RESULTS
from sernb.experiments.kept import Kept, add_runs
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.results import self_training
from sernb.training.self_training import Settings


def no_ties(table: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    shares = table[PROBABILITIES] + 0.05 * generator.random((len(table), 4))
    return table.assign(**shares.div(shares.sum(axis=1), axis=0))


@pytest.fixture
def root(tmp_path):
    for seed in range(5):
        generator = np.random.default_rng(seed)
        before, after = (no_ties(answers(generator, right), generator) for right in (0.5, 0.8))
        variants = {"statistics": before, "self-trained": after}
        run = store(tmp_path / "runs" / f"baseline-{seed}", seed, before, variants)
        add_runs(tmp_path / self_training.STORE, [Kept(run, "baseline")])
    plain = answers(np.random.default_rng(9))
    run = store(tmp_path / "runs" / "byol-0", 0, plain, {"statistics": plain}, recipe="byol")
    add_runs(tmp_path, [Kept(run, "byol")])
    return tmp_path


def macro_f1(table: pd.DataFrame) -> float:
    named = np.array(EMOTIONS)[table[PROBABILITIES].to_numpy().argmax(1)]
    return f1_score(table["emotion"], named, average="macro")


def test_the_gain_is_over_the_same_models_with_statistics(root):
    (row,) = self_training.gains(root).to_dict("records")
    assert (row["method"], row["language"], row["seeds"]) == ("baseline", "ur", 5)  # BYOL is stored elsewhere
    judged = pd.read_parquet(root / self_training.STORE / "predictions")
    for variant, column in (("statistics", "statistics"), ("self-trained", "self_trained")):
        tables = [rows for _, rows in judged[judged["variant"] == variant].groupby("run") if len(rows) == 64]
        tables = [rows for rows in tables if rows["run"].iloc[0].startswith("baseline")]
        assert row[column] == pytest.approx(np.mean([macro_f1(rows) for rows in tables]), abs=0.01)
        mean = sum(rows.sort_values("utterance_id")[PROBABILITIES].to_numpy() for rows in tables)
        together = tables[0].sort_values("utterance_id").assign(**dict(zip(PROBABILITIES, mean.T, strict=True)))
        assert row[f"{column}_of_five"] == pytest.approx(macro_f1(together))
    assert row["value"] == pytest.approx(row["self_trained"] - row["statistics"], abs=0.01)
    assert row["low"] < row["value"] < row["high"]
    assert "(5 seeds)" in self_training.said(self_training.gains(root), root)[0]
    assert list(self_training.gains_page(self_training.gains(root))["gain"])[0].startswith(f"{row['value']:+.3f} [")


def test_methods_are_compared_with_a_baseline_that_taught_itself_too(root):
    assert self_training.over_baseline(root).empty
    generator = np.random.default_rng(7)
    for seed in range(3):
        before, after = (no_ties(answers(generator, right), generator) for right in (0.6, 0.6))
        variants = {"statistics": before, "self-trained": after}
        run = store(root / "runs" / f"contrastive-{seed}", seed, before, variants, recipe="contrastive")
        add_runs(root / self_training.STORE, [Kept(run, "contrastive")])
    (row,) = self_training.over_baseline(root).to_dict("records")
    found = self_training.gains(root).set_index("method")["self_trained"]
    assert row["value"] == pytest.approx(found["contrastive"] - found["baseline"], abs=0.01)
    assert row["low"] < row["value"] < row["high"] < 0
    said = self_training.said(self_training.gains(root), root)
    assert said[1] == (
        f"Over a baseline whose heads taught themselves too, contrastive has {row['value']:+.3f} "
        f"[{row['low']:+.3f}, {row['high']:+.3f}] in Urdu (3 seeds)."
    )


def test_evened_probabilities_have_equal_mean_shares():
    tables = [answers(np.random.default_rng(seed)).assign(seed=seed) for seed in (0, 1)]
    other = answers(np.random.default_rng(2), corpus="emodb", language="de").assign(seed=0)
    lopsided = other.assign(p_angry=other["p_angry"] * 5)
    lopsided[PROBABILITIES] = lopsided[PROBABILITIES].div(lopsided[PROBABILITIES].sum(axis=1), axis=0)
    even = self_training.evened(pd.concat([*tables, lopsided], ignore_index=True))
    np.testing.assert_allclose(even[PROBABILITIES].sum(axis=1), 1)
    means = even.groupby(["corpus", "seed"])[PROBABILITIES].mean()
    assert len(means) == 3 and np.abs(means.to_numpy() - 0.25).max() < 1e-6
    # what lopsided shares had hidden is back
    assert macro_f1(even[even["corpus"] == "emodb"]) == pytest.approx(macro_f1(other), abs=0.03)


def test_without_a_run_that_taught_itself_nothing_is_said(tmp_path):
    table = answers(np.random.default_rng(0))
    add_runs(tmp_path, [Kept(store(tmp_path / "runs" / "one", 0, table, {"statistics": table}), "baseline")])
    assert self_training.gains(tmp_path).empty and self_training.said(self_training.gains(tmp_path), tmp_path) == []


def test_english_chooses_by_the_mean_over_corpora_of_several_speakers():
    untaught, few, all_twice = (np.nan, np.nan, None, np.nan), (0.5, 0.1, False, 1), (1.0, 0.001, True, 2)
    scored = {untaught: (0.5, 0.5, 0.7), few: (0.9, 0.3, 0.9), all_twice: (0.6, 0.7, 0.4)}
    rows = [
        (*way, seed, name, score + away)
        for way, scores in scored.items()
        for name, score in zip(("a", "b", "two"), scores, strict=True)
        for seed, away in ((0, -0.01), (1, 0.01))
    ]
    table = pd.DataFrame(rows, columns=[*self_training.SETTINGS, "seed", "held_out", "macro_f1"])
    table["speakers"] = np.where(table["held_out"] == "two", 2, 20)
    assert self_training.chosen(table) == Settings(1.0, 0.001, True, 2)
    np.testing.assert_allclose(self_training.choices(table)["mean"], [0.5, 0.6, 0.65])
    said = self_training.choice_sentence(table)
    assert "Of 2 ways the best hears all clips of the other folds, names all of them, teaches in 2 rounds" in said
    assert "has C = 0.001" in said and "of 2 seeds reach a macro-F1 of 0.650 with it, and 0.500 with" in said
    assert "The other ways reach 0.600 or more." in said
    assert "TWO has too few speakers to choose: there every way changes macro-F1 by -0.300 to +0.200." in said
    assert "If it chose too, 1 of the 2 ways would beat statistics alone." in said


def test_a_page_shows_the_best_ways_below_the_untaught_one():
    rows = [(np.nan, np.nan, None, np.nan, 0.5)] + [(0.5, 10.0**-n, n % 2 == 0, 1, 0.5 + n / 100) for n in range(12)]
    table = pd.DataFrame(rows, columns=[*self_training.SETTINGS, "macro_f1"]).assign(seed=0, held_out="a", speakers=9)
    page = self_training.choices_page(table)
    np.testing.assert_allclose(page["mean"], [0.5, *(0.5 + n / 100 for n in range(11, 1, -1))])
    assert page["clips heard"].iloc[1:3].tolist() == ["of statistics", "all"] and pd.isna(page["rounds"].iloc[0])


def test_heads_are_taught_as_english_chose():
    assert self_training.chosen(read_table(RESULTS / self_training.CHOICE_FILE)) == Settings()


def test_the_share_of_spread_between_classes():
    classes = np.array(["a"] * 50 + ["b"] * 50)
    apart = np.where(classes == "a", 1.0, -1.0)[:, None] * np.array([[1.0, 0.0]])
    noise = np.random.default_rng(0).normal(size=(100, 2))
    assert self_training.between_classes(apart + np.array([[0.0, 1e-9]]) * noise, classes) == pytest.approx(
        0.5, abs=0.05
    )
    for name in ("a", "b"):  # noise without a mean: each class's own variance is 1
        noise[classes == name] = (noise[classes == name] - noise[classes == name].mean(0)) / noise[classes == name].std(
            0
        )
    assert self_training.between_classes(apart + noise, classes) == pytest.approx(0.25)  # half of one dimension of two
