"""Pictures of the chapters on contrastive learning, BYOL and metric learning: what they tell lies behind them."""

import re

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from sernb.figures import byol, contrastive, gains, metric, metric_curves, results
from sernb.results import stage_lengths
from sernb.results.report import stored

STORED = {
    "before and after": contrastive.before_and_after,
    "same emotion": contrastive.same_emotion,
    "stages": contrastive.stages,
    "pairs": contrastive.pairs,
    "contrastive": lambda: gains.over_baseline("contrastive"),
    "confusions": lambda: gains.confusions(stored("baseline"), stored("contrastive"), "de", "it", live=False),
    "stage 1 by steps": lambda: gains.by_steps(stage_lengths.gain_by_steps()),
    "stage 1's pool": lambda: results.ablation("stage1-pool"),
    "networks": byol.networks,
    "claims": metric.claims,
    "training curves": metric_curves.training_curves,
    "losses": metric.losses,
    "settings": metric.settings,
    "ranks": metric.ranks,
    "explosions": metric.explosions,
    "leak": metric.leak,
}


def alt(shown) -> str:
    """The description of the one image that is shown; it also has a caption and a name to link to."""
    page = BeautifulSoup(shown.data, "html.parser")
    assert page.figure["id"].startswith("fig-") and page.figcaption.get_text()
    assert "nan" not in page.img["alt"].split()
    return page.img["alt"]


def test_every_picture_of_stored_runs_describes_itself_under_a_name_of_its_own():
    shown = {name: draw() for name, draw in STORED.items()}
    assert all(alt(one) for one in shown.values())
    assert len({BeautifulSoup(one.data, "html.parser").figure["id"] for one in shown.values()}) == len(STORED)


def test_stage_1_by_steps_tells_the_means_of_its_points():
    rows = [
        {"steps": steps, "statistics": statistics, "language": "de", "seed": seed, "gain": gain + seed / 100}
        for steps, gain in ((120, 0.05), (480, -0.02))
        for statistics in ("source", "target")
        for seed in range(2)
    ]
    said = alt(gains.by_steps(pd.DataFrame(rows)))
    assert "German, source statistics: 120 steps +0.055, 480 steps -0.015" in said


def test_the_share_of_pairs_with_one_emotion_is_the_mean_over_speakers():
    clips = pd.DataFrame(
        [("a", "x", "sad")] * 4 + [("a", "y", "sad"), ("a", "y", "angry")] * 2 + [("a", "few", "sad")] * 3,
        columns=["corpus", "speaker", "emotion"],
    ).assign(utterance_id="clip")
    assert contrastive.shared_emotions(clips)["a"] == pytest.approx((1 + 1 / 3) / 2)


def test_emotions_of_emodb_outside_the_four_classes_are_emotions_too():
    names = ["03a01Wa", "03a02Wb", "03a01La", "03a01Ea"]  # two angry clips, boredom, disgust
    clips = pd.DataFrame({"utterance_id": names, "emotion": ["angry", "angry", None, None]})
    assert contrastive.shared_emotions(clips.assign(corpus="emodb", speaker="03"))["emodb"] == pytest.approx(1 / 6)


def test_the_lower_the_temperature_the_more_the_nearest_bear():
    told = re.findall(
        r"at temperature ([\d.]+) the nearest tenth of the negatives bears (\d+)%", alt(contrastive.temperatures())
    )
    temperatures, shares = zip(*[(float(a), int(b)) for a, b in told], strict=True)
    assert list(temperatures) == sorted(temperatures) and list(shares) == sorted(shares, reverse=True)
    assert shares[-1] > 10  # a tenth of the negatives would bear a tenth if all were pushed alike


def test_half_lives_and_lengths_of_runs_are_told_together():
    told = alt(byol.lags())
    assert "momentum 0.996 halves it in 173 steps" in told and "laptop 480" in told


@pytest.mark.parametrize(("language", "scores"), [("bn", ["accuracy"]), ("ur", ["accuracy", "activation"])])
def test_a_language_without_ratings_has_no_empty_panel(language, scores, monkeypatch):
    panels = []
    monkeypatch.setattr(metric, "captioned", lambda figure, alt, **_: (panels.extend(figure.axes), alt)[1])
    metric.transfer(language)
    assert {panel.get_xlabel().split()[0] for panel in panels} == set(scores)
    assert all(panel.has_data() for panel in panels)
    panels.clear()
    told = metric.straightened(language)
    assert all(panel.has_data() for panel in panels) and len(panels) == 3 * len(scores)
    assert ("Bangla" in told) is False


def test_a_language_that_nobody_judged_is_said_to_be_one():
    with pytest.raises(ValueError, match="no stored run was judged on 'fr'"):
        metric.transfer("fr")
