"""The sentences of README and book say what the figures they are given say, and turn with them."""

import pandas as pd

from sernb import findings, results, summary
from sernb.evaluation import scores


def around(value: float, width: float) -> dict[str, float]:
    return {"value": value, "low": value - width, "high": value + width}


def differences(contrastive: float, byol: float, width: float = 0.05) -> pd.DataFrame:
    rows = [
        {"method": method, "corpus": "emodb", "language": "de"} | around(value, width)
        for method, value in (("contrastive", contrastive), ("BYOL", byol))
    ]
    table = pd.DataFrame(rows)
    return table.assign(excludes_zero=(table["low"] > 0) | (table["high"] < 0))


def test_the_best_method_stands_first_and_zero_is_looked_for_in_its_interval():
    (one,) = summary.gains(differences(0.1, -0.02))
    assert one.startswith("German (emodb)")
    assert (
        "contrastive +0.100 [+0.050, +0.150], which excludes zero; BYOL -0.020 [-0.070, +0.030], which holds zero"
        in one
    )
    (other,) = summary.gains(differences(-0.1, 0.02))
    assert (
        "BYOL +0.020 [-0.030, +0.070], which holds zero; contrastive -0.100 [-0.150, -0.050], which excludes zero"
        in other
    )


def test_coverage_counts_judgements_and_seeds():
    table = pd.DataFrame({"method": ["a", "a", "b"], "judgements a clip": [5.0, 5.0, 1.5], "seeds": [5, 5, 2]})
    assert summary.judged(table).endswith("judged: a 5 times (5 seeds), b 1.5 times (2 seeds).")


def variants(method: str, weights: str, low: float, high: float) -> dict:
    return {
        "method": method, "weights": weights, "statistics": "target", "corpus": "urdu", "language": "ur",
        "value": (low + high) / 2, "low": low, "high": high,
    }  # fmt: skip


def test_only_rows_mended_in_both_ways_are_told():
    table = pd.DataFrame(
        [
            variants("baseline", "averaged", 0.1, 0.2),
            variants("baseline", "best epoch", 0.3, 0.4),
            variants("baseline", "averaged", 0.5, 0.6) | {"statistics": "source"},
        ]
    )
    assert summary.mends(table).endswith("+0.150 [+0.100, +0.200] in Urdu.")


def test_what_is_left_counts_the_intervals_on_either_side_of_zero():
    table = pd.DataFrame(
        [
            variants("contrastive", "averaged", 0.1, 0.2),
            variants("contrastive", "averaged", -0.1, 0.2) | {"language": "de"},
            variants("BYOL", "target, averaged", -0.2, -0.1),
        ]
    )
    first, second = summary.left_over(table)
    assert first.endswith("of 2 intervals 1 above zero, 0 below.") and "+0.050 [-0.100, +0.200] in German" in first
    assert second.endswith("of 1 intervals 0 above zero, 1 below.")


def test_a_gap_is_that_of_the_method_as_published():
    table = pd.DataFrame(
        [
            variants("BYOL", "target", -0.1, 0.3) | {"statistics": "source"},
            variants("BYOL", "online", 0.3, 0.5) | {"statistics": "source"},
            variants("BYOL", "target", 0.7, 0.9),
        ]
    )
    assert list(summary.gender_gaps(table)) == ["Women's accuracy less men's, BYOL: +0.100 [-0.100, +0.300] in Urdu."]


def test_the_remedy_told_of_narrows_most_among_those_with_all_seeds():
    def row(condition, before, gap, seeds=5, language="de"):
        measured = {"seeds": seeds, "before": before, "gap": gap, "change": "c", "macro-F1": "m"}
        return {"condition": condition, "corpus": language, "language": language} | measured

    changes = pd.DataFrame(
        [row("a", 0.2, -0.1), row("a", 0.2, 0.3, language="ur"), row("b", 0.2, 0.1), row("b", 0.2, 0.1, language="ur")]
        + [row("c", 0.2, 0.0, seeds=1)]
    )
    told = summary.remedy(changes)
    assert "Of 2 changes" in told and "*b* narrows the gap most, by 0.100" in told
    assert "German +0.200 to +0.100 (change c), macro-F1 m; Urdu" in told
    assert summary.remedy(pd.DataFrame([row("a", 0.1, 0.2)])).endswith("none narrows the gap on average.")


def test_seed_by_seed_is_each_seed_on_its_own_clips():
    ablation = findings.ablations()["stage1"]
    table = findings.seed_by_seed(ablation, "rate 3e-5", results.FOLDER).set_index("seed")
    own, plain = (findings.rows_of(row, results.FOLDER) for row in ablation.rows[:2][::-1])
    for seed, corpus in ((0, "urdu"), (3, "emodb")):
        mine = own[(own["seed"] == seed) & (own["corpus"] == corpus)]
        base = plain[(plain["seed"] == seed) & plain["utterance_id"].isin(mine["utterance_id"])]
        assert abs(table.at[seed, corpus] - (scores(mine)["macro_f1"] - scores(base)["macro_f1"])) < 1e-9
    assert abs(table.at["all", "urdu"] - table.drop(index="all")["urdu"].mean()) < 1e-9
