"""What English judges would choose, and what the stored table says."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sernb.commands.learn import fields
from sernb.results import report, selection

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def row(candidate: str, held_out: str, seed: int, corpus: str, statistics: str, macro_f1: float) -> dict:
    return locals()


def made_up() -> pd.DataFrame:
    """Two recipes that English corpora see otherwise than the targets do; "b" alone has a second seed."""
    rows = []
    for candidate, english, target in (("a", 0.5, 0.7), ("b", 0.6, 0.3), ("c", 0.4, 0.2)):
        for number, held_out in enumerate(("x", "y")):
            for statistics, more in (("as it is", 0.0), ("target", 0.1)):
                rows.append(row(candidate, held_out, 0, held_out, statistics, english + more + number * 0.02))
                rows += [row(candidate, held_out, 0, f"t{n}", statistics, target + n * 0.1) for n in range(3)]
            rows.append(row(candidate, held_out, 0, selection.SPEAKERS, "as it is", 0.9 - english))
    again = [one | {"seed": 1, "macro_f1": one["macro_f1"] - 0.3} for one in rows if one["candidate"] in "ab"]
    return pd.DataFrame(rows + again)


def test_each_judge_is_the_mean_over_what_it_hears():
    seen = selection.by_judge(made_up())
    np.testing.assert_allclose(seen["English corpora"], [0.56, 0.66, 0.46])
    np.testing.assert_allclose(seen["English speakers"], [0.4, 0.3, 0.5])
    np.testing.assert_allclose(seen["targets"], [0.8, 0.4, 0.3])


def test_english_corpora_choose_and_more_seeds_decide():
    table = made_up()
    assert selection.ranked(table) == ["b", "a", "c"] and selection.ranked(table, seeds=2) == ["b", "a"]
    assert selection.chosen(table) == "b"
    worse = table.assign(macro_f1=table["macro_f1"].where(~((table["candidate"] == "b") & (table["seed"] == 1)), 0))
    assert selection.chosen(worse) == "a"


def test_chance_exceeds_a_rank_correlation_once_in_twenty():
    generator = np.random.default_rng(0)
    draws = np.array([pd.Series(generator.permutation(15)).corr(pd.Series(range(15))) for _ in range(4000)])
    assert (np.abs(draws) > selection.chance_correlation(15)).mean() == pytest.approx(0.05, abs=0.012)


def test_the_stored_table_is_of_the_candidates_and_its_choice_was_trained():
    content = tomllib.loads((BENCHMARKS / "candidates.toml").read_text())
    table = selection.read()
    changes = table.groupby("candidate", sort=False)["set"].agg(set).map(lambda found: found.pop())
    assert changes.to_dict() == {one["name"]: " ".join(one.get("set", [])) for one in content["candidates"]}
    assert table["candidate"].iloc[0] == content["candidates"][0]["name"] and changes.iloc[0] == ""
    assert set(table["held_out"]) == set(content["held_out"])
    assert not table[["candidate", "held_out", "seed", "corpus", "statistics"]].duplicated().any()
    twice = table.loc[table["seed"] == 1, "candidate"].unique()
    assert len(twice) == content["best"] and changes.index[0] in twice
    chosen = fields(changes[selection.chosen(table)].split())
    main, own = (report.stored(group)[0].config["config"] for group in ("baseline", "baseline-rate-2e-5"))
    assert {name: own[name] for name in own if own[name] != main[name]} == chosen == {"learning_rate": 2e-5}
