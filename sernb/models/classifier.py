"""The emotion classifier: a Whisper encoder and a head on top of it."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from huggingface_hub import ModelHubMixin
from safetensors.torch import save_model
from torch import nn

from sernb.labels import EMOTIONS
from sernb.models.confidence import CONFIDENCE_FILE
from sernb.models.hub import CARD_FILE, fetched
from sernb.models.settings import CONFIG_FILE, WEIGHTS_FILE, classifier_settings, whisper_config
from sernb.models.weights import built, fingerprint
from sernb.models.whisper import WhisperEncoder
from sernb.speech.audio import LogMel


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

        model = built(folder, build)
        model.read_from = folder, fingerprint(model)
        return model
