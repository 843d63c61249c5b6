"""What the results chapter shows, on made-up runs whose answer is known."""

import tomllib
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from stored import answers, store

from sernb.evaluation import comparison
from sernb.evaluation.calibration import calibration, expected_calibration_error, reliability
from sernb.evaluation.predictions import PROBABILITIES
from sernb.evaluation.separability import matched, nearest_class, separability, separability_table
from sernb.experiments.kept import Kept, add_runs
from sernb.figures import plots_results
from sernb.labels import EMOTIONS
from sernb.results import ablations, findings, report
from sernb.results.cost import cost_of_runs, parameter_count
from sernb.runs import PREDICTIONS_FILE, finished_runs


@pytest.fixture
def root(tmp_path):
    """Three seeds of a baseline that is right in 40 %, and a method, right in 80 %, one fold a seed."""
    generator, kept = np.random.default_rng(0), []
    for seed in range(3):
        before = answers(generator, 0.4, speakers=9)
        vectors = generator.normal(size=(len(before), 8))
        averaged = before.assign(p_angry=1.0)
        kept.append(Kept(store(tmp_path / f"b{seed}", seed, before, {"averaged": averaged}, vectors), "baseline"))
        after = answers(generator, 0.8, speakers=9, keep=lambda speaker, seed=seed: speaker % 3 == seed)
        place = np.eye(8)[[EMOTIONS.index(name) for name in after["emotion"]]]
        vectors = place + 0.1 * generator.normal(size=place.shape)
        run = store(tmp_path / f"c{seed}", seed, after, None, vectors, "contrastive", stage1="s1")
        kept.append(Kept(run, "contrastive"))
    add_runs(tmp_path / "results", kept)
    return tmp_path / "results"


@pytest.fixture
def tables(root):
    return {method: comparison.pooled(runs) for method, runs in findings.runs_by_method(root).items()}


def test_methods_are_those_that_have_runs(root):
    assert {name: len(runs) for name, runs in findings.runs_by_method(root).items()} == {
        "baseline": 3,
        "contrastive": 3,
    }


def test_table_1_has_the_papers_rows_and_both_figures(tables):
    table = findings.table1(tables, findings.paper_table1())
    assert len(table) == 12 and table["corpus (paper / ours)"][0] == "URDU / urdu"
    row = table[(table["language"] == "ur") & (table["metric"] == "macro-F1")].iloc[0]
    assert row["paper: contrastive"] == "0.629 (0.041)"
    scored = comparison.scored_rounds(tables["baseline"])["macro_f1"]
    assert row["ours: baseline"] == f"{scored.mean():.3f} ({scored.std():.3f})"
    assert float(row["ours: contrastive"]) > 0 and row["ours: BYOL"] == "–"
    assert (table.loc[table["language"] == "en", "ours: baseline"] == "–").all()


def test_a_methods_macro_f1_in_the_paper_stands_beside_the_baselines():
    table = findings.paper_macro_f1("byol").set_index("corpus")
    assert list(table) == ["baseline", "BYOL"] and table.loc["URDU"].tolist() == [0.547, 0.653]


def test_english_validation_is_a_mean_over_the_seeds_of_both(root):
    (row,) = report.english_validation("contrastive", root).to_dict("records")
    for method, runs in findings.runs_by_method(root).items():  # both have the same seeds here
        assert row[method] == pytest.approx(report.scores_of_runs(runs, "validation")["macro_f1"].mean())


def test_differences_are_on_common_clips_and_find_the_gain(tables):
    (row,) = comparison.differences(
        {"contrastive": tables["contrastive"]}, tables["baseline"], "accuracy", 2000
    ).to_dict("records")
    own, base = comparison.common(tables["contrastive"], tables["baseline"])
    assert row["clips"] == len(own) == 72 and row["runs"] == row["baseline_runs"] == 3 and row["speakers"] == 9
    assert row["value"] == pytest.approx(row["score"] - row["baseline"])
    assert row["low"] > 0 and row["excludes_zero"] and row["p"] < 0.05 and row["holm"] == row["p"]
    assert row["bootstrap_low"] > 0 and row["bootstrap_high"] - row["bootstrap_low"] < 2 * (row["high"] - row["low"])
    assert "the interval excludes zero" in findings.difference_in_words(
        row
    ) and "Urdu, contrastive: +" in findings.difference_in_words(row)
    assert len(base) == 3 * len(own)  # each run of the baseline judged them


