"""Model folders made to do harm: refused in one line, before anything of their size is built."""

import json
import os
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file
from transformers import WhisperConfig, WhisperModel

from sernb.evaluation.inference import classify
from sernb.models.autoencoder import DenoisingAutoencoder
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    EmotionClassifier(WhisperEncoder("random-1x32", 1.0)).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def whisper(**changes):
    def change(settings: dict) -> dict:
        settings["encoder"]["whisper"] |= changes
        return settings

    return change


def encoder(**changes):
    return lambda settings: settings | {"encoder": settings["encoder"] | changes}


CHANGES = {
    "a list": lambda settings: [settings],
    "a number": lambda settings: 1,
    "empty": lambda settings: {},
    "no encoder": lambda settings: settings | {"encoder": None},
    "no Whisper": encoder(whisper=[1]),
    "no hidden": lambda settings: {name: value for name, value in settings.items() if name != "hidden"},
    "other labels": lambda settings: settings | {"labels": ["\x1b[2J", "b"]},
    "labels no list": lambda settings: settings | {"labels": 4},
    "text for a number": whisper(d_model="32"),
    "truth for a number": whisper(encoder_layers=True),
    "zero heads": whisper(encoder_attention_heads=0),
    "heads that don't divide": whisper(encoder_attention_heads=5),
    "a million layers": whisper(encoder_layers=10**6),
    "layers the weights lack": whisper(encoder_layers=100),
    "a width the weights lack": whisper(d_model=8192),
    "a huge hidden layer": lambda settings: settings | {"hidden": 10**12},
    "a hidden layer the weights lack": lambda settings: settings | {"hidden": 60_000},
    "no activation": whisper(activation_function="\x1b[31m"),
    "not a number": encoder(seconds=float("nan")),
    "endless": encoder(seconds=float("inf")),
    "no time": encoder(seconds=0),
    "unknown pooling": encoder(pooling={"a": 1}),
    "dropout": lambda settings: settings | {"dropout": 2},
}


def refused(place: Path, load=None) -> str:
    """The message with which a folder is refused: one line that names it."""
    with pytest.raises(ValueError) as caught:
        load(place) if load else classify(place, [])
    message = str(caught.value)
    assert message.isprintable() and len(message) < 1000
    return message


@pytest.mark.parametrize("name", CHANGES)
def test_a_config_is_checked_before_anything_is_built(model: Path, name: str):
    file = model / "config.json"
    file.write_text(json.dumps(CHANGES[name](json.loads(file.read_text()))))
    refused(model)


@pytest.mark.parametrize("text", ["", "[" * 100_000, "\x00", '{"a": ' + "1" * 5000 + "}", " " * (1 << 21)])
def test_a_config_that_is_no_json_or_too_large(model: Path, text: str):
    (model / "config.json").write_text(text)
    assert "config.json" in refused(model)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "empty", "sparse"])
def test_only_regular_files_of_honest_size_are_read(model: Path, name: str, kind: str):
    file = model / name
    file.unlink()
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    elif kind == "folder":
        file.mkdir()
    else:
        file.touch()
        os.truncate(file, 0 if kind == "empty" else 1 << 40)  # a terabyte that takes no space
    assert name in refused(model)


def test_names_of_tensors_are_shown_as_they_are(model: Path):
    tensors = load_file(model / "model.safetensors")
    save_file({"\x1b[2J\x1b]0;owned\x07" * 100: next(iter(tensors.values())), **tensors}, model / "model.safetensors")
    assert "holds" in refused(model) or "not this model" in refused(model)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A Whisper checkpoint as transformers writes it."""
    sizes = {f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in SIZES.items()}
    tokens = dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"), 0)
    WhisperModel(WhisperConfig(vocab_size=50, d_model=16, **sizes, **tokens)).save_pretrained(tmp_path / "whisper")
    return tmp_path / "whisper"


SIZES = {"layers": 1, "attention_heads": 2, "ffn_dim": 16}
CHECKPOINTS = {
    "another kind": {"model_type": "bert"},
    "a million layers": {"encoder_layers": 10**6},
    "a million decoder layers": {"decoder_layers": 10**6},
    "layers the weights lack": {"encoder_layers": 128, "d_model": 4096},
    "a vocabulary the weights lack": {"vocab_size": 1 << 20, "d_model": 512},
    "zero heads": {"encoder_attention_heads": 0},
    "decoder heads that don't divide": {"decoder_attention_heads": 5},
    "text": {"d_model": "\x1b[2J"},
    "quantized": {"quantization_config": {"quant_method": "awq"}},
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_of_transformers_are_checked_too(checkpoint: Path, name: str):
    assert WhisperEncoder(checkpoint, 1.0).width == 16
    file = checkpoint / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | CHECKPOINTS[name]))
    refused(checkpoint, WhisperEncoder)


@pytest.mark.parametrize(
    "changes",
    [{"features": 10**9}, {"hidden": [0]}, {"hidden": [40] * 1000}, {"hidden": "abc"}, {"noise": None}, {"latent": 3}],
)
def test_an_autoencoder_is_checked_too(tmp_path: Path, changes: dict):
    DenoisingAutoencoder().save_pretrained(tmp_path / "dae")
    file = tmp_path / "dae" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    refused(tmp_path / "dae", DenoisingAutoencoder.from_pretrained)
