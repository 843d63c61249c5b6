"""Pictures of the chapters on results and bias: what they tell is what was planted."""

import re

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from stored import answers, store

from sernb.evaluation import bias, comparison
from sernb.evaluation.predictions import PROBABILITIES
from sernb.experiments.kept import Kept, add_runs
from sernb.figures import bias as pictures
from sernb.figures import results
from sernb.results import ablations


def alt(shown) -> str:
    """The description of the one image that is shown; it also has a caption and a name to link to."""
    page = BeautifulSoup(shown.data, "html.parser")
    assert page.figure["id"].startswith("fig-") and page.figcaption.get_text()
    return page.img["alt"]


def judged(right: float, seeds: int = 2, **options) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    tables = [answers(generator, right, **options).assign(seed=seed, run=f"{right}-{seed}") for seed in range(seeds)]
    return pd.concat(tables, ignore_index=True)


def test_a_gain_is_told_with_its_interval_and_the_papers_beside_it():
    found = comparison.differences({"contrastive": judged(0.9)}, judged(0.4), resamples=50)
    told = alt(results.differences(found))
    assert f"Urdu, contrastive: {found['value'].item():+.3f} [" in told and "the interval excludes zero" in told


def test_arousal_is_what_mistakes_share_where_they_were_planted_so():
    table = judged(1.0)
    swapped = table[PROBABILITIES].to_numpy()[:, [1, 0, 3, 2]]  # angry for happy, neutral for sad
    half = (np.arange(len(table)) // 4) % 2 == 0
    table.loc[half, PROBABILITIES] = swapped[half]
    assert "Urdu, m +0.500 [" in alt(results.arousal({"m": table}))
    assert "angry and happy 0.50" in alt(results.pairs({"m": table}, "ur"))


def test_a_difference_of_shares_has_an_interval_that_passes_zero():
    (low,) = re.findall(r"m [-+]0\.\d+ \[([-+]0\.\d+), ", alt(results.arousal({"m": judged(0.5)})))
    assert float(low) < 0


@pytest.mark.parametrize("draw", [results.pairs, results.reliability])
def test_a_language_without_stored_clips_is_said_to_have_none(draw):
    assert "There is no clip in German" in draw({"baseline": judged(0.5)}, "de").data


def test_confusions_are_those_of_the_clips_of_both_and_embeddings_may_be_missing(tmp_path):
    runs = {
        name: [store(tmp_path / name, 0, answers(np.random.default_rng(0), right), recipe=name)]
        for name, right in (("baseline", 0.0), ("contrastive", 1.0))
    }
    assert "contrastive: angry +100, happy +100, neutral +100, sad +100" in alt(results.confusions(runs, "ur"))
    assert "no clip in Urdu whose embeddings every method stored" in results.embeddings(runs, "ur").data


def test_ablations_fold_one_picture_under_each_question_and_name_what_is_not_stored(tmp_path, monkeypatch):
    kept = []
    for group, right in (("plain", 0.3), ("other", 0.9)):
        for seed in range(2):
            predictions = answers(np.random.default_rng(seed), right)
            kept.append(Kept(store(tmp_path / "runs" / group, seed, predictions), group))
    add_runs(tmp_path, kept)
    rows = (
        ablations.Row("plain", "plain"),
        ablations.Row("other", "other"),
        ablations.Row("new", "x", command="do <it>"),
    )
    asked = {name: ablations.Ablation(name, f"{name}?", rows) for name in ("pooling", "weights-x")}
    monkeypatch.setattr(results, "all_ablations", lambda: asked)
    shown = results.ablations(tmp_path)
    page = BeautifulSoup(shown.data, "html.parser")
    assert [one.summary.get_text() for one in page.find_all("details")] == ["pooling?"]
    assert "other, Urdu +0." in alt(shown) and page.code.get_text() == "do <it>"


def test_gaps_of_the_stored_runs_stand_beside_the_papers():
    table = judged(0.5, speakers=12)
    women = (table["gender"] == "female").to_numpy()
    table.loc[women, PROBABILITIES] = np.eye(4)[pd.Categorical(table.loc[women, "emotion"]).codes]
    found = bias.gaps({"baseline": table})
    told = alt(pictures.gaps(found))
    assert f"Urdu: baseline {found['value'].item():+.3f} [" in told and "Urdu: contrastive -0.320, in the paper" in told
    shares = bias.decompositions({"baseline": table}).iloc[0]
    assert f"gap {shares['gap']:+.2f}, mix +0.00, recall {shares['recall']:+.2f}" in alt(
        pictures.parts({"baseline": table})
    )
    assert "urdu/0 alone has 8 of 96 clips" in alt(pictures.speakers(table, "ur"))
    assert "baseline, female: 1.00" in alt(pictures.genders({"baseline": table}))


def test_a_change_of_the_pool_is_told_in_each_language_with_what_is_known_of_it():
    changes = pd.DataFrame(
        {
            "condition": ["women", "men", "women"],
            "language": ["ur", "ur", "de"],
            "change": [-0.2, 0.1, 0.3],
            "change_low": [-0.5, np.nan, 0.1],
            "change_high": [0.1, np.nan, 0.5],
        }
    )
    told = alt(pictures.pools(changes))
    assert "German: women +0.300 [+0.100, +0.500]; Urdu: women -0.200 [-0.500, +0.100], men +0.100." in told
