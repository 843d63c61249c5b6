"""The temperature and the threshold are those of the labelled clips."""

import json

import numpy as np
import pandas as pd
import pytest

from sernb.evaluation.calibration import calibration, fit_confidence
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.models.confidence import CONFIDENCE_FILE, Confidence
from sernb.models.statistics import Statistics


def judged(temperature: float, clips: int = 4000) -> pd.DataFrame:
    """Clips whose classes were drawn by probabilities, which the model then tells sharpened by a temperature."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (clips, 4))
    true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    emotion = [EMOTIONS[rng.choice(4, p=share)] for share in true]
    told = true**temperature
    table = pd.DataFrame(told / told.sum(1, keepdims=True), columns=PROBABILITIES)
    return table.assign(emotion=emotion, speaker=[f"s{number % 7}" for number in range(clips)])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_made_the_model_too_sure(temperature):
    told = judged(temperature)
    fitted = fit_confidence(told)
    assert fitted.temperature == pytest.approx(temperature, rel=0.1)
    assert (fitted.clips, fitted.speakers) == (4000, 7)
    after = told.assign(**dict(zip(PROBABILITIES, fitted.calibrated(told[PROBABILITIES].to_numpy()).T, strict=True)))
    assert calibration(after)["ece"] < 0.03


def test_under_the_threshold_half_of_the_clips_are_named_wrong():
    told = judged(1.0)
    fitted = fit_confidence(told)
    shares = fitted.calibrated(told[PROBABILITIES].to_numpy())
    right = np.array(EMOTIONS)[shares.argmax(1)] == told["emotion"]
    below = shares.max(1) < fitted.unsure_below
    assert right[below].mean() == pytest.approx(0.5, abs=0.02) and right[~below].mean() > 0.6


def test_a_model_that_guesses_is_never_sure_and_one_that_knows_always():
    told = judged(1.0, 200)
    wrong = told.assign(emotion=[EMOTIONS[int(share.argmin())] for share in told[PROBABILITIES].to_numpy()])
    right = told.assign(emotion=[EMOTIONS[int(share.argmax())] for share in told[PROBABILITIES].to_numpy()])
    assert fit_confidence(wrong).unsure_below == 1.0 and fit_confidence(right).unsure_below == 0.0


def test_it_comes_back_from_its_folder(tmp_path):
    assert Confidence.load(tmp_path) is None
    source = Statistics(np.arange(3, dtype="f4"), np.full(3, 0.1, "f4"))
    Confidence(1.5, 0.4, 240, 5, source, (0.1, 0.9)).save(tmp_path)
    found = Confidence.load(tmp_path, width=3)
    assert (found.temperature, found.unsure_below, found.clips, found.speakers) == (1.5, 0.4, 240, 5)
    np.testing.assert_array_equal(found.source.mean, source.mean)
    np.testing.assert_allclose(found.level, (0.1, 0.9))


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0},
        {"temperature": "1"},
        {"unsure_below": 2},
        {"clips": -1},
        {"source": [1]},
        {"source": {"mean": [1.0], "deviation": [1.0, 2.0]}},
        {"source": {"mean": [1.0, float("nan")], "deviation": [1.0, 2.0]}},
        {"level": [1]},
    ],
)
def test_what_a_folder_says_is_checked(tmp_path, change):
    Confidence(1.5, 0.4, 240, 5).save(tmp_path)
    file = tmp_path / CONFIDENCE_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ValueError, match=CONFIDENCE_FILE):
        Confidence.load(tmp_path, width=2)