def test_seeds_need_not_be_the_same(tables):
    few = tables["baseline"].query("seed > 0").assign(seed=lambda table: table["seed"] + 5)
    (row,) = comparison.differences({"m": tables["contrastive"]}, few, resamples=200).to_dict("records")
    assert row["runs"] == 3 and row["baseline_runs"] == 2 and row["clips"] == 72
    assert comparison.differences({"m": tables["contrastive"]}, few.query("seed > 9"), resamples=200).empty


def test_holm_corrects_over_languages_and_methods(tables):
    german = {name: table.assign(corpus="emodb", language="de") for name, table in tables.items()}
    both = {name: pd.concat([tables[name], german[name]], ignore_index=True) for name in tables}
    found = comparison.differences(
        {"a": both["contrastive"], "b": both["contrastive"]}, both["baseline"], resamples=200
    )
    assert len(found) == 4 and found["holm"].tolist() == pytest.approx((4 * found["p"]).clip(upper=1).tolist())


def test_coverage_counts_judgements(tables):
    rows = findings.judgement_counts(tables).set_index("method")["judgements per clip"]
    assert rows["baseline"] == 3 and rows["contrastive"] == 1


def test_the_papers_differences_are_its_tables():
    rows = findings.paper_differences(findings.paper_table1()).set_index(["method", "language"])["value"]
    assert rows["contrastive", "ur"] == pytest.approx(0.629 - 0.547) and len(rows) == 8
    points = findings.paper_table2(report.FOLDER).set_index("true")
    assert points.loc["angry", "angry"] == 20 and points.sum(axis=1).abs().max() <= 1  # rounded in print


def test_pairs_are_confused_as_counted():
    truth = np.repeat(["angry", "happy", "neutral", "sad"], 10)
    guess = truth.copy()
    guess[:4] = "happy"  # 4 of 10 angry ones
    guess[10:12] = "angry"  # 2 of 10 happy ones
    guess[30:31] = "angry"
    table = pd.DataFrame(np.array([[name == guess_ for name in EMOTIONS] for guess_ in guess], float))
    table.columns = PROBABILITIES
    table = table.assign(
        seed=0, emotion=truth, corpus="c", language="ur", speaker=[f"s{n % 5}" for n in range(40)],
        utterance_id=[str(n) for n in range(40)],
    )  # fmt: skip
    found = comparison.pair_confusions(table).set_index("pair")
    assert found.index[0] == "angry and happy" and found.loc["angry and happy", "value"] == pytest.approx(0.3)
    assert found.loc["angry and sad", "value"] == pytest.approx(0.05)
    assert found["shares"].to_dict() == {
        "angry and happy": "arousal", "neutral and sad": "arousal", "angry and sad": "valence",
        "angry and neutral": "neither", "happy and neutral": "neither", "happy and sad": "neither",
    }  # fmt: skip
    kinds = findings.confusion_kinds({"m": table}).iloc[0]
    assert kinds["arousal"].startswith("0.15 [") and kinds["valence"].startswith("0.05 [")
    assert kinds["arousal - rest"].startswith("0.14 [")  # 0.15 - 0.05 / 4


def test_an_ablation_compares_stored_rows_and_names_the_command_of_others(root):
    rows = (
        ablations.Row("plain", "baseline", command="a"),
        ablations.Row("averaged", "baseline", "averaged", "b"),
        ablations.Row("nowhere", "nothing", command="c"),
    )
    ablation = ablations.Ablation("x", "?", rows)
    table = ablations.ablation_table(ablation, root)
    assert table["what"].tolist() == ["plain", "averaged"]
    assert np.isnan(table["value"][0]) and table["value"][1] < 0  # the variant names every clip angry
    assert table["against"][1] == table["macro-F1"][0]  # same clips, same seeds
    assert [row.command for row in ablations.rows_without_runs(ablation, root)] == ["c"]
    assert ablations.ablation_table(ablations.Ablation("x", "?", rows[::2]), root).empty


