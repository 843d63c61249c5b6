"""sernb predict and sernb run from the command line."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile

from sernb.commands.layers import embeddings
from sernb.commands.learn import fields
from sernb.experiments import frozen
from sernb.experiments.study import open_study
from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.embeddings import embed
from sernb.models.whisper import WhisperEncoder

TABLES = ("files", "windows", "rejects")
UNUSABLE = (
    ("nan.wav", "not numbers"),
    ("silence.flac", "silent"),
    ("offset.wav", "silent"),
    ("antiphase.wav", "channels cancel out"),
    ("one.wav", "shorter than 0.5 s"),
    ("short.wav", "shorter than 0.5 s"),
    ("clipped.wav", "clipped"),
    ("slow.wav", "sampling rate of 1 Hz"),
    ("folder.wav", "not a regular file"),
    ("missing.wav", "no such file"),
)


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
    broken, good = json.loads(done.stdout)
    assert good["file"] == str(clip) and good["label"] in EMOTIONS and good["problem"] is None
    assert broken["label"] is None and broken["p_sad"] is None and "cannot be read as audio" in broken["problem"]
    assert done.returncode == 1 and "broken.wav" in done.stderr and "Traceback" not in done.stderr


def test_predict_labels_nothing_that_cannot_be_heard(model, clip, tmp_path):
    speech, paths = soundfile.read(clip)[0], [path for path, _ in UNUSABLE]
    spoiled = speech.astype(np.float32)
    spoiled[100] = np.nan
    soundfile.write(tmp_path / "nan.wav", spoiled, 8_000, subtype="FLOAT")
    soundfile.write(tmp_path / "silence.flac", np.zeros(16_000), 8_000)
    soundfile.write(tmp_path / "offset.wav", np.full(16_000, 0.3), 8_000)
    soundfile.write(tmp_path / "antiphase.wav", np.stack([speech, -speech], 1), 8_000)
    soundfile.write(tmp_path / "one.wav", [0.1], 8_000)
    soundfile.write(tmp_path / "short.wav", speech[:3_000], 8_000)
    soundfile.write(tmp_path / "clipped.wav", np.sign(speech), 8_000)
    soundfile.write(tmp_path / "slow.wav", speech, 1)
    (tmp_path / "folder.wav").mkdir()
    done = sernb("predict", model, clip, *(tmp_path / path for path in paths))
    table = pd.read_csv(io.StringIO(done.stdout)).set_index("file")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert list(table["label"].notna()) == [True] + [False] * len(paths) and pd.isna(table["problem"].iloc[0])
    for path, reason in UNUSABLE:
        assert reason in table["problem"][str(tmp_path / path)]
        assert any(path in line and reason in line for line in done.stderr.splitlines())


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs")
def test_predict_waits_for_no_fifo(model, tmp_path):
    os.mkfifo(tmp_path / "fifo.wav")
    done = sernb("predict", model, tmp_path / "fifo.wav")
    assert done.returncode == 1 and "not a regular file" in done.stdout + done.stderr
    assert "angry" not in done.stdout  # without a label there are no probabilities either


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"subtype": "PCM_U8"}, "wav"),
        ({"subtype": "PCM_24", "format": "WAVEX"}, "wav"),
        ({"subtype": "FLOAT"}, "wav"),
        ({"subtype": "ULAW"}, "wav"),
        ({"subtype": "ALAW"}, "au"),
        ({"subtype": "IMA_ADPCM"}, "wav"),
        ({"subtype": "OPUS", "format": "OGG"}, "opus"),
        ({"format": "MP3"}, "wav"),
    ],
)
def test_predict_takes_what_recorders_and_telephones_write(model, tmp_path, options, kind):
    voice = np.random.default_rng(0).uniform(-0.1, 0.1, 12_000)
    path = tmp_path / f"clip.{kind}"
    soundfile.write(path, np.stack([voice] * 2, 1), 8_000, **options)
    done = sernb("predict", model, path)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(io.StringIO(done.stdout))["label"][0] in EMOTIONS


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


def test_layers_prints_and_writes_every_layer(tmp_path):
    out = tmp_path / "layers.parquet"
    done = sernb("layers", "--encoder", "random-2x32", "--out", out, "--runs", tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(out)
    assert set(table["layer"]) == {0, 1, 2} and {"emotion", "distance", "agreement"} <= set(table["measure"])
    assert "agreement, random-2x32" in done.stdout


def test_embeddings_of_the_demo_corpus_make_a_table_that_is_the_same_again(tmp_path):
    first, second = tmp_path / "one.parquet", tmp_path / "two.parquet"
    for out in (first, second):
        embeddings(out=out, encoder="random-2x32", runs=tmp_path)
    assert first.read_bytes() == second.read_bytes()
    clips, vectors = frozen.read(first)
    manifest = open_study(None, runs=tmp_path, progress=False).manifest
    assert set(clips["language"]) == {"en", "ur", "de", "bn"} and vectors.shape == (len(manifest), 32)
    for column in ("speaker", "gender", "emotion", "fold"):
        assert clips[column].tolist() == manifest[column].tolist()
    exact = embed(WhisperEncoder("random-2x32", layers=1), manifest)
    assert (
        abs(vectors - exact) <= exact.std(0) / 16
    ).all()  # the encoder computes in bfloat16, the table is in half precision
    with pytest.raises(ValueError, match="has 2 layers, not 3"):
        embeddings(out=first, encoder="random-2x32", layer=3, runs=tmp_path)


def test_predict_writes_a_row_a_window_and_every_reject(model, noise, tmp_path):
    noise(tmp_path / "in" / "=long.wav", 9.0)
    (tmp_path / "in" / "broken.wav").write_text("no audio")
    done = sernb("predict", model, tmp_path / "in", "--out", tmp_path / "out", "--format", "parquet", "--step", "2")
    assert done.returncode == 1 and "1 rejects" in done.stdout and "says nothing of its calibration" in done.stderr
    files, windows, rejects = (pd.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in TABLES)
    assert list(files["windows"].dropna()) == [4] and list(windows["start_s"]) == [0, 2, 4, 6]
    assert list(rejects["file"]) == [str(tmp_path / "in" / "broken.wav")]
    done = subprocess.run(
        [sys.executable, "-m", "sernb", "predict", str(model), "=long.wav", "--per", "window"],
        capture_output=True,
        text=True,
        cwd=tmp_path / "in",
    )
    assert done.stdout.count("'=long.wav") == 4, done.stderr


def test_predict_refuses_before_it_loads_anything(model, clip):
    assert "give a folder to write to" in sernb("predict", model, clip, "--format", "parquet").stderr
