"""Windows of recordings of any length, read a little at a time."""

import numpy as np
import pytest
import soundfile

from sernb.data import decode
from sernb.data.decode import AudioError, decode_blocks
from sernb.speech.audio import load
from sernb.speech.windows import windows


def rows(parts):
    return [row for part in parts for row in part.rows]


@pytest.mark.parametrize(("rate", "channels", "suffix"), [(16_000, 1, "wav"), (44_100, 2, "flac"), (8_000, 1, "mp3")])
@pytest.mark.parametrize("block", [1.7, 60.0])
def test_windows_hold_what_load_gives(noise, tmp_path, monkeypatch, rate, channels, suffix, block):
    path = noise(tmp_path / f"x.{suffix}", 11.3, rate, channels)
    monkeypatch.setattr("sernb.speech.windows.decode_blocks", lambda path: decode_blocks(path, block))
    whole = load(path)
    parts = list(windows(path, 3.0, 2.0, 4.0))
    samples = np.concatenate([part.samples for part in parts])
    assert samples.shape == (6, 64_000)  # the sixth, from 10 s, is the first to reach the end
    for number, one in enumerate(samples):
        expected = whole[number * 32_000 : number * 32_000 + 48_000]
        np.testing.assert_allclose(one[: len(expected)], expected, atol=1e-4)
        assert not one[48_000:].any()
    found = rows(parts)
    assert [row.start_s for row in found] == [0, 2, 4, 6, 8, 10] and found[-1].end_s == pytest.approx(11.3, abs=0.3)
    assert all(row.problem is None for row in found) and parts[0].top_hz == rate / 2


@pytest.mark.parametrize(("seconds", "count"), [(0.6, 1), (4.0, 1), (4.1, 2), (6.0, 2), (6.1, 3)])
def test_windows_start_until_one_reaches_the_end(noise, tmp_path, seconds, count):
    assert len(rows(windows(noise(tmp_path / "x.wav", seconds), 4.0, 2.0, 4.0))) == count


def test_stretches_that_cannot_be_heard_are_marked(tmp_path):
    speech = np.random.default_rng(0).uniform(-0.2, 0.2, 16_000 * 24).astype("f4")
    speech[: 4 * 16_000] = 0
    speech[4 * 16_000 : 8 * 16_000] = np.sign(speech[4 * 16_000 : 8 * 16_000])
    speech[9 * 16_000] = np.nan
    soundfile.write(tmp_path / "x.wav", speech, 16_000, subtype="FLOAT")
    problems = [row.problem for row in rows(windows(tmp_path / "x.wav", 4.0, 4.0, 4.0))]
    for problem, expected in zip(problems, ("silent", "clipped", "not numbers"), strict=False):
        assert expected in problem
    assert problems[3:] == [None] * 3


def test_a_long_recording_is_read_in_blocks(noise, tmp_path, monkeypatch):
    monkeypatch.setattr(decode, "MAX_SAMPLES", 16_000 * 60)
    monkeypatch.setattr(decode, "EXPANSION_FLOOR", 0)
    path = noise(tmp_path / "x.wav", 130.0)
    with pytest.raises(AudioError, match="cut it into utterances"):
        load(path)
    parts = list(windows(path, 4.0, 4.0, 4.0))
    assert max(len(part.rows) for part in parts) <= 16 and len(rows(parts)) == 33


def test_a_recording_cut_short_gives_its_windows_first(noise, tmp_path):
    path = noise(tmp_path / "x.wav", 130.0)
    path.write_bytes(path.read_bytes()[:-1000])
    heard = []
    with pytest.raises(AudioError, match="truncated, 1000 bytes short"):
        heard.extend(windows(path, 4.0, 4.0, 4.0))
    assert len(rows(heard)) > 20
