"""Odd audio is read right, broken audio is described, and what was found is remembered."""

import itertools
import os
import struct
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from sernb.data import decode, inspection
from sernb.data.files import read_table  # by one handle: pandas opens a path twice, and meets two files
from sernb.data.inspection import check_all, check_audio
from sernb.data.manifest import Rules, harmonize

RATE = 16_000


def tone(seconds: float = 1.0, rate: int = RATE, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * 200 * np.arange(round(seconds * rate)) / rate)


ODD = {
    "8 kHz": ("wav", 8_000, {}),
    "24,414 Hz": ("wav", 24_414, {}),
    "96 kHz": ("wav", 96_000, {}),
    "unsigned 8 bit": ("wav", RATE, {"subtype": "PCM_U8"}),
    "24 bit": ("wav", RATE, {"subtype": "PCM_24"}),
    "32 bit": ("wav", RATE, {"subtype": "PCM_32"}),
    "float": ("wav", RATE, {"subtype": "FLOAT"}),
    "double": ("wav", RATE, {"subtype": "DOUBLE"}),
    "mu-law": ("wav", RATE, {"subtype": "ULAW"}),
    "extensible header": ("wav", RATE, {"format": "WAVEX"}),
    "AIFF inside .wav": ("wav", RATE, {"format": "AIFF"}),
    "FLAC inside .wav": ("wav", RATE, {"format": "FLAC"}),
    "upper case": ("WAV", RATE, {"format": "WAV"}),
    "flac": ("flac", RATE, {"format": "FLAC"}),
    "ogg": ("ogg", RATE, {"format": "OGG"}),
    "opus": ("opus", 48_000, {"format": "OGG", "subtype": "OPUS"}),
    "mp3": ("mp3", RATE, {"format": "MP3"}),
    "aiff": ("aiff", 192_000, {"format": "AIFF", "subtype": "PCM_24"}),
}


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("channels", [1, 2])
def test_odd_audio_is_read_right(tmp_path: Path, what: str, channels: int):
    suffix, rate, options = ODD[what]
    path = tmp_path / f"آواز {what}.{suffix}"
    with path.open("wb") as file:
        soundfile.write(file, np.stack([tone(rate=rate)] * channels, axis=1), rate, **{"format": "WAV", **options})
    found = check_audio(path)
    assert found.problem is None
    assert (found.sample_rate, found.channels) == (rate, channels)
    assert found.duration_s == pytest.approx(1, abs=0.1 if suffix == "mp3" else 0.001)
    assert found.peak == pytest.approx(0.5, abs=0.3 if suffix == "opus" else 0.03)  # a lossy codec overshoots
    assert found.rms == pytest.approx(0.5 / np.sqrt(2), abs=0.03)
    assert found.clipped == 0
    quick = check_audio(path, headers_only=True)
    assert (quick.sample_rate, quick.channels) == (rate, channels)
    assert quick.duration_s == pytest.approx(found.duration_s, abs=0.1)


def test_same_sound_has_one_hash_in_any_lossless_file(tmp_path: Path):
    for name in ("a.wav", "b.flac", "c.aiff"):
        soundfile.write(tmp_path / name, (30_000 * tone()).astype(np.int16), RATE)
    soundfile.write(tmp_path / "d.wav", (30_000 * tone()).astype(np.int16), RATE * 2)
    hashes = [check_audio(tmp_path / name).audio_hash for name in ("a.wav", "b.flac", "c.aiff", "d.wav")]
    assert len(set(hashes[:3])) == 1
    assert hashes[3] != hashes[0]


def wav(samples: np.ndarray, subtype: str = "PCM_16") -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, samples, RATE, format="WAV", subtype=subtype)
    return buffer.getvalue()


def flac_claiming(frames: int) -> bytes:
    """A FLAC of a second whose header claims another number of samples (36 bits, from bit 4 of byte 21)."""
    buffer = BytesIO()
    soundfile.write(buffer, tone(), RATE, format="FLAC")
    data = bytearray(buffer.getvalue())
    data[21] = data[21] & 0xF0 | frames >> 32
    data[22:26] = struct.pack(">I", frames & 0xFFFFFFFF)
    return bytes(data)


