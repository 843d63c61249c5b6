"""MSP-Podcast on a small tree: consensus labels, official splits, speakers nobody named."""

from pathlib import Path

import pytest

from sernb.data.audit import audit
from sernb.data.manifest import harmonize

LABELS = """FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set
MSP-PODCAST_0001_0008.wav,N,4.8,5.2,5.4,127,Male,Train
MSP-PODCAST_0001_0019.wav,A,5.8,2.2,5.6,Unknown,Unknown,Train
MSP-PODCAST_0002_0033.wav,H,5.0,6.0,4.6,33,Female,Development
MSP-PODCAST_0003_0035.wav,S,2.2,2.0,3.4,8,Female,Test1
MSP-PODCAST_0004_0036.wav,X,4.2,4.0,4.4,Unknown,Unknown,Test2
MSP-PODCAST_0004_0039.wav,Q,4.2,4.0,4.4,Unknown,Unknown,Test2
MSP-PODCAST_0004_0040.wav,N,4.2,4.0,4.4,Unknown,Unknown,Test2
"""
PARTITIONS = "Train; MSP-PODCAST_0001_0008.wav\nTest3; MSP-PODCAST_test3_0001.wav\n"


@pytest.fixture
def corpus(tmp_path: Path, noise) -> Path:
    folder = tmp_path / "MSP-PODCAST-Publish-1.11"
    for name in (
        "0001_0008",
        "0001_0019",
        "0002_0033",
        "0003_0035",
        "0004_0036",
        "0004_0039",
        "test3_0001",
        "0009_0001",
    ):
        noise(folder / "Audios" / f"MSP-PODCAST_{name}.wav")
    (folder / "Labels").mkdir()
    (folder / "Labels" / "labels_consensus.csv").write_text(LABELS)
    (folder / "Partitions.txt").write_text(PARTITIONS)
    return tmp_path


def test_labels_splits_and_ratings(corpus: Path):
    rows = harmonize(corpus, progress=False).manifest
    rows = rows.set_index(rows["path"].map(lambda path: Path(path).stem.removeprefix("MSP-PODCAST_")))
    assert rows["split"].to_dict() == {
        "0001_0008": "train",
        "0001_0019": "train",
        "0002_0033": "validation",
        "0003_0035": "test1",
        "0004_0036": "test2",
        "test3_0001": "test3",
    }
    assert rows["emotion"].dropna().to_dict() == {
        "0001_0008": "neutral",
        "0001_0019": "angry",
        "0002_0033": "happy",
        "0003_0035": "sad",
    }
    assert tuple(rows.loc["0001_0008", ["activation", "valence", "dominance"]]) == (4.8, 5.2, 5.4)


def test_unknown_speakers_are_grouped_by_recording(corpus: Path):
    manifest = harmonize(corpus, progress=False).manifest
    assert set(manifest["speaker"]) == {
        f"msppodcast/{name}" for name in ("127", "33", "8", "unknown-0001", "unknown-0004", "unknown-test3")
    }
    assert manifest.loc[manifest["speaker"] == "msppodcast/unknown-0001", "gender"].isna().all()
    assert audit(manifest).leaks == []


def test_nothing_is_lost(corpus: Path):
    result = harmonize(corpus, progress=False)
    reasons = {
        Path(path).stem[12:]: reason
        for path, reason in zip(result.rejected["path"], result.rejected["reason"], strict=True)
    }
    assert reasons == {
        "0004_0039": "unknown emotion code 'Q'",
        "0004_0040": "listed, but missing",
        "0009_0001": "there, but not listed in labels_consensus.csv",
    }
    assert len(result.manifest) + len(result.rejected) == 9


@pytest.mark.parametrize("damage", ["no,such,columns\n1,2,3\n", "", "\x00\x01"])
def test_unusable_labels_reject_every_file(corpus: Path, damage: str):
    next(corpus.rglob("labels_consensus.csv")).write_text(damage)
    result = harmonize(corpus, progress=False)
    assert len(result.manifest) == 0
    assert len(result.rejected) == 8
    assert result.rejected["reason"].str.contains("labels_consensus.csv").all()
