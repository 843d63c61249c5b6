"""A chapter's parameters: checked at once, with the known values in the message."""

import dataclasses

import pytest

from sernb.experiments.leak import LeakConfig
from sernb.experiments.profiles import Profile, load_profile, profile_names
from sernb.experiments.study import open_study
from sernb.training.baseline import BaselineConfig


def test_unknown_profile_names_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="unknown profile 'huge'; known are laptop, paper, smoke"):
        open_study("ur", "huge", runs=tmp_path)


def test_unknown_language_names_those_the_corpora_hold(tmp_path):
    with pytest.raises(ValueError, match="unknown language 'fr'.* bn, de, ur$"):
        open_study("fr", runs=tmp_path, progress=False)


def test_the_source_language_is_no_target(tmp_path):
    with pytest.raises(ValueError, match="unknown language 'en'"):
        open_study("en", runs=tmp_path, progress=False)


def test_a_folder_without_corpora_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no corpus found"):
        open_study("ur", corpora=tmp_path, runs=tmp_path / "runs", progress=False)


def test_the_study_splits_english_from_the_rest(tmp_path):
    study = open_study("bn", runs=tmp_path, progress=False)
    split = study.zero_shot()
    assert set(study.target["language"]) == {"bn"} and study.is_demo and study.language_name == "Bangla"
    assert set(split.train["language"]) == set(split.validation["language"]) == {"en"}
    assert set(split.test["language"]) == {"ur", "de", "bn"}
    assert not set(split.train["speaker"]) & set(split.validation["speaker"])


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_fits_the_configs(name):
    profile = load_profile(name)
    config = profile.config("baseline", BaselineConfig, seed=7)
    assert config.seed == 7 and config.batch_size % 4 == 0
    assert profile.config("leak", LeakConfig).folds == 5


def test_the_paper_profile_has_the_papers_numbers():
    config = load_profile("paper").config("baseline", BaselineConfig)
    assert load_profile("paper").encoder == "openai/whisper-small.en"
    assert (config.batch_size, config.batches_per_epoch, config.learning_rate, config.seconds) == (64, 100, 1e-5, 4.0)
    assert config.waveform.snr_db == (10.0, 20.0)


def test_a_field_no_config_has_is_refused():
    profile = Profile("mine", "random-1x32", {"baseline": {"learning_rat": 1.0}})
    with pytest.raises(ValueError, match="BaselineConfig: unknown field 'learning_rat'; did you mean learning_rate"):
        profile.config("baseline", BaselineConfig)


def test_configs_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        BaselineConfig().seed = 1
