"""sernb predict and sernb run from the command line."""

import io
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile

from sernb.commands.learn import fields
from sernb.labels import EMOTIONS
from sernb.models import EmotionClassifier, WhisperEncoder


def sernb(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from sernb.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    EmotionClassifier(WhisperEncoder("random-1x32")).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("audio") / "a clip.wav"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.1, 0.1, 12_000), 8_000)
    return path


def test_predict_prints_csv(model, clip):
    done = sernb("predict", model, clip, clip)
    table = pd.read_csv(io.StringIO(done.stdout))
    assert done.returncode == 0 and list(table["file"]) == [str(clip)] * 2
    shares = table[[f"p_{emotion}" for emotion in EMOTIONS]]
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    assert table["label"][0] == EMOTIONS[shares.iloc[0].argmax()]


def test_predict_prints_json_and_reports_what_it_cannot_read(model, clip, tmp_path):
    (tmp_path / "broken.wav").write_text("no audio")
    done = sernb("predict", model, tmp_path / "broken.wav", clip, "--format", "json")
    assert [row["file"] for row in json.loads(done.stdout)] == [str(clip)]
    assert done.returncode == 1 and "broken.wav" in done.stderr and "Traceback" not in done.stderr


def test_predict_without_a_model_says_so(clip, tmp_path):
    done = sernb("predict", tmp_path, clip)
    assert done.returncode == 1 and "holds no config.json" in done.stderr and "Traceback" not in done.stderr


def test_run_names_an_unknown_chapter(tmp_path):
    done = sernb("run", tmp_path / "nothing.ipynb", "--language", "ur", "--out", tmp_path)
    assert done.returncode == 1 and "no such chapter" in done.stderr and "Traceback" not in done.stderr


def test_fields_are_given_as_in_toml_or_none():
    given = ["learning_rate=1e-4", 'pooling="all"', "projection=none", "waveform.snr_db=[5, 15]"]
    changed = {"learning_rate": 1e-4, "pooling": "all", "projection": None, "waveform": {"snr_db": [5, 15]}}
    assert fields(given) == changed and fields([]) == {}
    for wrong in ("pooling=all", "learning_rate", "projection=null"):
        with pytest.raises(ValueError, match=f"{wrong}.*as in TOML"):
            fields([wrong])
