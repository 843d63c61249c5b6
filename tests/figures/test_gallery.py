"""Each augmentation alone, at rising strength."""

import base64
import io
import re

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from sernb.experiments.study import open_study
from sernb.figures import showcase
from sernb.figures.gallery import EXHIBITS, LEVELS, effects, exhibit, log_mels, pairs, rows
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.speech.audio import LogMel, load
from sernb.speech.augment import augment_waveform


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
        measured = 10 * np.log10(np.mean(samples**2) / np.mean((view - samples) ** 2))
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


@pytest.fixture(scope="module")
def pair(clips):
    return pairs(clips)["en"]


@pytest.fixture(scope="module")
def shown(pair):
    return rows(pair)


def test_every_language_shows_one_clip_and_mixes_in_another_speakers(tmp_path_factory):
    study = open_study(None, "smoke", runs=tmp_path_factory.mktemp("runs"), progress=False)
    chosen = pairs(study.manifest)
    assert set(chosen) == {"en", "ur", "de", "bn"}
    for language, (clip, partner) in ((code, frame.to_dict("records")) for code, frame in chosen.items()):
        assert clip["language"] == partner["language"] == language
        assert clip["emotion"] == "angry" and clip["speaker"] != partner["speaker"]


def test_every_augmentation_is_shown_at_three_strengths_beside_the_original(shown):
    assert [row.name for row in shown] == ["polarity inversion", *(one.name for one in EXHIBITS)]
    for one, row in zip(EXHIBITS, shown[1:], strict=True):
        assert [tile.level for tile in row.tiles] == ["original", "low", "default", "high"]
        assert [tile.strength for tile in row.tiles[1:]] == list(one.strengths[:3])
        assert row.reconstructed != one.on_waveform
    for row in shown:
        original, *changed = row.tiles
        for tile in changed:
            assert tile.log_mel.shape == original.log_mel.shape == (80, 250)
            assert tile.samples.shape == original.samples.shape == (40_000,)
            assert not np.array_equal(tile.samples, original.samples)


def test_inverted_polarity_is_neither_seen_nor_heard(shown):
    original, inverted = shown[0].tiles
    np.testing.assert_allclose(inverted.samples, -original.samples, atol=1e-6)
    np.testing.assert_allclose(inverted.log_mel, original.log_mel, atol=1e-5)


def magnitudes(log_mel: np.ndarray) -> np.ndarray:
    return 10 ** (2 * log_mel - 2)


def test_what_is_heard_of_a_spectrogram_is_what_is_seen_of_it(shown):
    front = LogMel()
    for row in (row for row in shown if row.reconstructed):
        for tile in row.tiles:
            heard = magnitudes(front(torch.from_numpy(tile.samples)[None])[0].numpy())
            seen = magnitudes(tile.log_mel)
            off = {
                other.level: np.linalg.norm(heard - magnitudes(other.log_mel)) / np.linalg.norm(heard)
                for other in row.tiles
            }
            assert np.linalg.norm(heard - seen) < 0.25 * np.linalg.norm(seen), (row.name, tile.level)
            assert min(off, key=off.get) == tile.level, row.name


def test_the_page_describes_every_picture_and_plays_every_sound(shown):
    html = showcase.table(shown, "a <clip>", "Urdu & angry", unfolded=True).data
    assert '<details class="sernb-gallery" open>' in html and "Urdu &amp; angry" in html and "<clip>" not in html
    tiles = [tile for row in shown for tile in row.tiles]
    assert len(re.findall(r"<img alt=\"Log-mel spectrogram of a &lt;clip&gt;; [^\"]+\"", html)) == len(tiles)
    assert "noise, high: 0 dB SNR" in html and len(html) < 700_000
    sounds = re.findall(r"data:audio/mpeg;base64,([^\"]+)", html)
    for tile, sound in zip(tiles, sounds, strict=True):
        played, rate = soundfile.read(io.BytesIO(base64.b64decode(sound)))
        assert rate == 16_000 and np.std(played) == pytest.approx(np.std(tile.samples), rel=0.2)
    picture = Image.open(io.BytesIO(base64.b64decode(re.search(r"image/jpeg;base64,([^\"]+)", html)[1])))
    assert picture.size == (250, 80)
