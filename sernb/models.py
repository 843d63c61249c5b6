"""The Whisper encoder cropped to a few seconds, and the emotion classifier on top of it."""

import hashlib
import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_model, save_model
from torch import nn
from transformers import WhisperConfig, WhisperModel
from transformers.models.whisper.modeling_whisper import WhisperEncoder as TransformersEncoder

from sernb.audio import SAMPLE_RATE, LogMel
from sernb.labels import EMOTIONS

POOLINGS = ("speech", "all")
FRAMES_PER_SECOND = 50
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
_RANDOM = re.compile(r"random-(?P<layers>\d+)x(?P<width>\d+)")


class WhisperEncoder(nn.Module):
    """A Whisper encoder that hears `seconds` of speech and returns one vector a clip.

    Positions are cropped to the window; convolutions and positions are frozen (Gong et al. 2025, section 3.2).

    Args:
        name_or_path: a Whisper checkpoint, as a folder or a name on the model hub ("openai/whisper-small.en"); a
            folder written by `save_pretrained`, whose window can be shortened but not lengthened; "random-2x64" for
            2 layers of width 64 with random weights; or a config, for random weights too.
        seconds: length of the window (the paper: 4 for CL and baseline, 3 for BYOL).
        pooling: "speech" averages the frames that hold speech, "all" every frame of the window, padding
            included (the paper's plain reading).
        seed: draws the weights of a random encoder.

    Raises:
        ValueError: unknown pooling, a window longer than the checkpoint's, or a checkpoint that can't be
            loaded or isn't in the safetensors format.
    """

    def __init__(
        self, name_or_path: str | Path | WhisperConfig, seconds: float = 4.0, pooling: str = "speech", seed: int = 0
    ) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise ValueError(f"unknown pooling {pooling!r}; known are {', '.join(POOLINGS)}")
        self.whisper = _load(name_or_path, seed)
        self.seconds = seconds
        self.pooling = pooling
        self._crop(round(seconds * FRAMES_PER_SECOND))
        # on a CPU, over windows this short, plain attention takes half the time of the fused one, backward above all
        self.whisper.set_attn_implementation("sdpa" if torch.cuda.is_available() else "eager")
        for module in (self.whisper.conv1, self.whisper.conv2, self.whisper.embed_positions):
            module.requires_grad_(False)

    @property
    def width(self) -> int:
        """Size of the embedding."""
        return self.whisper.config.d_model

    @property
    def mel_bins(self) -> int:
        """Mel bands the encoder expects: 80, or 128 from whisper-large-v3 on."""
        return self.whisper.config.num_mel_bins

    def _crop(self, positions: int) -> None:
        table = self.whisper.embed_positions
        if positions > table.num_embeddings:
            raise ValueError(
                f"a window of {self.seconds:g} s needs {positions} positions, the checkpoint has "
                f"{table.num_embeddings}; choose at most {table.num_embeddings / FRAMES_PER_SECOND:g} s"
            )
        table.weight = nn.Parameter(table.weight[:positions].detach().clone())
        table.num_embeddings = positions
        # transformers checks the input's length against its config, so table and config are cropped together
        self.whisper.config.max_source_positions = self.whisper.max_source_positions = positions

    def forward(self, log_mel: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Log-mels (batch, bins, seconds * 100) and speech lengths in samples (batch,) -> embeddings (batch, width)."""
        return self.pool(self.whisper(log_mel).last_hidden_state, lengths)

    def pool(self, frames: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Average frames (batch, seconds * 50, width) over time -> (batch, width)."""
        if self.pooling == "all":
            return frames.mean(1)
        samples_per_frame = SAMPLE_RATE // FRAMES_PER_SECOND
        speech = (lengths + samples_per_frame - 1).div(samples_per_frame, rounding_mode="floor").clamp(min=1)
        mask = torch.arange(frames.shape[1], device=frames.device) < speech[:, None]
        return (frames * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def settings(self) -> dict:
        """What rebuilds this encoder, weights aside."""
        return {
            "whisper": self.whisper.config.to_diff_dict(),
            "seconds": self.seconds,
            "pooling": self.pooling,
        }

    def save_pretrained(self, folder: str | Path) -> None:
        """Write config.json and model.safetensors; the folder can be given as `name_or_path`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG_FILE).write_text(json.dumps(self.settings(), indent=2, sort_keys=True) + "\n")
        save_model(self, str(folder / WEIGHTS_FILE))

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "WhisperEncoder":
        """Read an encoder that `save_pretrained` wrote, with the window and pooling it was written with.

        Raises:
            FileNotFoundError: no config.json in `folder`.
            ValueError: the folder holds something else, or weights that aren't in the safetensors format.
        """
        folder = Path(folder)
        if not (folder / CONFIG_FILE).exists():
            raise FileNotFoundError(f"{folder} holds no {CONFIG_FILE}; give a folder written by save_pretrained")
        settings = _own_settings(folder)
        if settings is None:
            raise ValueError(f"{folder} was not written by WhisperEncoder.save_pretrained")
        encoder = cls(WhisperConfig(**settings.pop("whisper")), **settings)
        _load_weights(encoder, folder)
        return encoder


class EmotionClassifier(nn.Module):
    """Encoder and head: two fully connected layers with dropout (Gong et al. 2025, section 3.2).

    Args:
        encoder: gives the embedding.
        hidden: width of the head's hidden layer; None takes the embedding's.
        dropout: share of hidden units dropped in training.
    """

    def __init__(self, encoder: WhisperEncoder, hidden: int | None = None, dropout: float = 0.2) -> None:
        super().__init__()
        self.log_mel = LogMel(encoder.mel_bins)
        self.encoder = encoder
        self.hidden = hidden or encoder.width
        self.head = nn.Sequential(
            nn.Linear(encoder.width, self.hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(self.hidden, len(EMOTIONS)),
        )

    def forward(self, log_mel: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Log-mels (batch, bins, frames) and speech lengths in samples (batch,) -> logits (batch, 4)."""
        return self.head(self.encoder(log_mel, lengths))

    def save_pretrained(self, folder: str | Path) -> None:
        """Write config.json and model.safetensors."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "encoder": self.encoder.settings(),
            "hidden": self.hidden,
            "dropout": self.head[2].p,
            "labels": list(EMOTIONS),
        }
        (folder / CONFIG_FILE).write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
        save_model(self, str(folder / WEIGHTS_FILE))

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "EmotionClassifier":
        """Read a classifier that `save_pretrained` wrote.

        Raises:
            FileNotFoundError: no config.json, or no model.safetensors, in `folder`.
            ValueError: the weights aren't in the safetensors format (pickled weights can run code), or the
                model's labels aren't this package's.
        """
        folder = Path(folder)
        if not (folder / CONFIG_FILE).exists():
            raise FileNotFoundError(f"{folder} holds no {CONFIG_FILE}; give a folder written by save_pretrained")
        if not (folder / WEIGHTS_FILE).exists():
            others = sorted(p.name for p in folder.iterdir() if p.suffix in {".bin", ".pt", ".pth", ".ckpt", ".pkl"})
            if others:
                raise ValueError(
                    f"{folder} holds {', '.join(others)} but no {WEIGHTS_FILE}: pickled weights can run code and are "
                    "refused; convert them to safetensors where you trust them"
                )
            raise FileNotFoundError(f"{folder} holds no {WEIGHTS_FILE}")
        settings = json.loads((folder / CONFIG_FILE).read_text())
        if tuple(settings["labels"]) != EMOTIONS:
            raise ValueError(f"{folder} predicts {settings['labels']}, not {list(EMOTIONS)}")
        config = WhisperConfig(**settings["encoder"].pop("whisper"))
        model = cls(WhisperEncoder(config, **settings["encoder"]), settings["hidden"], settings["dropout"])
        _load_weights(model, folder)
        return model


def fingerprint(module: nn.Module) -> str:
    """SHA-256 over a module's parameters and persistent buffers: which weights a run started from."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _load(source: str | Path | WhisperConfig, seed: int) -> TransformersEncoder:
    if isinstance(source, WhisperConfig):
        config = source
    elif match := _RANDOM.fullmatch(str(source)):
        width = int(match["width"])
        config = WhisperConfig(
            d_model=width, encoder_layers=int(match["layers"]), encoder_attention_heads=4, encoder_ffn_dim=4 * width
        )
    else:
        return _load_pretrained(str(source))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return TransformersEncoder(config)


def _load_pretrained(name_or_path: str) -> TransformersEncoder:
    folder = Path(name_or_path)
    if folder.is_dir() and not any(folder.glob("*.safetensors")):
        raise ValueError(f"{folder} holds no .safetensors weights; other formats can run code and are refused")
    if folder.is_dir() and _own_settings(folder) is not None:
        return WhisperEncoder.from_pretrained(folder).whisper
    try:
        return WhisperModel.from_pretrained(name_or_path, use_safetensors=True, dtype=torch.float32).encoder
    except OSError as error:
        raise ValueError(
            f"encoder {name_or_path!r}: no such folder, and no such model could be fetched; give the folder of a "
            "Whisper checkpoint in the safetensors format"
        ) from error


def _own_settings(folder: Path) -> dict | None:
    """What `WhisperEncoder.save_pretrained` wrote; None where config.json is missing or of another kind."""
    if not (folder / CONFIG_FILE).exists():
        return None
    settings = json.loads((folder / CONFIG_FILE).read_text())
    return settings if set(settings) == {"whisper", "seconds", "pooling"} else None


def _load_weights(model: nn.Module, folder: Path) -> None:
    try:
        load_model(model, str(folder / WEIGHTS_FILE))
    except Exception as error:  # safetensors raises a bare SafetensorError, a mismatch a RuntimeError
        raise ValueError(f"{folder / WEIGHTS_FILE} is not this model in the safetensors format: {error}") from error
