"""Each augmentation alone, at rising strength."""

import numpy as np
import pytest

from sernb.audio import load
from sernb.augment import augment_waveform
from sernb.gallery import EXHIBITS, LEVELS, effects, exhibit, log_mels
from sernb.models import EmotionClassifier, WhisperEncoder
from sernb.study import open_study


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    study = open_study(None, "smoke", runs=tmp_path_factory.mktemp("runs"), progress=False)
    return study.zero_shot().validation.head(6)


@pytest.fixture(scope="module")
def model():
    return EmotionClassifier(WhisperEncoder("random-1x32"))


@pytest.mark.parametrize("one", EXHIBITS, ids=lambda one: one.name)
def test_a_stronger_augmentation_changes_more(one, model, clips):
    clean, _ = log_mels(model, clips, None)
    changes = [(log_mels(model, clips, one.config(s))[0] - clean).abs().mean().item() for s in one.strengths]
    assert changes[0] > 0 and changes[-1] > changes[0]
    again = log_mels(model, clips, one.config(one.strengths[1]))[0]
    assert (again - clean).abs().mean().item() == changes[1]


def test_the_noise_of_the_gallery_has_the_ratio_it_names(clips):
    samples = load(clips["path"].iloc[0])
    noise = exhibit("noise")
    for ratio in noise.strengths:
        view = augment_waveform(samples, noise.config(ratio), 0)
        measured = 10 * np.log10(np.mean(samples**2) / np.mean((view + samples) ** 2))  # polarity is inverted too
        assert measured == pytest.approx(ratio, abs=0.3)


def test_effects_start_at_the_clean_view_and_cover_every_level(model, clips):
    table = effects(model, clips)
    clean = table[table["level"] == "clean"]
    assert len(table) == len(EXHIBITS) * (len(LEVELS) + 1) and (clean["distance"] == 0).all()
    assert clean["recognised"].nunique() == 1 and table["recognised"].between(0, 1).all()
    assert (table.loc[table["level"] != "clean", "distance"] > -1e-6).all()


def test_an_unknown_augmentation_is_named():
    with pytest.raises(ValueError, match="noise, gain"):
        exhibit("reverb")
