"""Other libraries read what `predict` writes."""

import audformat
import numpy as np
import pytest
import torch

from sernb.commands.predict import Format, predict
from sernb.evaluation.exchange import save_audformat
from sernb.evaluation.hf_datasets import label_dataset
from sernb.evaluation.inference import predict as listen
from sernb.labels import PROBABILITIES
from sernb.models.classifier import EmotionClassifier
from sernb.models.ensemble import Ensemble
from sernb.models.whisper import WhisperEncoder


@pytest.fixture
def model(tmp_path):
    EmotionClassifier(WhisperEncoder("random-1x32", 2.0)).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def test_audformat_reads_files_and_windows(model, noise, tmp_path):
    files = [str(noise(tmp_path / "a.wav", 5.0)), str(tmp_path / "missing.wav")]
    found = listen(Ensemble.load(model, torch.device("cpu")), [*files, files[0]])
    save_audformat(found, "mine", tmp_path / "db")
    db = audformat.Database.load(str(tmp_path / "db"))
    table = db["files"].get()
    assert list(table.index) == files and table["label"].notna().tolist() == [True, False]
    assert table["problem"].iloc[1] == "no such file" and db.raters["model"].description == "mine"
    windows = db["windows"].get()
    starts = windows.index.get_level_values("start").total_seconds()
    assert list(starts) == [0, 2, 4]
    np.testing.assert_allclose(windows[PROBABILITIES].astype(float), found.windows[PROBABILITIES][:3], rtol=1e-6)


def test_datasets_reads_the_parquet_tables(model, noise, tmp_path):
    datasets = pytest.importorskip("datasets")
    predict(model, [str(noise(tmp_path / "a.wav", 5.0))], Format.parquet, out=tmp_path / "out")
    read = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "out" / "windows.parquet"), split="train", cache_dir=str(tmp_path / "c")
    )
    assert read.num_rows == 3 and set(PROBABILITIES) <= set(read.column_names)


def test_a_dataset_comes_back_with_labels(model, noise, tmp_path):
    datasets = pytest.importorskip("datasets")
    one, other = noise(tmp_path / "a.wav", 3.0), noise(tmp_path / "b.wav", 1.0)
    rows = [{"bytes": one.read_bytes(), "path": "x.wav"}, {"bytes": None, "path": str(other)}]
    rows += [{"bytes": b"no audio", "path": None}, None]
    given = datasets.Dataset.from_dict({"speech": rows, "label": list("abcd")})
    given = given.cast_column("speech", datasets.Audio(16_000))
    heard = Ensemble.load(model, torch.device("cpu"))
    found = label_dataset(heard, given, "speech", step=1.0)
    files = listen(heard, [one, other], step=1.0).files
    assert isinstance(found, datasets.Dataset) and found["label"][:] == list("abcd")
    assert found["predicted"][:] == [*files["label"], None, None]
    np.testing.assert_allclose(found["p_sad"][:2], files["p_sad"])
    assert found["problem"][:2] == [None, None] and "cannot be read" in found["problem"][2]
    with pytest.raises(ValueError, match="no column of audio"):
        label_dataset(heard, given)
    with pytest.raises(ValueError, match="predicted.* already"):
        label_dataset(heard, found, "speech")
