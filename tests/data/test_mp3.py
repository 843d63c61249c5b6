"""MP3 as Common Voice, phones and encoders write it: whole files are read, files cut short are told if possible."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sernb.data.decode import decode, decode_blocks
from sernb.data.inspection import check_audio

SECONDS = 3
PICTURE = bytes(range(256)) * 800  # 200 kB, with everything in it that looks like a frame


def mp3(rate: int = 32_000, channels: int = 1, mode: str = "CONSTANT") -> bytes:
    """Speech-like noise as libsndfile's LAME writes it: first a frame with a Xing or Info tag that counts."""
    samples = np.random.default_rng(0).normal(0, 0.1, (SECONDS * rate, channels))
    samples *= 1 + np.sin(np.arange(len(samples)) / rate * 20)[:, None]
    buffer = BytesIO()
    soundfile.write(buffer, samples, rate, format="MP3", bitrate_mode=mode, compression_level=0.5)
    return buffer.getvalue()


def without_count(data: bytes) -> bytes:
    """Without the tag: as a program writes that streams, Common Voice's among them."""
    tag = max(data.find(b"Info"), data.find(b"Xing"))
    start = data.rfind(b"\xff", 0, tag)
    return data[data.find(data[start : start + 2], tag) :]


def id3v2(data: bytes) -> bytes:
    size = [len(PICTURE) >> 7 * place & 0x7F for place in (3, 2, 1, 0)]
    return b"ID3\x03\0\0" + bytes(size) + PICTURE + data


def id3v1(data: bytes) -> bytes:
    return data + b"TAG" + bytes(125)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("mode", ["CONSTANT", "AVERAGE", "VARIABLE"])
def test_every_rate_and_mode(tmp_path: Path, rate: int, channels: int, mode: str):
    (tmp_path / "a.mp3").write_bytes(mp3(rate, channels, mode))
    found = check_audio(tmp_path / "a.mp3")
    assert (found.problem, found.sample_rate, found.channels) == (None, rate, channels)
    assert found.duration_s == pytest.approx(SECONDS, abs=0.2)


@pytest.mark.parametrize("wrap", [id3v1, id3v2, lambda data: id3v1(id3v2(data))])
@pytest.mark.parametrize("strip", [bytes, without_count])
def test_tags_and_cover_art_are_no_sound(tmp_path: Path, wrap, strip):
    (tmp_path / "a.mp3").write_bytes(wrap(strip(mp3())))
    found = check_audio(tmp_path / "a.mp3")
    assert found.problem is None
    assert found.duration_s == pytest.approx(SECONDS, abs=0.2)


@pytest.mark.parametrize("wrap", [bytes, id3v2])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_file_cut_short_is_told_where_its_frames_are_counted(tmp_path: Path, wrap, mode: str):
    data = mp3(mode=mode)
    (tmp_path / "a.mp3").write_bytes(wrap(data[: len(data) // 2]))
    assert "truncated" in check_audio(tmp_path / "a.mp3").problem


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_frames_of_any_size_without_a_count_are_all_read(tmp_path: Path, rate: int, mode: str):
    (tmp_path / "a.mp3").write_bytes(id3v2(without_count(mp3(rate, mode=mode))))
    found, header = check_audio(tmp_path / "a.mp3"), check_audio(tmp_path / "a.mp3", headers_only=True)
    assert found.problem is None
    assert found.duration_s == pytest.approx(SECONDS, abs=0.2)
    assert header.duration_s == pytest.approx(found.duration_s, abs=0.05)


def test_file_without_a_count_is_cut_short_where_it_ends_within_a_frame(tmp_path: Path):
    (tmp_path / "a.mp3").write_bytes(without_count(mp3())[:-20])
    assert "ends within an MPEG frame" in check_audio(tmp_path / "a.mp3").problem
    assert "ends within an MPEG frame" in check_audio(tmp_path / "a.mp3", headers_only=True).problem


def test_zeros_of_a_download_that_stopped_are_told(tmp_path: Path):
    (tmp_path / "a.mp3").write_bytes(without_count(mp3()) + bytes(5000))
    assert check_audio(tmp_path / "a.mp3").problem.startswith("damaged MP3")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("phone.m4a", b"\0\0\0\x1cftypM4A \0\0\2\0", "MP4 or M4A"),
        ("misnamed.mp3", b"\0\0\0\x1cftypisom\0\0\2\0", "MP4 or M4A"),
        ("browser.webm", b"\x1aE\xdf\xa3\x9f\x42\x86\x81\x01", "WebM"),
        ("old.wma", b"0&\xb2u\x8ef\xcf\x11", "Windows Media"),
        ("phone.amr", b"#!AMR\n", "AMR"),
        ("stream.aac", b"\xff\xf1\x50\x80", "raw AAC"),
    ],
)
def test_formats_that_cannot_be_read_are_named(tmp_path: Path, name: str, data: bytes, said: str):
    (tmp_path / name).write_bytes(data + bytes(2000))
    problem = check_audio(tmp_path / name).problem
    assert problem.startswith(said)
    assert "ffmpeg -i" in problem


def test_real_common_voice(real):
    clips = real[0].manifest[real[0].manifest["corpus"] == "commonvoice"]
    assert clips.groupby("language").size().to_dict() == {"ur": 580, "de": 100}
    assert clips.groupby("language")["speaker"].nunique().to_dict() == {"ur": 25, "de": 84}


def blocks_and_whole(path: Path) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([samples for samples, _ in decode_blocks(path, 0.7)]), decode(path)[0]


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050])
def test_blocks_are_what_the_whole_file_is(noise, tmp_path, rate):
    """Frames of these rates hold bits of later ones, which a decoder that was sought in has thrown away."""
    for number in range(8):
        blocks, whole = blocks_and_whole(noise(tmp_path / f"{number}.mp3", 4.0, rate))
        np.testing.assert_array_equal(blocks, whole)


def test_blocks_of_real_recordings_are_what_the_whole_files_are(corpora_dir):
    paths = sorted(corpora_dir.rglob("*.mp3"))[::100]
    for path in paths:
        blocks, whole = blocks_and_whole(path)
        np.testing.assert_array_equal(blocks, whole, err_msg=str(path))
    assert len(paths) > 10
