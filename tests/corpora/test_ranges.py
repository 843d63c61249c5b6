"""Configs refuse what they can't have as they are made, and are otherwise what they were."""

import json
from dataclasses import asdict

import pytest

from sernb.corpora.demo import DemoConfig
from sernb.corpora.ranges import unknown
from sernb.data.manifest import Rules
from sernb.experiments.leak import LeakConfig
from sernb.experiments.profiles import load_profile, profile_names
from sernb.speech.augment import SpectrogramAugmentation, ViewAugmentation, WaveformAugmentation
from sernb.training.baseline import BaselineConfig
from sernb.training.byol import ByolConfig
from sernb.training.contrastive import ContrastiveConfig
from sernb.training.metric import MetricConfig

WRONG = [
    (BaselineConfig, {"learning_rate": -1}, "learning_rate is -1; give a number, at least 0"),
    (BaselineConfig, {"learning_rate": float("nan")}, "learning_rate is nan; give a number"),
    (BaselineConfig, {"epochs": -1}, "epochs is -1; give a whole number, at least 1"),
    (BaselineConfig, {"epochs": 1.0}, "epochs is 1.0; give a whole number"),
    (BaselineConfig, {"batch_size": True}, "batch_size is True; give a whole number"),
    (BaselineConfig, {"seed": "abc"}, "seed is 'abc'; give a whole number"),
    (BaselineConfig, {"hidden": 0}, "hidden is 0; give a whole number, at least 1, or none"),
    (BaselineConfig, {"pooling": "al"}, "pooling is 'al'; give speech or all"),
    (BaselineConfig, {"dropout": 1.5}, "dropout is 1.5; .* at most 1"),
    (BaselineConfig, {"seconds": 31}, "seconds is 31; .* at most 30"),
    (BaselineConfig, {"waveform": {"snr_db": [5, 15]}}, "give a WaveformAugmentation"),
    (ContrastiveConfig, {"held_out": 1}, "held_out is 1; .* under 1"),
    (ContrastiveConfig, {"temperature": 0}, "temperature is 0; .* over 0"),
    (ByolConfig, {"momentum": 2}, "momentum is 2"),
    (ByolConfig, {"weight_schedule": "cosine"}, "linear or constant"),
    (ByolConfig, {"predictor": 1}, "predictor is 1; give true or false"),
    (MetricConfig, {"hidden": (40, 0)}, r"hidden is \(40, 0\); give a list of one or more, each a whole number"),
    (MetricConfig, {"hidden": ()}, "a list of one or more"),
    (LeakConfig, {"folds": -3}, "folds is -3; give a whole number, at least 2"),
    (WaveformAugmentation, {"snr_db": (20.0, 10.0)}, r"give a range \[low, high\]"),
    (WaveformAugmentation, {"speed": (0.0, 1.0)}, "over 0"),
    (SpectrogramAugmentation, {"stretch": (0.9,)}, "give a range"),
    (ViewAugmentation, {"mixup": 0.6}, "at most 0.5"),
    (DemoConfig, {"male_share": 1.1}, "male_share is 1.1"),
    (DemoConfig, {"seed": -1}, "seed is -1"),
    (Rules, {"min_peak": "loud"}, "min_peak is 'loud'; give a number"),
    (Rules, {"min_duration_s": 20}, "no clip is both over 20 s and under 12"),
]


@pytest.mark.parametrize(("kind", "wrong", "message"), WRONG)
def test_a_value_outside_its_range_is_refused(kind, wrong, message):
    with pytest.raises(ValueError, match=message):
        kind(**wrong)


@pytest.mark.parametrize("profile", profile_names())
def test_values_come_as_in_toml_and_unknown_names_are_told_with_the_nearest(profile):
    made = load_profile(profile).config("baseline", BaselineConfig, waveform={"snr_db": [5, 15]}, hidden=None)
    assert made.waveform == WaveformAugmentation(snr_db=(5, 15))
    made = load_profile(profile).config("byol", ByolConfig, supervised={"time_masks": 2})
    assert made.supervised == ViewAugmentation(**asdict(ByolConfig().supervised) | {"time_masks": 2})
    with pytest.raises(ValueError, match="unknown field 'lerning_rate'; did you mean learning_rate.*batch_size, "):
        load_profile(profile).config("baseline", BaselineConfig, lerning_rate=1)
    with pytest.raises(ValueError, match="WaveformAugmentation: unknown field 'snr'"):
        load_profile(profile).config("baseline", BaselineConfig, waveform={"snr": [5, 15]})


def test_an_unknown_name_far_from_all_lists_them():
    assert unknown("recipe", "xyz", ["baseline", "byol"]) == "unknown recipe 'xyz'; known are baseline, byol"


def test_values_are_left_as_they_are_given():
    given = {"learning_rate": 1, "waveform": WaveformAugmentation(snr_db=(5, 15.0))}
    kept = asdict(BaselineConfig(**given))
    assert json.dumps([kept["learning_rate"], kept["waveform"]["snr_db"]]) == "[1, [5, 15.0]]"
