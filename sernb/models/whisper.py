"""The Whisper encoder cropped to a few seconds, and the emotion classifier on top of it."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from huggingface_hub import ModelHubMixin
from safetensors.torch import load_model, save_model
from torch import nn
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder as TransformersEncoder

from sernb.data.files import FileError, read_json
from sernb.labels import EMOTIONS
from sernb.models.checkpoints import encoder_of
from sernb.models.confidence import CONFIDENCE_FILE
from sernb.models.hub import CARD_FILE, fetched
from sernb.models.plain import normalised, pool
from sernb.models.settings import (
    CONFIG_FILE,
    FRAMES_PER_SECOND,
    MAX_SECONDS,
    WEIGHTS_FILE,
    averaged_layers,
    check_weights,
    classifier_settings,
    number,
    part,
    pooling_named,
    whisper_config,
)
from sernb.speech.audio import LogMel


class WhisperEncoder(nn.Module):
    """A Whisper encoder that hears `seconds` of speech and returns one vector per clip.

    Positions are cropped to the window; convolutions and positions are frozen (Gong et al. 2025, section 3.2).

    Args:
        name_or_path: a Whisper checkpoint, as a folder or a name on the model hub ("openai/whisper-small.en"); a
            folder written by `save_pretrained`, whose window can be shortened but not lengthened; "random-2x64" for
            2 layers of width 64 with random weights; or a config, for random weights too.
        seconds: length of the window (the paper: 4 for CL and baseline, 3 for BYOL).
        pooling: "speech" averages the frames that hold speech, "all" every frame of the window, padding
            included (the paper's plain reading).
        seed: draws the weights of a random encoder.
        layers: keep the first so many layers, with a fresh layer norm on top, since the checkpoint's final one fits
            the last layer only; None, or as many as there are, keeps all of them and the checkpoint's norm. Several
            numbers, such as (3, 4, 5, 6), keep the layers up to the highest, and the embedding is the average of what
            these layers say, each normalised over its width.

    Raises:
        ValueError: unknown pooling, a window longer than the checkpoint's, more layers than it has or less than one,
            or a checkpoint that can't be loaded or isn't in the safetensors format.
    """

    def __init__(
        self,
        name_or_path: str | Path | WhisperConfig,
        seconds: float = 4.0,
        pooling: str = "speech",
        seed: int = 0,
        layers: int | tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        self.pooling = pooling_named(pooling)
        self.whisper, self.averaged = _whisper(name_or_path, seed)
        self.seconds = seconds
        if layers is not None:
            self._keep_layers(layers, name_or_path)
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

    @property
    def layers(self) -> int:
        """How many transformer layers it has; a folder keeps it as `encoder_layers` of the Whisper config."""
        return self.whisper.config.encoder_layers

    def _keep_layers(self, layers: int | tuple[int, ...], source: str | Path | WhisperConfig) -> None:
        chosen = (layers,) if isinstance(layers, int) else layers
        if not all(1 <= one <= self.layers for one in chosen) or len(set(chosen)) < len(chosen):
            name = "the encoder" if isinstance(source, WhisperConfig) else f"encoder {str(source)!r}"
            asked, most = ", ".join(map(str, chosen)), self.layers
            raise ValueError(f"{name} has {most} layers, not {asked}; choose 1 to {most}, each once, or none for all")
        if not isinstance(layers, int):
            self.whisper.layer_norm = nn.Identity()  # type: ignore[assignment]  # each averaged layer is normalised
        elif layers < self.layers or self.averaged:
            self.whisper.layer_norm = nn.LayerNorm(self.width)  # weight 1, bias 0
        self.averaged = None if isinstance(layers, int) else layers
        self.whisper.layers = self.whisper.layers[: max(chosen)]
        self.whisper.config.encoder_layers = max(chosen)

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

    def forward(self, log_mel: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Log-mels (batch, bins, seconds * 100) and their speech frames (batch,) -> embeddings (batch, width)."""
        if self.averaged:
            states = self.whisper(log_mel, output_hidden_states=True).hidden_states  # the first is what layer 1 hears
            return self.pool(torch.stack([normalised(states[one]) for one in self.averaged]).mean(0), frames)
        return self.pool(self.whisper(log_mel).last_hidden_state, frames)

    def every_layer(self, log_mel: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """As `forward`, of the encoder cut after 0, 1, ... and all its layers: (batch, layers + 1, width)."""
        *below, top = self.whisper(log_mel, output_hidden_states=True).hidden_states  # the top one has its norm, if any
        states = [*map(normalised, below), normalised(top) if self.averaged else top]
        return torch.stack([self.pool(hidden, frames) for hidden in states], 1)

    def pool(self, hidden: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Average hidden states (batch, seconds * 50, width) over time; two frames of a log-mel make one of them."""
        return pool(hidden, frames, self.pooling)

    def settings(self) -> dict:
        """What rebuilds this encoder, weights aside."""
        return {
            "whisper": self.whisper.config.to_diff_dict(),
            "seconds": self.seconds,
            "pooling": self.pooling,
        } | ({"averaged": list(self.averaged)} if self.averaged else {})

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
            raise FileError(folder, "was not written by WhisperEncoder.save_pretrained")
        return _built(folder, lambda: _encoder(settings, folder / CONFIG_FILE))


class EmotionClassifier(nn.Module, ModelHubMixin):
    """Encoder and head: two fully connected layers with dropout (Gong et al. 2025, section 3.2).

    Args:
        encoder: gives the embedding.
        hidden: width of the head's hidden layer; None takes the embedding's.
        dropout: share of hidden units dropped in training.
        highest_hz: end of the band it hears, see LogMel.
    """

    def __init__(
        self,
        encoder: WhisperEncoder,
        hidden: int | None = None,
        dropout: float = 0.2,
        highest_hz: float | None = None,
    ) -> None:
        super().__init__()
        self.log_mel = LogMel(encoder.mel_bins, highest_hz)
        self.encoder = encoder
        self.hidden = hidden or encoder.width
        self.read_from: tuple[Path, str] | None = None  # a folder, and the fingerprint its weights had
        self.head = nn.Sequential(
            nn.Linear(encoder.width, self.hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(self.hidden, len(EMOTIONS)),
        )

    def forward(self, log_mel: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Log-mels (batch, bins, time) and how many frames hold speech (batch,) -> logits (batch, 4)."""
        return self.head(self.encoder(log_mel, frames))

    @torch.inference_mode()
    def judge(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings (clips, width) -> probabilities of EMOTIONS (clips, 4)."""
        device = next(self.head.parameters()).device
        return self.head(torch.from_numpy(embeddings).to(device)).softmax(-1).cpu().numpy()

    def save_pretrained(  # type: ignore[override]  # the mixin's own would also push, which `push_to_hub` does
        self, folder: str | Path, *, config: None = None, model_card_kwargs: None = None
    ) -> None:
        """Write config.json and model.safetensors; of weights unchanged since they were read, also what lay beside.

        Args:
            folder: to write.
            config: passed by huggingface_hub's `push_to_hub`; the model has its own.
            model_card_kwargs: the same; the card is that of the run.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "encoder": self.encoder.settings(),
            "hidden": self.hidden,
            "dropout": self.head[2].p,
            "highest_hz": self.log_mel.highest_hz,
            "labels": list(EMOTIONS),
        }
        (folder / CONFIG_FILE).write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
        save_model(self, str(folder / WEIGHTS_FILE))
        if self.read_from is not None and self.read_from[1] == fingerprint(self):
            for beside in (self.read_from[0] / name for name in (CARD_FILE, CONFIDENCE_FILE)):
                if beside.exists() and beside.parent.resolve() != folder.resolve():
                    shutil.copyfile(beside, folder / beside.name)

    @classmethod
    def from_pretrained(cls, folder: str | Path, **hub: Any) -> "EmotionClassifier":  # type: ignore[override]
        """Read a classifier that `save_pretrained` or `push_to_hub` wrote.

        Args:
            folder: of the model, or its name on the hub, "user/name", of which what a model consists of is fetched.
            hub: revision, token, cache_dir, force_download or local_files_only, as huggingface_hub takes them.

        Raises:
            FileNotFoundError: no config.json, or no model.safetensors, in `folder`.
            ValueError: the weights aren't in the safetensors format (pickled weights can run code), or the
                model's labels aren't this package's.
        """
        folder = fetched(folder, **hub)
        found = classifier_settings(folder)

        def build() -> "EmotionClassifier":
            config = whisper_config(found.whisper, folder / CONFIG_FILE)
            encoder = WhisperEncoder(config, found.seconds, found.pooling, layers=found.averaged)
            return cls(encoder, found.hidden, found.dropout, found.highest_hz)

        model = _built(folder, build)
        model.read_from = folder, fingerprint(model)
        return model


def fingerprint(module: nn.Module) -> str:
    """SHA-256 over a module's parameters and persistent buffers: which weights a run started from."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _whisper(source: str | Path | WhisperConfig, seed: int) -> tuple[TransformersEncoder, tuple[int, ...] | None]:
    """The encoder of a source, and which of its layers are averaged, if any."""
    folder = None if isinstance(source, WhisperConfig) else Path(source)
    if folder is not None and any(folder.glob("*.safetensors")) and _own_settings(folder) is not None:
        own = WhisperEncoder.from_pretrained(folder)
        return own.whisper, own.averaged
    return encoder_of(source, seed), None


def _own_settings(folder: Path) -> dict | None:
    """What `WhisperEncoder.save_pretrained` wrote; None where config.json is missing or of another kind."""
    if not (folder / CONFIG_FILE).exists():
        return None
    settings = read_json(folder / CONFIG_FILE)
    return settings if set(settings) - {"averaged"} == {"whisper", "seconds", "pooling"} else None


def _encoder(settings: dict, file: Path) -> WhisperEncoder:
    """The encoder that `settings`, of `file`, describe, with random weights."""
    config = whisper_config(part(settings, "whisper", file), file)
    seconds = number(settings, "seconds", 1 / FRAMES_PER_SECOND, MAX_SECONDS, file)
    return WhisperEncoder(config, seconds, str(settings.get("pooling")), layers=averaged_layers(settings, file))


Model = TypeVar("Model", bound=nn.Module)


def _built(folder: Path, build: Callable[[], Model]) -> Model:
    """A model with the folder's weights; built only once they are known to be its own, whatever size it claims."""
    file = folder / WEIGHTS_FILE
    with torch.device("meta"):
        check_weights(file, build())
    model = build()
    load_model(model, str(file))
    return model
