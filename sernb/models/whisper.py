"""The Whisper encoder, cropped to a few seconds."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_model
from torch import nn
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder as TransformersEncoder

from sernb.data.files import FileError, read_json
from sernb.models.checkpoints import encoder_of
from sernb.models.plain import normalised, pool
from sernb.models.settings import (
    CONFIG_FILE,
    FRAMES_PER_SECOND,
    MAX_SECONDS,
    WEIGHTS_FILE,
    averaged_layers,
    number,
    part,
    pooling_named,
    whisper_config,
)
from sernb.models.weights import built


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
        return built(folder, lambda: _encoder(settings, folder / CONFIG_FILE))


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