def test_every_ablation_names_how_to_make_its_runs():
    asked = ablations.all_ablations()
    assert len(asked) == len(tomllib.loads((files("sernb.results") / "ablations.toml").read_text()))
    for ablation in asked.values():
        assert len(ablation.rows) > 1 and ablation.question.endswith("?")
        assert all(row.command.startswith("sernb ") and "--keep results" in row.command for row in ablation.rows)


def test_cost_counts_stage_1_where_it_is_at_hand(root):
    run = findings.runs_of_group(root, "contrastive")[0]
    assert np.isnan(run.minutes)
    judged = answers(np.random.default_rng(0))
    first = store(root / "s1", 0, judged, wall_s=60.0)
    second = store(root / "s2", 0, judged, recipe="contrastive", stage1=first.name)
    add_runs(root, [Kept(second, "whole")])
    (run,) = findings.runs_of_group(root, "whole")
    assert run.minutes == second.minutes == 3
    figures = cost_of_runs([run])
    assert figures["minutes"] == 3 and figures["last stage"] == 2
    assert figures["clips per second"] == 15 and figures["epochs"] == 2


def test_parameters_of_a_run_without_weights_are_those_of_its_model(root):
    from transformers import WhisperConfig

    from sernb.models.classifier import EmotionClassifier
    from sernb.models.whisper import WhisperEncoder

    model = EmotionClassifier(WhisperEncoder(WhisperConfig(), 4.0))  # transformers' default is whisper-tiny
    count = sum(tensor.numel() for tensor in model.parameters())
    run = findings.runs_of_group(root, "baseline")[0]
    assert parameter_count(run) == count
    model.save_pretrained(run.model)
    assert parameter_count(run) == count
    other = store(root / "o", 0, answers(np.random.default_rng(0)), encoder="random-2x64")
    assert parameter_count(other) is None


def test_separability_of_clusters_and_of_noise():
    generator = np.random.default_rng(0)
    clips = answers(generator, speakers=10)
    number = np.array([EMOTIONS.index(name) for name in clips["emotion"]])
    noise = generator.normal(size=(len(clips), 16))
    clear = separability(np.eye(16)[number] + 0.05 * noise, clips)
    assert clear["silhouette"] > 0.8 and clear["neighbours"] == clear["probe"] == 1
    dull = separability(noise, clips)
    assert abs(dull["silhouette"]) < 0.1 and dull["neighbours"] < 0.5 and dull["probe"] < 0.5
    assert np.isnan(separability(noise, clips.assign(emotion="sad"))["probe"])


def test_no_speaker_is_a_neighbour_of_himself():
    generator = np.random.default_rng(0)
    # each speaker has a place of his own, and one class: without his own clips nothing tells the class
    speaker = np.repeat(np.arange(12), 10)
    vectors = 10 * generator.normal(size=(12, 8))[speaker] + 0.01 * generator.normal(size=(120, 8))
    truth = np.array(EMOTIONS)[speaker % 4]
    assert (nearest_class(vectors, truth, speaker) == truth).mean() < 0.6
    clips = pd.DataFrame({"utterance_id": np.arange(120), "emotion": truth, "speaker": speaker.astype(str)})
    figures = separability(vectors, clips)
    assert np.isnan(figures["probe"]) and np.isnan(figures["neighbours"]) and not np.isnan(figures["silhouette"])


def test_embeddings_are_matched_by_seed_and_clips(root):
    methods = findings.runs_by_method(root)
    found = matched(methods, "ur")
    assert len(found) == 3
    for entry in found:
        (one, clips), (other, same) = entry["baseline"], entry["contrastive"]
        assert len(one) == len(other) == 24 and clips["utterance_id"].tolist() == same["utterance_id"].tolist()
    table = separability_table(methods, "ur").set_index("method")
    assert table.loc["contrastive", "probe"] > 0.9 > table.loc["baseline", "probe"]
    assert matched(methods, "de") == [] and separability_table(methods, "de").empty


