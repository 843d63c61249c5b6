"""What a model's folder says of it, checked before anything is built: types, ranges, and sizes against the weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from torch import nn

from sernb.data.files import FileError, opened, read_json
from sernb.labels import EMOTIONS

if TYPE_CHECKING:  # two seconds that a model made to be used alone does without
    from transformers import WhisperConfig

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
MODEL_FOLDER = "model"
"""Of a run: what lies in it is the trained model."""
FRAMES_PER_SECOND = 50
MAX_SECONDS = 60
POOLINGS = ("speech", "all")
MAX_WEIGHTS = 1 << 34
"""Most bytes a file of weights may have."""
_NUMBERS = {  # whisper-large has 32 layers of width 1280
    "d_model": (2, 8192),
    "encoder_layers": (1, 128),
    "encoder_attention_heads": (1, 128),
    "encoder_ffn_dim": (1, 32_768),
    "num_mel_bins": (1, 512),
    "max_source_positions": (1, 3000),
    "decoder_layers": (1, 128),
    "decoder_attention_heads": (1, 128),
    "decoder_ffn_dim": (1, 32_768),
    "max_target_positions": (1, 16_384),
    "vocab_size": (1, 1 << 20),
}
_ENCODER_DEFAULTS = {  # transformers', which a config.json leaves out
    "d_model": 384,
    "encoder_layers": 4,
    "encoder_attention_heads": 6,
    "encoder_ffn_dim": 1536,
    "num_mel_bins": 80,
    "max_source_positions": 1500,
}
_SHARES = ("dropout", "attention_dropout", "activation_dropout", "encoder_layerdrop", "decoder_layerdrop", "init_std")

_NO_TOKENS = {"pad_token_id": None, "bos_token_id": None, "eos_token_id": None, "decoder_start_token_id": 0}


def number(settings: Mapping[str, Any], name: str, low: float, high: float, file: Path, kind: type = float) -> Any:
    """A number of a config.json, from low to high.

    Args:
        settings: of the file.
        name: of the number.
        low: the smallest it may be.
        high: the largest.
        file: named in the error.
        kind: float also takes whole numbers, int takes them alone.

    Raises:
        FileError: missing, no such number, or out of range.
    """
    if name not in settings:
        raise FileError(file, f"lacks {name!r}; get it again")
    value = settings[name]
    if (
        isinstance(value, bool)
        or not isinstance(value, int if kind is int else (int, float))
        or not low <= value <= high
    ):
        what = "a whole number" if kind is int else "a number"
        raise FileError(file, f"{name!r} is {str(value)[:40]!r}, not {what} from {low:g} to {high:g}")
    return value


def part(settings: Mapping[str, Any], name: str, file: Path) -> dict[str, Any]:
    """An object within a config.json.

    Raises:
        FileError: missing, or something else.
    """
    if not isinstance(settings.get(name), dict):
        raise FileError(file, f"{name!r} is missing or no object; get it again")
    return settings[name]


@dataclass(frozen=True)
class ClassifierSettings:
    """What the config.json of an emotion classifier says.

    Attributes:
        whisper: sizes of the encoder, by transformers' names; to be checked by who builds it.
        seconds: its window.
        pooling: of POOLINGS.
        hidden: width of the head's hidden layer.
        dropout: of the head.
        highest_hz: end of the band it hears, None for all.
        averaged: layers whose average the embedding is; None for the top one's.
    """

    whisper: Mapping[str, Any]
    seconds: float
    pooling: str
    hidden: int
    dropout: float
    highest_hz: float | None
    averaged: tuple[int, ...] | None


def classifier_settings(folder: Path) -> ClassifierSettings:
    """Read the config.json of a classifier that `save_pretrained` wrote.

    Raises:
        FileNotFoundError: no config.json, or no model.safetensors, in `folder`.
        ValueError: the weights aren't in the safetensors format (pickled weights can run code), the folder holds
            something else, or the model's labels aren't this package's.
    """
    file = folder / CONFIG_FILE
    if not file.exists():
        raise FileNotFoundError(f"{folder} holds no {CONFIG_FILE}; give a folder written by save_pretrained")
    if not (folder / WEIGHTS_FILE).exists():
        others = sorted(p.name for p in folder.iterdir() if p.suffix in {".bin", ".pt", ".pth", ".ckpt", ".pkl"})
        if others:
            raise ValueError(
                f"{folder} holds {', '.join(others)} but no {WEIGHTS_FILE}: pickled weights can run code and are "
                "refused; convert them to safetensors where you trust them"
            )
        raise FileNotFoundError(f"{folder} holds no {WEIGHTS_FILE}")
    settings = read_json(file)
    if "labels" not in settings:
        raise FileError(
            folder,
            f"holds {kind_of(settings)} without an emotion head; give the folder of a run (`sernb train` makes one), "
            "or one written by EmotionClassifier.save_pretrained",
        )
    if settings["labels"] != list(EMOTIONS):
        raise FileError(folder, f"predicts {str(settings['labels'])[:80]}, not {list(EMOTIONS)}")
    encoder = part(settings, "encoder", file)
    return ClassifierSettings(
        part(encoder, "whisper", file),
        number(encoder, "seconds", 1 / FRAMES_PER_SECOND, MAX_SECONDS, file),
        pooling_named(encoder.get("pooling")),
        number(settings, "hidden", 1, 65_536, file, int),
        number(settings, "dropout", 0, 1, file),
        None if settings.get("highest_hz") is None else number(settings, "highest_hz", 1, 1e6, file),
        averaged_layers(encoder, file),
    )


def averaged_layers(settings: Mapping[str, Any], file: Path) -> tuple[int, ...] | None:
    """The layers that an encoder's settings say it averages; None where they say nothing.

    Raises:
        FileError: not numbers of its layers, the last of which is its top one.
    """
    if "averaged" not in settings:
        return None
    given = settings["averaged"]
    if not isinstance(given, list) or not given or len(given) > _NUMBERS["encoder_layers"][1]:
        raise FileError(file, f"'averaged' is {str(given)[:40]!r}, no list of layers; get it again")
    top = whisper_sizes(part(settings, "whisper", file), file)["encoder_layers"]
    found = tuple(number({"averaged": one}, "averaged", 1, top, file, int) for one in given)
    if len(set(found)) < len(found) or max(found) != top:
        raise FileError(file, f"'averaged' is {list(found)}, and the top layer {top}: not layers of this encoder")
    return found


def pooling_named(pooling: Any) -> str:
    """The pooling itself, if there is such a one; raises ValueError."""
    if pooling not in POOLINGS:
        raise ValueError(f"unknown pooling {pooling!r}; known are {', '.join(POOLINGS)}")
    return pooling


def kind_of(settings: Mapping[str, Any]) -> str:
    """What a config.json describes, in words."""
    if "labels" in settings:
        return "an emotion classifier"
    named = settings.get("model_type") or ("whisper" if "whisper" in settings else "unknown")
    return f"a model of the kind {named!r}"


def whisper_sizes(settings: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """The numbers of a Whisper's settings, each in its range; an encoder's size left out is transformers' default.

    Raises:
        FileError: a size that is no number or out of range, or heads that don't divide the width.
    """
    given = _ENCODER_DEFAULTS | {name: settings[name] for name in _NUMBERS if name in settings}
    chosen = {name: number(given, name, *_NUMBERS[name], file, int) for name in given}
    if chosen["d_model"] % chosen["encoder_attention_heads"]:
        raise FileError(file, f"{chosen['encoder_attention_heads']} heads don't divide a width of {chosen['d_model']}")
    return chosen | {name: number(settings, name, 0, 1, file) for name in _SHARES if name in settings}


def whisper_config(settings: Mapping[str, Any], file: Path) -> "WhisperConfig":
    """A Whisper of these sizes; what has no bearing on sizes is ignored.

    Raises:
        FileError: as `whisper_sizes`, or an activation transformers doesn't have.
    """
    from transformers import WhisperConfig
    from transformers.activations import ACT2FN

    chosen = whisper_sizes(settings, file)
    activation = settings.get("activation_function", "gelu")
    if not isinstance(activation, str) or activation not in ACT2FN:
        raise FileError(file, f"'activation_function' is {str(activation)[:40]!r}, which transformers doesn't have")
    scaled = settings.get("scale_embedding") is True
    # no word is read or written here: the defaults of these need not be in a small vocabulary
    given: dict[str, Any] = chosen | _NO_TOKENS
    return WhisperConfig(**given, activation_function=activation, scale_embedding=scaled)


def check_weights(file: Path, sketch: nn.Module) -> None:
    """Raise unless a safetensors file holds a model's tensors, by the file's header alone.

    Args:
        file: the weights.
        sketch: the model on torch's "meta" device, which takes no memory.

    Raises:
        FileNotFoundError: no such file.
        FileError: not safetensors, not regular, too large, or the weights of another model.
    """
    with opened(file, MAX_WEIGHTS):
        pass
    try:
        with safe_open(file, framework="pt") as weights:
            found = {name: tuple(weights.get_slice(name).get_shape()) for name in weights.keys()}  # noqa: SIM118 (no dict)
    except SafetensorError as error:
        raise FileError(file, f"is not this model in the safetensors format: {error}") from error
    wanted = {name: tuple(tensor.shape) for name, tensor in sketch.state_dict().items()}
    wrong = sorted(name for name in wanted.keys() | found if wanted.get(name) != found.get(name))
    if wrong:
        name = wrong[0]
        states = f"{found.get(name, 'no tensor')} where config.json asks for {wanted.get(name, 'none')}"
        raise FileError(file, f"is not this model in the safetensors format: {name[:80]} has {states}")
