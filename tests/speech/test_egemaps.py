"""eGeMAPS functionals: right numbers, nothing extracted twice, nothing lost, broken clips named."""

import hashlib

import numpy as np
import opensmile
import pandas as pd
import pytest
import soundfile

from sernb.speech import egemaps as egemaps_module
from sernb.speech.egemaps import egemaps, functionals

SMILE = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)


def voice(seconds=1.0, rate=16_000, pitch=120.0):
    """A buzz with a formant-like spectrum whose pitch glides."""
    time = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.1 * np.sin(2 * np.pi * time))) / rate
    harmonics = sum(np.cos(k * phase) / k for k in range(1, 30))
    return 0.1 * harmonics * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))


def manifest_of(folder, sounds, rate=16_000):
    rows = []
    for name, samples in sounds.items():
        path = folder / f"{name}.wav"
        soundfile.write(path, samples, rate, subtype="FLOAT")
        digest = hashlib.sha1(path.read_bytes()).hexdigest()
        rows.append(
            {"utterance_id": name, "corpus": "made", "path": str(path), "source_label": None, "audio_hash": digest}
        )
    return pd.DataFrame(rows)


@pytest.fixture
def clips(tmp_path):
    return manifest_of(tmp_path, {f"u{pitch}": voice(pitch=pitch) for pitch in (90, 120, 150, 180, 210)})


def test_one_row_a_clip_in_the_manifests_order(clips):
    found = egemaps(clips.iloc[::-1], progress=False)
    assert found.table.index.tolist() == ["u210", "u180", "u150", "u120", "u90"]
    assert found.table.shape == (5, 88)
    assert list(found.table.columns) == SMILE.feature_names
    assert found.table["F0semitoneFrom27.5Hz_sma3nz_amean"].is_monotonic_decreasing
    assert found.rejected.empty


def test_equals_opensmile_on_the_file_itself(clips):
    expected = SMILE.process_file(clips["path"][1]).to_numpy()[0]
    np.testing.assert_allclose(functionals(SMILE, clips["path"][1]), expected, rtol=1e-5, atol=1e-5)


def test_stereo_at_another_rate_is_the_same_voice(tmp_path, clips):
    stereo = np.stack([voice(rate=44_100), voice(rate=44_100)], axis=1)
    soundfile.write(tmp_path / "stereo.wav", stereo, 44_100)
    pitch, loudness = (
        SMILE.feature_names.index(n) for n in ("F0semitoneFrom27.5Hz_sma3nz_amean", "loudness_sma3_amean")
    )
    ours, mono = functionals(SMILE, tmp_path / "stereo.wav"), functionals(SMILE, clips["path"][1])
    assert ours[[pitch, loudness]] == pytest.approx(mono[[pitch, loudness]], rel=0.02)


def test_full_scale_samples_do_not_wrap_around(tmp_path):
    loud = np.clip(12 * voice(), -1, 1)
    assert (loud == 1).sum() > 100
    soundfile.write(tmp_path / "loud.wav", loud, 16_000, subtype="FLOAT")
    soundfile.write(tmp_path / "softer.wav", loud * 0.999, 16_000, subtype="FLOAT")
    ours, softer = (functionals(SMILE, tmp_path / f"{name}.wav") for name in ("loud", "softer"))
    np.testing.assert_allclose(ours, softer, rtol=0.05, atol=0.05)


def test_a_broken_clip_is_reported_and_the_others_kept(tmp_path, clips):
    (tmp_path / "u120.wav").write_text("not audio")
    soundfile.write(tmp_path / "u180.wav", voice(0.01), 16_000)
    (tmp_path / "u90.wav").unlink()
    found = egemaps(clips, tmp_path / "cache.parquet", progress=False)
    assert found.table.index.tolist() == ["u150", "u210"]
    assert [path[-8:-4].strip("/") for path in found.rejected["path"]] == ["u90", "u120", "u180"]
    reasons = found.rejected["reason"].tolist()
    assert "too short" in reasons[2] and all(reasons)


def test_nothing_is_extracted_twice(tmp_path, clips, monkeypatch):
    cache = tmp_path / "cache.parquet"
    first = egemaps(clips, cache, progress=False).table
    monkeypatch.setattr(egemaps_module, "functionals", lambda smile, path: pytest.fail(f"extracted {path} again"))
    renamed = clips.assign(utterance_id="again-" + clips["utterance_id"], path="moved/elsewhere.wav")
    second = egemaps(renamed, cache, progress=False).table
    np.testing.assert_array_equal(first.to_numpy(), second.to_numpy())


def test_an_interruption_loses_little(tmp_path, clips, monkeypatch):
    cache, done = tmp_path / "cache.parquet", []

    def interrupted(smile, path):
        if path == clips["path"][4]:
            raise KeyboardInterrupt
        return functionals(smile, path)

    def counted(smile, path):
        done.append(path)
        return functionals(smile, path)

    monkeypatch.setattr(egemaps_module, "FLUSH_EVERY", 2)
    monkeypatch.setattr(egemaps_module, "functionals", interrupted)
    with pytest.raises(KeyboardInterrupt):
        egemaps(clips, cache, progress=False)
    assert len(pd.read_parquet(cache)) == 4
    monkeypatch.setattr(egemaps_module, "functionals", counted)
    assert len(egemaps(clips, cache, progress=False).table) == 5
    assert done == [clips["path"][4]]
    assert list(tmp_path.glob(".cache*")) == []


def test_real_speech(corpora_dir, tmp_path):
    paths = sorted((corpora_dir / "EMO-DB" / "wav").iterdir())[:6]
    clips = pd.DataFrame(
        {
            "utterance_id": [path.stem for path in paths],
            "corpus": "emodb",
            "path": [str(path) for path in paths],
            "source_label": None,
            "audio_hash": [path.stem for path in paths],
        }
    )
    found = egemaps(clips, progress=False)
    assert len(found.table) == 6 and found.rejected.empty
    pitch_hz = 27.5 * 2 ** (found.table["F0semitoneFrom27.5Hz_sma3nz_amean"] / 12)
    assert pitch_hz.between(80, 400).all()  # speaker 03, a man, some of it shouted
    expected = SMILE.process_file(clips["path"][0]).to_numpy()[0]
    np.testing.assert_allclose(found.table.to_numpy()[0], expected, rtol=1e-4, atol=1e-4)
