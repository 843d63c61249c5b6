"""Loading, cutting, and log-mels equal to transformers' own."""

import numpy as np
import pytest
import soundfile
import torch
from transformers import WhisperFeatureExtractor
from transformers.audio_utils import hertz_to_mel, mel_filter_bank, mel_to_hertz

from sernb.data.decode import AudioError
from sernb.speech.audio import SAMPLE_RATE, LogMel, fit_length, load
from sernb.speech.mel import band_edges, mel_filters


def speechlike(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    voice = sum(np.sin(2 * np.pi * 140 * k * time + k) / k for k in range(1, 20))
    return (0.1 * voice * (1 + np.sin(2 * np.pi * 3 * time)) + 0.001 * rng.standard_normal(len(time))).astype("f4")


def assert_equals_transformers(clips: list[np.ndarray], seconds: int, bins: int = 80) -> None:
    extractor = WhisperFeatureExtractor(feature_size=bins, chunk_length=seconds)
    expected = extractor(clips, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
    batch = torch.from_numpy(np.stack([fit_length(clip, seconds)[0] for clip in clips]))
    torch.testing.assert_close(LogMel(bins)(batch), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("bins", [80, 128])
def test_mel_bands_are_those_of_transformers(bins):
    theirs = mel_filter_bank(201, bins, 0.0, 8_000.0, 16_000, norm="slaney", mel_scale="slaney")
    assert np.array_equal(mel_filters(bins, 201, 8_000.0), theirs)
    edges = mel_to_hertz(np.linspace(0.0, hertz_to_mel(8_000.0, "slaney"), bins + 2), "slaney")
    np.testing.assert_allclose(band_edges(bins, 8_000.0), edges, rtol=1e-12)


@pytest.mark.parametrize("seconds", [3, 4, 30])
def test_log_mel_equals_transformers_for_clips_of_any_length(seconds):
    assert_equals_transformers([speechlike(s, i) for i, s in enumerate((0.5, 1.23456, 2.9, 4.0, 7.7, 31.0))], seconds)


def test_log_mel_with_128_bins_equals_transformers():
    assert_equals_transformers([speechlike(2.5)], 4, bins=128)


def test_log_mel_of_silence_is_finite():
    assert torch.isfinite(LogMel()(torch.zeros(1, 64_000))).all()


def test_log_mel_equals_transformers_on_real_clips(corpora_dir):
    paths = sorted(corpora_dir.glob("*/**/*.flac"))[::60]
    assert len(paths) > 50
    assert_equals_transformers([load(path) for path in paths], 4)


def test_load_mixes_channels_and_resamples(tmp_path):
    time = np.arange(44_100) / 44_100
    tone = np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "stereo.wav", np.stack([0.5 * tone, 0.1 * tone], axis=1), 44_100)
    samples = load(tmp_path / "stereo.wav")
    assert samples.dtype == np.float32 and len(samples) == SAMPLE_RATE
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() == 440
    assert np.abs(samples[1000:-1000]).max() == pytest.approx(0.3, abs=0.01)


def test_load_names_the_file_it_cannot_read(tmp_path):
    (tmp_path / "text.wav").write_text("not audio")
    with pytest.raises(AudioError, match="text.wav"):
        load(tmp_path / "text.wav")


def test_fit_length_cuts_and_pads():
    samples = np.arange(10, dtype="f4")
    window, length = fit_length(samples, 4 / SAMPLE_RATE, start=3)
    assert window.tolist() == [3, 4, 5, 6] and length == 4
    window, length = fit_length(samples, 12 / SAMPLE_RATE)
    assert window.tolist() == [*range(10), 0, 0] and length == 10