BROKEN = {
    "empty": (b"", "empty file"),
    "text": (b"this is no audio at all, whatever the name says" * 10, "cannot be read as audio"),
    "only a header": (wav(tone())[:44], "truncated|no samples"),
    "truncated": (wav(tone())[:20_000], "truncated"),
    "truncated flac": (flac_claiming(RATE * 5), "truncated"),
    "flac cut in two": (flac_claiming(RATE)[:2_000], "truncated"),
    "no samples": (wav(np.zeros(0)), "no samples"),
    "NaN": (wav(np.r_[tone(), np.nan], "FLOAT"), "not numbers"),
    "infinity": (wav(np.r_[tone(), -np.inf], "FLOAT"), "not numbers"),
    "silence": (wav(np.zeros(RATE)), "silent"),
    "whisper of a dither": (wav(tone(level=0.0005)), "silent"),
    "clipped": (wav(np.clip(5 * tone(), -1, 1)), "clipped"),
    "too short": (wav(tone(0.4)), "shorter than 0.5 s"),
    "too long": (wav(tone(12.1)), "longer than 12 s"),
    "10 GB claimed": (flac_claiming(2_500_000_000), "claims 10.0 GB"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_audio_is_a_row_with_its_reason(tmp_path: Path, what: str):
    data, reason = BROKEN[what]
    lines = ["path,speaker,emotion"]
    for name, content in (("good", wav(tone())), ("bad", data)):
        (tmp_path / f"{name}.wav").write_bytes(content)
        lines.append(f"{name}.wav,1,sad")
    (tmp_path / "corpus.csv").write_text("\n".join(lines))
    result = harmonize(tmp_path, progress=False)
    assert list(result.manifest["path"]) == [str(tmp_path / "good.wav")]
    assert pd.Series(result.rejected["reason"]).str.contains(reason).all(), result.rejected["reason"].item()
    assert result.rejected["source_label"].item() == "sad"


# sizes of the file and of its samples, as ffmpeg, GStreamer and SoX write them to a pipe
@pytest.mark.parametrize(("riff", "size"), [(None, 0xFFFFFFFF), (0, 0), (36, 0), (0xFFFFFFFF, 0), (None, 0x7FFFF000)])
def test_streamed_wav_without_a_size_is_whole(tmp_path: Path, riff: int | None, size: int):
    data = bytearray(wav(tone()))
    data[40:44] = struct.pack("<I", size)
    if riff is not None:
        data[4:8] = struct.pack("<I", riff)
    (tmp_path / "piped.wav").write_bytes(data)
    for headers_only in (False, True):
        found = check_audio(tmp_path / "piped.wav", headers_only)
        assert found.problem is None
        assert found.duration_s == pytest.approx(1)


def test_what_follows_no_samples_is_not_taken_for_them(tmp_path: Path):
    data = bytearray(wav(np.zeros(0)) + b"LIST" + struct.pack("<I", 4000) + b"\x55" * 4000)
    data[4:8] = struct.pack("<I", len(data) - 8)
    (tmp_path / "empty.wav").write_bytes(data)
    assert "holds no samples" in check_audio(tmp_path / "empty.wav").problem


@pytest.mark.parametrize("headers_only", [False, True])
def test_streamed_flac_of_unknown_length_is_whole(tmp_path: Path, headers_only: bool):
    (tmp_path / "piped.flac").write_bytes(flac_claiming(0))
    found = check_audio(tmp_path / "piped.flac", headers_only)
    assert (found.problem, found.duration_s) == (None, 1.0)


def test_flac_of_unknown_length_is_read_no_further_than_its_size_allows(tmp_path: Path, monkeypatch):
    (tmp_path / "piped.flac").write_bytes(flac_claiming(0))
    monkeypatch.setattr("sernb.data.decode.EXPANSION_FLOOR", 1_000)
    monkeypatch.setattr("sernb.data.decode.MAX_EXPANSION", 1)
    assert "GB of samples" in check_audio(tmp_path / "piped.flac").problem


def test_codec_that_cannot_be_sought_in_is_read(tmp_path: Path):
    soundfile.write(tmp_path / "gsm.wav", tone(), 8_000, format="WAV", subtype="GSM610")
    found = check_audio(tmp_path / "gsm.wav")
    assert found.problem is None
    assert found.duration_s == pytest.approx(RATE / 8_000, abs=0.05)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_cut_ogg_is_told(tmp_path: Path, subtype: str):
    soundfile.write(tmp_path / "a.ogg", tone(8), RATE, format="OGG", subtype=subtype)
    assert check_audio(tmp_path / "a.ogg").problem is None
    data = (tmp_path / "a.ogg").read_bytes()
    (tmp_path / "within.ogg").write_bytes(data[: len(data) * 2 // 3])
    (tmp_path / "between.ogg").write_bytes(data[: data.rindex(b"OggS")])
    for name in ("within", "between"):
        assert "truncated, its last Ogg page" in check_audio(tmp_path / f"{name}.ogg").problem


def test_fault_nobody_has_met_refuses_its_file_only(tmp_path: Path, noise, monkeypatch):
    def read(path):
        if "odd" in path:
            raise RuntimeError("never seen")
        return decode.decode(path)

    monkeypatch.setattr("sernb.data.inspection.decode", read)
    found = check_all([noise(tmp_path / "odd.wav"), noise(tmp_path / "good.wav")], progress=False)
    assert "RuntimeError: never seen" in found["problem"][0]
    assert found["problem"].isna().tolist() == [False, True]


def test_rules_can_be_named(tmp_path: Path):
    (tmp_path / "a.wav").write_bytes(wav(tone(0.4)))
    (tmp_path / "corpus.csv").write_text("path,speaker\na.wav,1\n")
    assert len(harmonize(tmp_path, Rules(min_duration_s=0.3), progress=False).manifest) == 1


def test_missing_and_special_files_are_described(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.wav")  # opening it would wait for ever
    (tmp_path / "folder.wav").mkdir()
    found = check_all([tmp_path / "none.wav", tmp_path / "pipe.wav", tmp_path / "folder.wav"], progress=False)
    assert list(found["problem"]) == ["no such file", *["not a regular file; give an audio file"] * 2]


@pytest.fixture
def files(tmp_path: Path, noise) -> list[Path]:
    return [noise(tmp_path / "audio" / f"{number}.wav") for number in range(6)]


def test_unchanged_files_are_not_opened_again(tmp_path: Path, files: list[Path], monkeypatch):
    cache = tmp_path / "checks.parquet"
    first = check_all(files, cache, progress=False)
    soundfile.write(files[2], tone(2), RATE)
    opened = []
    monkeypatch.setattr(inspection, "decode", lambda path: opened.append(path) or decode.decode(path))
    second = check_all(files[::-1], cache, progress=False)
    assert opened == [str(files[2])]
    assert list(second["path"]) == list(map(str, files[::-1]))
    assert second["duration_s"].tolist() == [1, 1, 1, 2, 1, 1]
    unchanged = second["path"] != str(files[2])
    pd.testing.assert_frame_equal(
        second[unchanged][::-1].reset_index(drop=True), first.drop(index=2).reset_index(drop=True)
    )


def test_interrupted_run_goes_on_where_it_was(tmp_path: Path, files: list[Path], monkeypatch):
    cache = tmp_path / "checks.parquet"

    def until_the_last(path):
        if path == str(files[-1]):
            raise KeyboardInterrupt
        return decode.decode(path)

    monkeypatch.setattr(inspection, "decode", until_the_last)
    with pytest.raises(KeyboardInterrupt):
        check_all(files, cache, progress=False)
    opened = []
    monkeypatch.setattr(inspection, "decode", lambda path: opened.append(path) or decode.decode(path))
    assert check_all(files, cache, progress=False)["problem"].isna().all()
    assert opened == [str(files[-1])]


def test_cache_is_written_while_the_work_goes_on(tmp_path: Path, files: list[Path], monkeypatch):
    cache = tmp_path / "checks.parquet"
    clock = itertools.count()
    monkeypatch.setattr(inspection, "monotonic", lambda: 100 ** next(clock))  # every file seems to take very long
    saw = []

    def look_at_the_cache(path):
        for _ in range(3000 if path == str(files[-1]) else 0):  # a minute at most, on a busy machine
            if cache.exists() and len(kept := read_table(cache)) >= 4:
                saw.append(len(kept))
                break
            time.sleep(0.02)
        return decode.decode(path)

    monkeypatch.setattr(inspection, "decode", look_at_the_cache)
    check_all(files, cache, progress=False)
    assert saw and saw[0] < len(files)


def test_headers_do_not_stand_in_for_samples(tmp_path: Path, files: list[Path]):
    cache = tmp_path / "checks.parquet"
    assert check_all(files, cache, progress=False, headers_only=True)["audio_hash"].isna().all()
    assert check_all(files, cache, progress=False)["audio_hash"].notna().all()
    assert check_all(files, cache, progress=False, headers_only=True)["audio_hash"].notna().all()  # known better now


@pytest.mark.parametrize("damage", [b"", b"PAR1 broken"])
def test_unreadable_cache_is_told_and_made_anew(tmp_path: Path, files: list[Path], damage: bytes):
    cache = tmp_path / "checks.parquet"
    cache.write_bytes(damage)
    with pytest.warns(UserWarning, match="checked again"):
        assert check_all(files, cache, progress=False)["problem"].isna().all()
    assert len(pd.read_parquet(cache)) == 6


def test_cache_of_another_version_is_not_used(tmp_path: Path, files: list[Path]):
    cache = tmp_path / "checks.parquet"
    check_all(files, cache, progress=False).drop(columns="clipped").to_parquet(cache)
    assert check_all(files, cache, progress=False)["clipped"].notna().all()


def test_nothing_to_check(tmp_path: Path):
    assert len(check_all([], tmp_path / "checks.parquet", progress=False)) == 0
