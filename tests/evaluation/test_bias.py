"""Gender gaps: scores by gender, what a gap is made of, and what remedies do to it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from stored import answers

from sernb.evaluation import bias
from sernb.evaluation.predictions import predicted, scores
from sernb.figures import plots_results
from sernb.results import report


@pytest.fixture
def table():
    generator = np.random.default_rng(0)
    clips = answers(generator, 0.7, speakers=12, clips=12)
    # women: half of them happy
    happy = (clips["gender"] == "female") & (clips["emotion"] == "sad")
    clips.loc[happy, "emotion"] = "happy"
    return pd.concat([clips.assign(seed=0), clips.assign(seed=1)], ignore_index=True)


def test_scores_by_gender_are_those_of_its_clips(table):
    found = bias.by_gender({"m": table}).set_index(["gender", "metric"])
    for gender, rows in table.groupby("gender"):
        plain = scores(rows)
        assert found.loc[(gender, "accuracy"), "value"] == pytest.approx(plain["accuracy"])
        assert found.loc[(gender, "uar"), "value"] == pytest.approx(plain["uar"])
        assert found.loc[(gender, "accuracy"), "clips"] == 72 and found.loc[(gender, "accuracy"), "speakers"] == 6
    assert found.loc[("male", "macro_f1"), "value"] == pytest.approx(
        scores(table.query("gender == 'male'"))["macro_f1"]
    )
    women = table.query("gender == 'female'")
    # three classes occur: the mean is over them
    assert found.loc[("female", "macro_f1"), "value"] == pytest.approx(scores(women)["macro_f1"] * 4 / 3)


def test_the_parts_add_up_to_the_gap(table):
    parts = bias.decomposition(table)
    by_gender = [scores(table[table["gender"] == gender])["accuracy"] for gender in bias.GENDERS]
    total = parts.iloc[-1]
    assert total["mix"] + total["recall"] == pytest.approx(by_gender[0] - by_gender[1])
    assert parts["mix"][:4].sum() == pytest.approx(total["mix"])
    (row,) = bias.decompositions({"m": table}).to_dict("records")
    assert row["gap"] == pytest.approx(by_gender[0] - by_gender[1])


def test_a_gap_of_class_mix_alone_has_no_part_in_recall():
    # a model that knows "happy" and nothing else, of either gender alike; women are recorded happy more often
    rows = []
    for gender, counts in (("female", {"happy": 30, "sad": 10}), ("male", {"happy": 10, "sad": 30})):
        for emotion, count in counts.items():
            rows += [
                {"gender": gender, "emotion": emotion, "speaker": f"{gender}{n % 5}", "p_happy": 1.0}
                for n in range(count)
            ]
    clips = pd.DataFrame(rows).assign(corpus="c", language="ur", seed=0, p_angry=0.0, p_neutral=0.0, p_sad=0.0)
    clips["utterance_id"] = clips.index.astype(str)
    parts = bias.decomposition(clips)
    assert parts.iloc[-1]["mix"] == pytest.approx(0.5) and parts.iloc[-1]["recall"] == pytest.approx(0)
    # a class women never spoke says nothing of recall, however badly men's is recognised
    only = clips[(clips["gender"] == "male") | (clips["emotion"] == "happy")]
    parts = bias.decomposition(only).set_index("emotion")
    assert np.isnan(parts.loc["sad", "recall_female"]) and parts.loc["sad", "recall"] == 0
    with pytest.raises(ValueError, match="no predictions"):
        bias.decomposition(clips.query("gender == 'male'"))


def test_gaps_have_intervals_and_their_change_is_their_difference(table):
    (row,) = bias.gaps({"m": table}).to_dict("records")
    assert row["low"] <= row["value"] <= row["high"]
    better = table.assign(p_happy=table["p_happy"] + (table["gender"] == "female") * (table["emotion"] == "happy"))
    change = bias.gap_change(better, table)
    (after,) = bias.gaps({"m": better}).to_dict("records")
    assert change["value"] == pytest.approx(after["value"] - row["value"]) and change["value"] > 0
    (line,) = bias.remedies({"more happy": better}, table).to_dict("records")
    assert line["change"].startswith(f"{change['value']:+.3f} [") and line["gap"] == pytest.approx(after["value"])
    assert line["before"] == pytest.approx(row["value"]) and line["seeds"] == 2
    (found,) = bias.changes({"more happy": better}, table).to_dict("records")
    assert [found["change"], found["change_low"], found["change_high"]] == pytest.approx(list(change.values()))
    assert bias.gaps({"m": table.query("gender == 'male'")}).empty


def test_equal_speakers_beside_plain(table):
    busy = table[(table["speaker"] != "urdu/0") | (table["emotion"] == "angry")]
    found = bias.equal_speakers({"m": busy}).query("metric == 'accuracy'").set_index("counted")["value"]
    right = predicted(busy) == busy["emotion"]
    assert found["each clip the same"] == pytest.approx(right.mean())
    assert found["each speaker the same"] == pytest.approx(right.groupby(busy["speaker"]).mean().mean())
    everyone = bias.accuracy_by_speaker(busy)
    assert everyone["clips"].is_monotonic_decreasing and everyone["clips"].sum() == busy["utterance_id"].nunique()


def test_pages_hold_the_scores_in_words(table):
    plain = scores(table.query("gender == 'female'"))["accuracy"]
    (row,) = bias.accuracy_page({"m": table}).to_dict("records")
    assert row["female"].startswith(f"{plain:.2f} [") and set(row) == {"corpus", "method", "female", "male"}
    (row,) = bias.equal_speakers_page({"m": table}).to_dict("records")
    assert row["each clip the same"].startswith(f"{scores(table)['macro_f1']:.2f} [")


def test_class_mix_counts_each_clip_once(table):
    counts = bias.class_mix(table).set_index("gender")
    assert counts.loc["female", ["angry", "happy", "neutral", "sad"]].tolist() == [18, 36, 18, 0]
    assert counts["speakers"].eq(6).all()
    assert counts["right by speaker alone"].to_dict() == {"female": 0.5, "male": 0.25}


def test_the_papers_gap():
    published = bias.paper_gender(report.FOLDER).set_index("method")["gap"]
    assert published.round(2).to_dict() == {"baseline": 0.20, "contrastive": -0.32, "byol": -0.11}


def test_plots(table):
    parts = bias.decompositions({"m": table})
    figure, axes = plt.subplots(1, 3)
    assert plots_results.stacked_gap(parts, "method", axes[0]) is axes[0]
    assert plots_results.speakers(bias.accuracy_by_speaker(table), axes[1]) is axes[1]
    scored = bias.by_gender({"a": table, "b": table}).query("metric == 'accuracy'")
    ax = plots_results.genders_over(scored, "method", axes[2])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
    plt.close(figure)
