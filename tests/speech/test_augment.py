"""Augmentation, measured on what comes out."""

import random
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from sernb.speech.audio import SAMPLE_RATE, LogMel, band_centres
from sernb.speech.augment import (
    SpectrogramAugmentation,
    WaveformAugmentation,
    augment_spectrogram,
    augment_waveform,
    limit_band,
    masks,
    stretch_time,
)

TONE = (0.2 * np.sin(2 * np.pi * 500 * np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE)).astype("f4")
NOTHING = {"snr_db": None, "gain_db": None, "speed": None, "probability": 1.0}


def decibel(power: float) -> float:
    return 10 * np.log10(power)


def test_same_seed_same_view_and_the_global_generators_are_left_alone():
    random.seed(5)
    np.random.seed(5)
    before = random.random(), np.random.rand()
    random.seed(5)
    np.random.seed(5)
    config = WaveformAugmentation()
    views = [augment_waveform(TONE, config, seed) for seed in (1, 1, 2)]
    assert (random.random(), np.random.rand()) == before
    assert np.array_equal(views[0], views[1])
    assert views[0].shape != views[2].shape or not np.array_equal(views[0], views[2])


def test_a_view_follows_from_its_seed_while_another_thread_draws():
    """As a scheduler's threads do: numbers from Python's and NumPy's generators are anybody's."""
    alone = [augment_waveform(TONE, WaveformAugmentation(), seed) for seed in range(30)]
    stop = threading.Event()

    def draw():
        while not stop.is_set():
            random.random()
            np.random.random(50)

    drawing = threading.Thread(target=draw)
    drawing.start()
    try:
        beside = [augment_waveform(TONE, WaveformAugmentation(), seed) for seed in range(30)]
    finally:
        stop.set()
        drawing.join()
    assert all(np.array_equal(one, other) for one, other in zip(alone, beside, strict=True))


@pytest.mark.parametrize("left_out", ["snr_db", "gain_db", "speed", "polarity"])
def test_leaving_one_transform_out_leaves_the_others_as_they_were(left_out):
    """The chances and strengths drawn for them stay: views that didn't use it are the same."""
    whole = WaveformAugmentation()
    without = replace(whole, **{left_out: False if left_out == "polarity" else None})
    pairs = [[augment_waveform(TONE, config, seed) for config in (whole, without)] for seed in range(40)]
    same = [np.array_equal(one, other) for one, other in pairs]
    assert 8 < sum(same) < 32


def test_a_limited_band_holds_the_floor_above_its_end():
    noise = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, (2, 16_000)).astype("f4"))
    log_mel = LogMel()(noise)
    limited = limit_band(log_mel, 5500.0)
    above = band_centres() > 5500
    floor = log_mel.amax((1, 2)) - 2.0
    torch.testing.assert_close(limited[:, above], floor[:, None, None].expand(2, int(above.sum()), 100))
    torch.testing.assert_close(limited[:, ~above], log_mel[:, ~above])
    config = SpectrogramAugmentation(None, 0, 0.1, 0, 10, 0.0, 5500.0, 1.0)
    view, _ = augment_spectrogram(log_mel, torch.tensor([100, 100]), config, torch.Generator().manual_seed(0))
    torch.testing.assert_close(view, limited)
    # a model that hears no more than that computes the same from the start
    torch.testing.assert_close(LogMel(highest_hz=5500.0)(noise), limited)


def test_noise_has_the_snr_asked_for():
    # polarity inversion always applies at probability 1, so the noise is what differs from the inverted tone
    ratios = []
    for seed in range(40):
        view = augment_waveform(TONE, WaveformAugmentation(**NOTHING | {"snr_db": (10.0, 20.0)}), seed)
        ratios.append(decibel(np.mean(TONE**2) / np.mean((view + TONE) ** 2)))
    assert 9.8 < min(ratios) < 12 and 18 < max(ratios) < 20.2


@pytest.mark.parametrize("gain", [-6.0, 4.0])
def test_gain_is_the_gain_asked_for_and_polarity_is_inverted(gain):
    view = augment_waveform(TONE, WaveformAugmentation(**NOTHING | {"gain_db": (gain, gain)}), 0)
    assert decibel(np.mean(view**2) / np.mean(TONE**2)) == pytest.approx(gain, abs=0.01)
    assert np.corrcoef(view, TONE)[0, 1] == pytest.approx(-1, abs=1e-4)


@pytest.mark.parametrize("speed", [0.8, 1.25])
def test_speed_moves_duration_and_pitch_together(speed):
    view = augment_waveform(TONE, WaveformAugmentation(**NOTHING | {"speed": (speed, speed)}), 0)
    assert len(view) == pytest.approx(len(TONE) / speed, abs=2)
    pitch = np.abs(np.fft.rfft(view)).argmax() * SAMPLE_RATE / len(view)
    assert pitch == pytest.approx(500 * speed, rel=0.01)


def test_stretch_reads_faster_and_fills_with_the_floor():
    ramp = torch.arange(100.0).expand(2, 3, 100).clone()
    stretched, frames = stretch_time(ramp, torch.tensor([80, 80]), torch.tensor([2.0, 0.5]))
    torch.testing.assert_close(stretched[0, 0, :50], torch.arange(50.0) * 2)
    assert (stretched[0, :, 50:] == 0).all()
    torch.testing.assert_close(stretched[1, 0], torch.arange(100.0) / 2)
    assert frames.tolist() == [40, 100]


def test_masks_stay_within_the_speech_and_under_the_width():
    torch.manual_seed(0)
    lengths = torch.tensor([50, 100, 10])
    for _ in range(50):
        hidden = masks(torch.rand(3, 1, 2), lengths, 0.2 * lengths, 100)
        for row, length in zip(hidden, lengths, strict=True):
            assert row.sum() <= 0.2 * length + 1
            assert not row[length:].any()


def test_spectrogram_views_differ_by_clip_and_repeat_with_the_seed():
    features = torch.randn(1, 80, 400).expand(4, -1, -1).clone()
    config = SpectrogramAugmentation(probability=1.0)
    frames = torch.full((4,), 300)
    first, lengths = augment_spectrogram(features, frames, config, torch.Generator().manual_seed(3))
    again, _ = augment_spectrogram(features, frames, config, torch.Generator().manual_seed(3))
    other, _ = augment_spectrogram(features, frames, config, torch.Generator().manual_seed(4))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])
    assert ((lengths >= 300 / 1.1 - 1) & (lengths <= 300 / 0.9 + 1)).all()


def test_probability_zero_changes_nothing():
    features = torch.randn(4, 80, 400)
    same, frames = augment_spectrogram(
        features, torch.full((4,), 300), SpectrogramAugmentation(probability=0.0), torch.Generator()
    )
    assert torch.equal(same, features) and (frames == 300).all()
    assert np.array_equal(augment_waveform(TONE, WaveformAugmentation(probability=0.0), 0), TONE)
