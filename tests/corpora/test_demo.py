"""The demo corpus: the same bits each time, the shape it promises, audible emotions, a cache that works."""

import csv
import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sernb.corpora import demo, isolated
from sernb.corpora.base import Clip
from sernb.corpora.demo import CORPUS, DemoConfig, cast, make_demo, text_of
from sernb.corpora.espeak import Espeak, EspeakError, Speech
from sernb.labels import EMOTIONS

SMALL = DemoConfig(speakers_per_language=2, sentences=1, languages=("en", "ur"))
MAKE_SMALL = """
import sys
from pathlib import Path
from sernb.corpora import demo
from sernb.corpora.demo import DemoConfig, make_demo
record = demo._record
demo._record = lambda *given: (print("recording", file=sys.stderr), record(*given))
make_demo(DemoConfig(speakers_per_language=2, sentences=1, languages=("en", "ur")), Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(folder=tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def clips(corpus: Path) -> list[Clip]:
    return list(CORPUS.read(corpus))


def start_small(folder: Path, hash_seed: str = "0") -> subprocess.Popen:
    command = [sys.executable, "-c", MAKE_SMALL, str(folder)]
    return subprocess.Popen(command, env=os.environ | {"PYTHONHASHSEED": hash_seed}, stderr=subprocess.PIPE)


def finish(*processes: subprocess.Popen) -> list[bytes]:
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), errors
    return errors


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_processes_make_the_same_files(tmp_path: Path) -> None:
    finish(*(start_small(tmp_path / seed, hash_seed=seed) for seed in ("1", "2")))
    first, second = hashes(tmp_path / "1"), hashes(tmp_path / "2")
    assert len(first) == 2 * 2 * 4 + 1
    assert first == second


def test_what_a_process_made_before_does_not_matter(tmp_path: Path) -> None:
    make_demo(DemoConfig(speakers_per_language=1, sentences=1, languages=("de",), seed=3), tmp_path / "other")
    here = make_demo(SMALL, tmp_path / "here")
    finish(start_small(tmp_path / "there"))
    assert hashes(here.parent) == hashes(tmp_path / "there")


def test_two_processes_may_make_it_at_once(tmp_path: Path) -> None:
    said = finish(start_small(tmp_path), start_small(tmp_path))
    assert len(hashes(tmp_path)) == 2 * 2 * 4 + 1
    assert sorted(b"recording" in errors for errors in said) == [False, True], "only one makes it"
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [make_demo(SMALL, tmp_path).name]


def test_it_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture) -> None:
    monkeypatch.setenv("SERNB_CACHE", str(tmp_path))
    first = make_demo(SMALL)
    assert first.parent == tmp_path
    made = {path: path.stat().st_mtime_ns for path in first.rglob("*")}
    capfd.readouterr()
    assert make_demo(SMALL) == first
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*")} == made
    assert capfd.readouterr() == ("", "")


def test_a_failure_leaves_nothing_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "VOICES", demo.VOICES | {"ur": "nowhere"})
    with pytest.raises(EspeakError, match="no voice 'nowhere'"):
        make_demo(SMALL, tmp_path)
    assert hashes(tmp_path) == {}
    assert not any(path.is_dir() for path in tmp_path.iterdir())


def test_another_seed_is_another_corpus(tmp_path: Path) -> None:
    one = make_demo(DemoConfig(speakers_per_language=1, sentences=6, languages=("en",)), tmp_path)
    two = make_demo(DemoConfig(speakers_per_language=1, sentences=6, languages=("en",), seed=1), tmp_path)
    assert one != two
    assert not {*hashes(one / "en").values()} & {*hashes(two / "en").values()}


def test_every_clip_is_accounted_for(corpus: Path, clips: list[Clip]) -> None:
    assert CORPUS.lies_in(corpus)
    assert all(isinstance(clip, Clip) for clip in clips)
    assert len(clips) == 40 * 4 * 3 == len({clip.path for clip in clips})
    assert set(Counter((clip.speaker, clip.source_label) for clip in clips).values()) == {3}
    assert {clip.source_label for clip in clips} == set(EMOTIONS)
    voices = {(clip.speaker, clip.gender, clip.language) for clip in clips}
    assert len(voices) == 40 == len({clip.speaker for clip in clips})
    assert set(Counter((gender, language) for _, gender, language in voices).values()) == {5}
    assert {clip.language for clip in clips} == set(CORPUS.languages)
    for clip in clips:
        assert clip.path.parent.name == clip.language == clip.speaker[:2]
        assert clip.gender[0] == clip.speaker[3]


def test_words_do_not_tell_the_emotion(clips: list[Clip]) -> None:
    said = {}
    for clip in clips:
        said.setdefault(clip.speaker, {}).setdefault(clip.source_label, set()).add(text_of(clip.path))
    for by_emotion in said.values():
        assert len(set(map(frozenset, by_emotion.values()))) == 1
        assert len(by_emotion["sad"]) == 3


def test_no_two_clips_and_no_two_speakers_are_alike(corpus: Path) -> None:
    assert len(set(hashes(corpus).values())) == 480 + 1
    speakers = cast(DemoConfig(speakers_per_language=40), "bn")
    assert len({(s.variant, round(s.rate), round(s.pitch * 50 / 12), s.level) for s in speakers}) == 40
    assert len({s.name for s in speakers}) == 40


@pytest.mark.parametrize(("share", "men"), [(0.0, 0), (0.5, 10), (0.8, 16), (0.95, 19), (1.0, 20)])
def test_the_gender_dial(tmp_path: Path, share: float, men: int) -> None:
    config = DemoConfig(speakers_per_language=20, sentences=1, male_share=share, languages=("bn",))
    genders = dict((clip.speaker, clip.gender) for clip in CORPUS.read(make_demo(config, tmp_path)))
    assert Counter(genders.values()) == Counter(male=men, female=20 - men)


def test_the_audio(clips: list[Clip]) -> None:
    for clip in clips:
        info = soundfile.info(clip.path)
        assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_16", 16_000, 1)
        assert 0.5 < info.duration < 5
        assert np.abs(soundfile.read(clip.path, dtype="int16")[0].astype(int)).max() < 32_500


def test_emotions_can_be_heard(clips: list[Clip]) -> None:
    for language in CORPUS.languages:
        level, length = ({emotion: [] for emotion in EMOTIONS} for _ in range(2))
        for clip in clips:
            if clip.language == language:
                samples, rate = soundfile.read(clip.path)
                level[clip.source_label].append(10 * np.log10(np.mean(samples**2)))
                length[clip.source_label].append(len(samples) / rate)
        assert np.mean(level["angry"]) > np.mean(level["neutral"]) + 2 > np.mean(level["sad"]) + 4
        assert 1.15 * np.mean(length["angry"]) < np.mean(length["sad"])
        # and yet neighbours overlap
        assert min(level["angry"]) < max(level["happy"])
        assert min(level["neutral"]) < max(level["sad"])


def test_the_text_is_kept(corpus: Path, clips: list[Clip]) -> None:
    with (corpus / demo.SENTENCES_FILE).open(encoding="utf-8", newline="") as file:
        table = {(row["language"], row["number"]): row for row in csv.DictReader(file)}
    assert len(table) == sum(map(len, demo.SENTENCES.values()))
    for clip in clips:
        assert table[clip.language, clip.path.stem[-1]]["text"] == text_of(clip.path)
    assert table["de", "2"]["english"] == "The book is on the table."
    for name in ("03a01Fa.wav", "xx_f01_sad_1.flac", "en_f01_sad_0.flac", "en_f01_sad_9.flac"):
        with pytest.raises(ValueError, match=name):
            text_of(name)


@pytest.mark.parametrize(
    "wrong",
    [
        {"male_share": -0.1},
        {"male_share": 1.1},
        {"male_share": float("nan")},
        {"sentences": 0},
        {"sentences": 7},
        {"speakers_per_language": 0},
        {"languages": ()},
        {"languages": ("en", "en")},
        {"languages": ("fr",)},
    ],
)
def test_impossible_settings(wrong: dict) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is"):
        DemoConfig(**wrong)


def test_espeak_says_what_is_wrong() -> None:
    plain = Speech("Good morning.", "en-us", "m1", rate=170, pitch=50, pitch_range=50)
    with Espeak() as espeak:
        with pytest.raises(EspeakError, match="no voice 'xx'"):
            espeak.say(Speech("Good morning.", "xx", "m1", 170, 50, 50))
        with pytest.raises(EspeakError, match="no variant 'nobody'"):
            espeak.say(Speech("Good morning.", "en-us", "nobody", 170, 50, 50))
        assert 0.3 < len(espeak.say(plain)) / espeak.sampling_rate < 3, "an error must not end it"
        espeak._process.kill()
        with pytest.raises(EspeakError, match="stopped unexpectedly"):
            espeak.say(plain)


def test_a_missing_library_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    # in the child, which is isolated: neither PYTHONPATH nor a folder can hide the library from it
    missing = "import sys; sys.modules['espeakng_loader'] = None; "
    monkeypatch.setattr(isolated, "_START", missing + isolated._START)
    with pytest.raises(EspeakError, match="espeakng_loader.*pip install"):
        Espeak()
