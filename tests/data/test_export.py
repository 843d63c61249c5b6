"""What is exported is read back by the library it is meant for."""

import sys
from pathlib import Path
from types import ModuleType

import audformat
import datasets
import pandas as pd
import pytest
import soundfile

from sernb.data.export import EXPORTERS, export_audformat, export_audiofolder
from sernb.data.manifest import harmonize


@pytest.fixture
def manifest(tmp_path: Path, noise) -> pd.DataFrame:
    folder = tmp_path / "corpora" / "train and test"  # names the datasets library would make splits from
    for name in ("test/ایک.wav", "train/b.FLAC", "c.wav"):
        noise(folder / name)
    (folder / "corpus.csv").write_text(
        "path,speaker,gender,emotion,language,split,activation\n"
        "test/ایک.wav,=cmd(),female,anger,ur,test,2.5\n"
        "train/b.FLAC,<b>b</b>,,bored,ur,,\n"
        "c.wav,-1,male,happy,xx,train,-1.5\n",
        encoding="utf-8",
    )
    return harmonize(tmp_path / "corpora", progress=False).manifest


def test_audformat_reads_it_back(tmp_path: Path, manifest: pd.DataFrame):
    out = tmp_path / "db"
    export_audformat(manifest, out, progress=False)
    db = audformat.Database.load(str(out))
    table = db["utterances"].get()
    assert db.languages == ["urd"]
    assert len(table) == len(manifest) == 3
    for name in (
        "utterance_id",
        "speaker",
        "gender",
        "emotion",
        "source_label",
        "split",
        "duration_s",
        "activation",
        "fold",
    ):
        expected = manifest[name].astype(object).where(manifest[name].notna(), None).tolist()
        assert table[name].astype(object).where(table[name].notna(), None).tolist() == expected, name
    for file, original in zip(table.index, manifest["path"], strict=True):
        assert (out / file).read_bytes() == Path(original).read_bytes()


def test_datasets_reads_it_back(tmp_path: Path, manifest: pd.DataFrame, monkeypatch):
    # the library imports torchcodec's encoder (which needs FFmpeg) before it sees that files need no encoding
    encoders = ModuleType("torchcodec.encoders")
    encoders.AudioEncoder = None
    monkeypatch.setitem(sys.modules, "torchcodec", ModuleType("torchcodec"))
    monkeypatch.setitem(sys.modules, "torchcodec.encoders", encoders)
    out = tmp_path / "hf"
    export_audiofolder(manifest, out, progress=False)
    loaded = datasets.load_dataset("audiofolder", data_dir=str(out), cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == ["train"]  # one table: no splits were guessed from names
    rows = {row["utterance_id"]: row for row in loaded["train"].cast_column("audio", datasets.Audio(decode=False))}
    assert len(rows) == 3
    for expected in manifest.astype(object).where(manifest.notna(), None).to_dict("records"):
        row = rows[expected["utterance_id"]]
        assert Path(row["audio"]["path"]).read_bytes() == Path(expected["path"]).read_bytes()
        for name in ("emotion", "gender", "source_label", "language", "split", "duration_s", "activation", "fold"):
            assert row[name] == expected[name], name


def test_no_cell_is_a_formula(tmp_path: Path, manifest: pd.DataFrame):
    manifest["speaker"] = ["=cmd()", "@sum", "-1"]
    manifest["source_label"] = ["+1", "plain", "\tx"]
    export_audiofolder(manifest, tmp_path / "hf", progress=False)
    written = pd.read_csv(tmp_path / "hf" / "metadata.csv", dtype=str)
    assert written["speaker"].tolist() == ["'=cmd()", "'@sum", "'-1"]
    assert written["source_label"].tolist() == ["'+1", "plain", "'\tx"]
    assert written["activation"].dropna().tolist() == ["2.5", "-1.5"]  # numbers stay numbers


@pytest.mark.parametrize("name", EXPORTERS)
def test_export_is_a_corpus_again(tmp_path: Path, manifest: pd.DataFrame, name: str):
    EXPORTERS[name](manifest, tmp_path / "again" / "mine", progress=False)
    again = harmonize(tmp_path / "again", progress=False).manifest
    assert sorted(again["audio_hash"]) == sorted(manifest["audio_hash"])
    assert again["emotion"].value_counts().to_dict() == manifest["emotion"].value_counts().to_dict()
    assert again["speaker"].nunique() == 3
    assert soundfile.info(again["path"].iloc[0]).samplerate == 16_000


@pytest.mark.parametrize("name", EXPORTERS)
def test_nothing_is_overwritten(tmp_path: Path, manifest: pd.DataFrame, name: str):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not empty"):
        EXPORTERS[name](manifest, tmp_path / "full", progress=False)
