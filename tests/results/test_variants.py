"""The table of methods, weights and statistics: every cell is what the stored predictions give."""

import re

import pandas as pd
import pytest

from sernb.evaluation.predictions import scores
from sernb.results import report, variants


@pytest.fixture(scope="module")
def table():
    return variants.variants_page(variants.gain_rows(report.FOLDER))


@pytest.fixture(scope="module")
def alike():
    return variants.variants_page(variants.alike_rows(report.FOLDER))


def of(group: str, variant: str | None, corpus: str) -> pd.DataFrame:
    parts = [run.variant(variant).assign(seed=run.config["config"]["seed"]) for run in report.stored(group)]
    table = pd.concat(parts)
    return table[(table["part"] == "test") & (table["corpus"] == corpus)].reset_index(drop=True)


def macro_f1(table: pd.DataFrame) -> float:
    """Of each round, in which every clip is judged once, and then the mean."""
    number = table.sort_values("seed", kind="stable").groupby("utterance_id").cumcount()
    rounds = [rows for _, rows in table.groupby(number.reindex(table.index))]
    assert all(len(rows) == table["utterance_id"].nunique() for rows in rounds)  # whole diagonals, so whole rounds
    return sum(scores(rows)["macro_f1"] for rows in rounds) / len(rounds)


def test_every_method_has_a_row_for_both_weights_and_both_statistics(table):
    assert len(table) == 12
    assert table[["method", "weights", "statistics"]].drop_duplicates().shape[0] == 12


@pytest.mark.parametrize("corpus", ["urdu", "emodb", "banglaser"])
@pytest.mark.parametrize(
    ("row", "group", "variant"),
    [(5, "contrastive", "statistics"), (6, "contrastive", "last"), (10, "byol", "online")],
)
def test_a_cell_is_the_difference_from_the_plain_baseline_on_the_same_clips(table, row, group, variant, corpus):
    own, plain = of(group, variant, corpus), of("baseline", None, corpus)
    plain = plain[plain["utterance_id"].isin(own["utterance_id"])]
    score, gain = map(float, re.match(r"([\d.]+), ([+-][\d.]+)", table.at[row, corpus]).groups())
    assert score == pytest.approx(macro_f1(own), abs=6e-4)
    assert gain == pytest.approx(macro_f1(own) - macro_f1(plain), abs=1.1e-3)


@pytest.mark.parametrize("corpus", ["urdu", "emodb", "banglaser"])
@pytest.mark.parametrize(
    ("row", "group", "variant", "plain"),
    [
        (3, "contrastive", "last-statistics", "last-statistics"),
        (4, "byol", None, None),
        (6, "byol", "online", "last"),
    ],
)
def test_alike_is_compared_with_alike(alike, row, group, variant, plain, corpus):
    own, base = of(group, variant, corpus), of("baseline", plain, corpus)
    base = base[base["utterance_id"].isin(own["utterance_id"])]
    gain = float(alike.at[row, corpus].split(" ")[0])
    assert gain == pytest.approx(macro_f1(own) - macro_f1(base), abs=6e-4)


def test_the_paired_table_says_how_much_each_seed_gained():
    table = report.paired_scores()
    row = table[(table["corpus"] == "urdu") & (table["method"] == "contrastive")].iloc[0]
    gained, plain = [], dict(list(of("baseline", None, "urdu").groupby("seed")))
    for seed, own in of("contrastive", None, "urdu").groupby("seed"):
        base = plain[seed]
        same = base[base["utterance_id"].isin(own["utterance_id"])]
        gained.append(scores(own)["macro_f1"] - scores(same)["macro_f1"])
    assert row["gain"] == f"{pd.Series(gained).mean():+.3f} ({pd.Series(gained).std():.3f})"
    assert row["seeds"] == len(gained)
