"""Audio made to do harm, or damaged: described in one line, within limits of time and memory."""

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sernb.data.decode import AudioError
from sernb.data.inspection import check_audio
from sernb.speech.audio import load


def encoded(kind: str) -> bytes:
    samples = np.random.default_rng(0).normal(0, 0.1, 2_000)
    buffer = BytesIO()
    soundfile.write(buffer, samples, 16_000, format=kind)
    return buffer.getvalue()


SOUNDS = {kind: encoded(kind) for kind in ("WAV", "FLAC", "AIFF", "OGG", "MP3", "W64", "CAF", "RF64")}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(SOUNDS)),
    changes=st.lists(st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=8)), max_size=6),
    length=st.integers(0, 6_000),
)
@example(kind="WAV", changes=[(24, b"\x00\x00\x00\x00")], length=6_000)  # 0 Hz
@example(kind="WAV", changes=[(22, b"\xff\xff")], length=6_000)  # 65,535 channels
def test_damaged_audio_is_described(tmp_path: Path, kind: str, changes: list[tuple[int, bytes]], length: int):
    data = bytearray(SOUNDS[kind])
    for place, change in changes:
        data[place : place + len(change)] = change
    path = tmp_path / "x.wav"
    path.write_bytes(data[:length])
    found = check_audio(path)
    assert found.problem or found.audio_hash
    assert found.problem or (found.duration_s > 0 and np.isfinite(found.peak))
    quick = check_audio(path, headers_only=True)
    assert quick.problem or quick.duration_s > 0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), suffix=st.sampled_from([".wav", ".mp3", ".flac", ".au", ".ogg", ".m4a"]))
def test_noise_instead_of_audio_is_described(tmp_path: Path, data: bytes, suffix: str):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(data)
    found = check_audio(path)
    assert found.problem or found.audio_hash


@pytest.mark.parametrize("headers_only", [True, False])
def test_a_small_file_that_decodes_to_gigabytes(tmp_path: Path, headers_only: bool):
    path = tmp_path / "x.flac"
    with soundfile.SoundFile(path, "w", 16_000, 8, "PCM_16") as file:  # as 424 kB gave 1 GB
        for _ in range(40):
            file.write(np.zeros((1 << 16, 8), np.int16))
    assert path.stat().st_size < 40_000
    found = check_audio(path, headers_only)
    assert "claims 0.1 GB of samples" in found.problem


@pytest.mark.parametrize("rate", [1, 100, 2_000_000])
def test_rates_of_no_speech(tmp_path: Path, rate: int):
    soundfile.write(tmp_path / "x.wav", np.zeros(100), rate)
    assert check_audio(tmp_path / "x.wav").problem.startswith(f"a sampling rate of {rate} Hz")


@pytest.mark.parametrize("kind", ["fifo", "device", "folder"])
def test_a_model_is_given_regular_files_only(tmp_path: Path, kind: str):
    path = tmp_path / "\x1b[2J.wav"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(AudioError, match="not a regular file") as caught:
        load(path)
    assert str(caught.value).isprintable()
