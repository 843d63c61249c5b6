"""The sentences of README and book say what the figures they are given say, and turn with them."""

import pandas as pd

from sernb.evaluation.predictions import scores
from sernb.results import ablations, report, sentences
from sernb.results.ladder import OWN_NAMES, STEPS


def around(value: float, width: float) -> dict[str, float]:
    return {"value": value, "low": value - width, "high": value + width}


def differences(contrastive: float, byol: float, width: float = 0.05) -> pd.DataFrame:
    rows = [
        {"method": method, "corpus": "emodb", "language": "de"} | around(value, width)
        for method, value in (("contrastive", contrastive), ("BYOL", byol))
    ]
    table = pd.DataFrame(rows)
    return table.assign(excludes_zero=(table["low"] > 0) | (table["high"] < 0), holm=[0.03, 0.5])


def test_the_best_method_stands_first_and_zero_is_looked_for_in_its_interval():
    one, corrected = sentences.gain_sentences(differences(0.1, -0.02))
    assert one.startswith("German (emodb)")
    assert "contrastive +0.100 [+0.050, +0.150], which excludes zero; BYOL" in one
    assert one.endswith("[-0.070, +0.030], which holds zero.")
    assert corrected.endswith("for all 2 together leaves 1 at the level of 0.05: contrastive in German.")
    other, _ = sentences.gain_sentences(differences(-0.1, 0.02))
    assert "BYOL +0.020 [-0.030, +0.070], which holds zero; contrastive -0.100 [-0.150, -0.050]" in other


def test_what_no_correction_leaves_is_none():
    *_, corrected = sentences.gain_sentences(differences(0.1, -0.02).assign(holm=[0.15, 0.5]))
    assert corrected.endswith("leaves none at the level of 0.05.")


def test_intervals_without_zero_are_counted_beside_what_chance_gives():
    said = sentences.intervals_off_zero(differences(0.1, -0.02), "x")
    assert "x, 1 has a 95 % interval that leaves out zero; by chance alone one would expect about 0.1. It is c" in said
    assert "0 have a 95 % interval" in sentences.intervals_off_zero(differences(0.01, -0.02), "x")


def test_coverage_counts_judgements_and_seeds():
    table = pd.DataFrame({"method": ["a", "a", "b"], "judgements per clip": [5.0, 5.0, 1.5], "seeds": [5, 5, 2]})
    assert sentences.judgements_sentence(table).endswith("judged: a 5 times (5 seeds), b 1.5 times (2 seeds).")


def variants(method: str, weights: str, low: float, high: float) -> dict:
    return {
        "method": method, "weights": weights, "statistics": "target", "corpus": "urdu", "language": "ur",
        "value": (low + high) / 2, "low": low, "high": high,
    }  # fmt: skip


def test_only_averaged_weights_with_target_statistics_are_counted():
    table = pd.DataFrame(
        [
            variants("baseline", "averaged", 0.1, 0.2),
            variants("baseline", "best epoch", 0.3, 0.4),
            variants("baseline", "averaged", 0.5, 0.6) | {"statistics": "source"},
        ]
    )
    assert sentences.brought_without_method(table).endswith("+0.150 [+0.100, +0.200] in Urdu.")


def test_what_is_left_counts_the_intervals_on_either_side_of_zero():
    table = pd.DataFrame(
        [
            variants("contrastive", "averaged", 0.1, 0.2),
            variants("contrastive", "averaged", -0.1, 0.2) | {"language": "de"},
            variants("BYOL", "target", -0.2, -0.1),
        ]
    )
    first, second = sentences.gains_over_alike_baseline(table)
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
    assert list(sentences.gender_gap_sentences(table)) == [
        "Women's accuracy less men's, BYOL: +0.100 [-0.100, +0.300] in Urdu."
    ]


def test_a_change_of_the_gap_is_named_only_if_its_interval_excludes_zero():
    def row(condition, change, language="de"):
        return {"condition": condition, "language": language, "change": change} | {
            "change_low": change - 0.1, "change_high": change + 0.1
        }  # fmt: skip

    said = sentences.gender_change_sentence(pd.DataFrame([row("a", -0.05), row("b", 0.2), row("b", 0.01, "ur")]))
    assert said.startswith("Contrastive learning hears") and "in 2 ways. That moves the gap by -0.050 to +0.200" in said
    assert said.endswith("2 of 3 intervals hold zero. If no way mattered, one would expect that of about 3. Without "
                         "zero: b in German, +0.200.")  # fmt: skip


def test_seed_by_seed_is_each_seed_on_its_own_clips():
    ablation = ablations.all_ablations()["stage1-length"]
    table = ablations.seed_by_seed(ablation, "400 batches", report.FOLDER).set_index("seed")
    own, plain = (ablations.rows_of(row, report.FOLDER) for row in ablation.rows[:2][::-1])
    for seed, corpus in ((0, "urdu"), (1, "emodb")):
        mine = own[(own["seed"] == seed) & (own["corpus"] == corpus)]
        base = plain[(plain["seed"] == seed) & plain["utterance_id"].isin(mine["utterance_id"])]
        assert abs(table.at[seed, corpus] - (scores(mine)["macro_f1"] - scores(base)["macro_f1"])) < 1e-9
    assert abs(table.at["all", "urdu"] - table.drop(index="all")["urdu"].mean()) < 1e-9


def test_three_findings_follow_from_the_rungs():
    values = {STEPS[0]: (0.4, 0.5), STEPS[1]: (0.45, 0.5), STEPS[2]: (0.6, 0.62), STEPS[3]: (0.7, 0.65)}
    rungs = pd.DataFrame(
        [
            {"language": language, "step": step, "method": method, "value": value + up}
            for language, up in (("ur", 0.0), ("de", 0.1))
            for step, pair in values.items()
            for method, value in zip(("baseline", "contrastive"), pair, strict=True)
        ]
    )
    gain = {"step": STEPS[2], "method": "contrastive", "language": "ur", "value": 0.02, "low": 0.01, "high": 0.03}
    left = pd.DataFrame([gain, gain | {"language": "de", "value": -0.01, "low": -0.02, "high": 0.0}])
    zero_shot, won_back, method = sentences.three_findings(rungs, left)
    assert "0.40 in Urdu and 0.50 in German; chance is 0.25" in zero_shot
    assert won_back.startswith("**In every language, part") and won_back.endswith("0.70 in Urdu and 0.80 in German.")
    taught = rungs[rungs["step"] == STEPS[3]].assign(step=OWN_NAMES, value=lambda rows: rows["value"] + 0.05)
    further = sentences.three_findings(pd.concat([rungs, taught]), left)[1].removeprefix(won_back[:-1])
    assert further == "; where its heads also learn the models' own names, 0.75 in Urdu and 0.85 in German."
    assert "macro-F1 changes by -1.0 to +2.0 points with contrastive learning, depending" in method
    assert method.endswith("one would expect about 0.1. It is contrastive in Urdu, +0.020 [+0.010, +0.030].")
