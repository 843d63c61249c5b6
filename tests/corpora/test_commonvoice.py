"""Common Voice on a small tree: whose clip, which split, how long."""

from pathlib import Path

import pytest

from sernb.data.manifest import harmonize

HEADER = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccents\tlocale\tsegment\n"


def row(client: str, name: str, gender: str = "", locale: str = "ur") -> str:
    return f'{client}\t{name}\tکہا "ہاں\t2\t0\t\t{gender}\t\t{locale}\t\n'


@pytest.fixture
def corpus(tmp_path: Path, noise) -> Path:
    folder = tmp_path / "cv-corpus-17.0-2024-03-15" / "ur"
    for number in range(1, 8):
        noise(folder / "clips" / f"common_voice_ur_{number}.mp3")
    tables = {
        "train": row("a1", "common_voice_ur_1.mp3", "female_feminine") + row("a1", "common_voice_ur_2.mp3", "female"),
        "dev": row("b2", "common_voice_ur_3.mp3", "male_masculine"),
        "test": row("c3", "common_voice_ur_4.mp3", "non-binary"),
        "validated": row("a1", "common_voice_ur_1.mp3", "female_feminine") + row("d4", "common_voice_ur_5.mp3", "male"),
        "other": row("e5", "common_voice_ur_6.mp3") + row("e5", "common_voice_ur_99.mp3"),
        "invalidated": row("f6", "common_voice_ur_7.mp3"),
    }
    for name, text in tables.items():
        (folder / f"{name}.tsv").write_text(HEADER + text, encoding="utf-8")
    noise(folder / "clips" / "stray.mp3")
    return tmp_path


def test_speakers_genders_splits(corpus: Path):
    rows = harmonize(corpus, progress=False).manifest
    rows = rows.set_index(rows["path"].map(lambda path: Path(path).stem.removeprefix("common_voice_ur_")))
    assert rows["speaker"].str.removeprefix("commonvoice/").to_dict() == {
        "1": "a1", "2": "a1", "3": "b2", "4": "c3", "5": "d4", "6": "e5",
    }  # fmt: skip
    assert rows["gender"].dropna().to_dict() == {"1": "female", "2": "female", "3": "male", "5": "male"}
    assert rows["split"].dropna().to_dict() == {"1": "train", "2": "train", "3": "validation", "4": "test"}
    assert set(rows["language"]) == {"ur"}
    assert rows["emotion"].isna().all()


def test_nothing_is_lost(corpus: Path):
    result = harmonize(corpus, progress=False)
    reasons = {
        Path(path).stem: reason for path, reason in zip(result.rejected["path"], result.rejected["reason"], strict=True)
    }
    assert reasons == {
        "common_voice_ur_7": "refused by the corpus's listeners (invalidated.tsv)",
        "common_voice_ur_99": "listed, but missing",
        "stray": "there, but not listed in any table",
    }
    assert len(result.manifest) + len(result.rejected) == 9


def test_stated_durations_are_for_headers_only_runs(corpus: Path):
    folder = corpus / "cv-corpus-17.0-2024-03-15" / "ur"
    (folder / "clip_durations.tsv").write_text(
        "clip\tduration[ms]\ncommon_voice_ur_1.mp3\t4500\ncommon_voice_ur_2.mp3\t90000\n"
    )
    quick = harmonize(corpus, progress=False, headers_only=True)
    seconds = dict(zip(quick.manifest["utterance_id"], quick.manifest["duration_s"], strict=True))
    assert seconds["commonvoice/clips/common_voice_ur_1"] == 4.5  # not opened
    assert seconds["commonvoice/clips/common_voice_ur_3"] == pytest.approx(1.0, abs=0.1)  # its header
    assert seconds["commonvoice/clips/common_voice_ur_2"] == 90.0  # speech without a label is never too long
    assert quick.manifest["audio_hash"].isna().all()
    heard = harmonize(corpus, progress=False).manifest
    assert heard["duration_s"].max() < 1.2
    assert heard["audio_hash"].notna().all()


def test_another_language_and_its_locale(tmp_path: Path, noise):
    folder = tmp_path / "zh-CN"
    noise(folder / "clips" / "x.mp3")
    (folder / "validated.tsv").write_text(HEADER + row("a", "x.mp3", locale="zh-CN"), encoding="utf-8")
    assert harmonize(tmp_path, progress=False).manifest["language"].item() == "zh"


def test_clips_converted_under_their_stems_are_found(corpus: Path, noise):
    clips = next(corpus.rglob("clips"))
    for number in range(1, 8):
        (clips / f"common_voice_ur_{number}.mp3").unlink()
        noise(clips / f"common_voice_ur_{number}.wav")
    result = harmonize(corpus, progress=False)
    assert sorted(Path(path).name for path in result.manifest["path"]) == [
        f"common_voice_ur_{number}.wav" for number in range(1, 7)
    ]
    assert {Path(path).stem for path in result.rejected["path"]} == {"common_voice_ur_7", "common_voice_ur_99", "stray"}