def test_calibration_of_a_model_that_is_right_as_often_as_it_says():
    generator = np.random.default_rng(0)
    table = answers(generator, right=0.7, speakers=500)  # it says 0.7
    assert expected_calibration_error(table) < 0.02
    figures = calibration(table)
    assert figures["confidence"] == pytest.approx(0.7) and figures["accuracy"] == pytest.approx(0.7, abs=0.02)
    sure = answers(generator, right=0.3, speakers=100)
    assert expected_calibration_error(sure) == pytest.approx(0.7 - calibration(sure)["accuracy"])
    curve = reliability(sure)
    assert curve["clips"].tolist() == [len(sure)] and curve["confidence"].tolist() == pytest.approx([0.7])


def test_stage_1_before_and_after(tmp_path):
    import json

    from sernb.runs import REPORT_FILE

    for seed, after in ((0, 0.6), (1, 0.8)):
        run = store(tmp_path / f"s{seed}", seed, answers(np.random.default_rng(0)))
        figures = {"recall_at_1": 0.5, "eer": 0.2, "emotion_macro_f1": 0.4}
        report = {"before": figures, "after": figures | {"recall_at_1": after}}
        (run.folder / REPORT_FILE).write_text(json.dumps(report))
    table = findings.stage1_table(finished_runs(tmp_path))
    assert table["after"][0] == "0.700 (0.141)" and table["change"][1] == "0.000 (0.000)"
    assert table["runs"].eq(2).all()
    assert findings.stage1_table([]).empty


def test_settings_of_stage_1_are_compared_without_a_test_clip(tmp_path):
    import json

    from sernb.runs import REPORT_FILE

    generator, kept = np.random.default_rng(0), []
    for group, right, seeds in (("plain", 0.4, (0, 1, 2)), ("faster", 1.0, (0, 1))):
        for seed in seeds:
            judged = answers(generator, right)
            first = store(tmp_path / f"{group}-stage1-{seed}", seed, judged)
            figures = {"recall_at_1": right, "eer": 0.2, "emotion_macro_f1": 0.4}
            (first.folder / REPORT_FILE).write_text(json.dumps({"before": figures, "after": figures}))
            run = store(tmp_path / f"{group}-{seed}", seed, judged, stage1=first.name)
            run.predictions.query("part == 'validation'").to_parquet(run.folder / PREDICTIONS_FILE, index=False)
            kept.append(Kept(run, group))
    add_runs(tmp_path, kept)
    rows = tuple(ablations.Row(name, name, command="c") for name in ("plain", "faster", "nowhere"))
    plain, faster = ablations.tuning_table(ablations.Ablation("x", "?", rows), tmp_path).to_dict("records")
    assert plain["what"] == "plain" and (plain["seeds"], faster["seeds"]) == (3, 2)
    assert faster["validation macro-F1"].startswith("1.000 (0.000), not 0.") and plain["validation macro-F1"] < "0.6"
    assert faster["recall@1, held-out speakers"] == "1.000 (0.000), not 0.400 (0.000)"
    assert plain["recall@1, held-out speakers"] == "0.400 (0.000)"
    assert ablations.tuning_table(ablations.Ablation("x", "?", rows[2:]), tmp_path).empty


def test_plots_draw_on_given_axes_and_return_them(tables):
    found = comparison.differences({"contrastive": tables["contrastive"]}, tables["baseline"], resamples=200)
    hollow = pd.DataFrame([{"method": "paper", "language": "ur", "value": 0.1}])
    _, axes = plt.subplots(1, 2)
    ax = plots_results.forest(pd.concat([found, hollow]), "language", ax=axes[0])
    assert ax is axes[0] and len(ax.containers) >= 1
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["contrastive", "paper"]
    curves = {"contrastive": reliability(tables["contrastive"])}
    assert plots_results.reliability(curves, axes[1]) is axes[1]
    plt.close("all")
