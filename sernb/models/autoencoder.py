"""The denoising autoencoder of Das et al. 2022, and the z-scoring that belongs to it."""

import json
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import load_model, save_model
from torch import Tensor, nn

from sernb.data.files import FileError, read_json
from sernb.models.settings import check_weights, number

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"


class Standardizer(nn.Module):
    """z-scores features by a mean and a deviation it was given; both are stored with the weights.

    Args:
        features: values a clip.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, features: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))

    def fit(self, features: Tensor) -> None:
        """Take the statistics of these clips, shape (clips, features); a constant feature is only centred."""
        std, mean = torch.std_mean(features.double(), dim=0, correction=0)
        self.mean.copy_(mean)
        self.std.copy_(torch.where(features.amax(0) > features.amin(0), std, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Shape (B, features) in and out."""
        return (features - self.mean) / self.std


class DenoisingAutoencoder(nn.Module):
    """Encoder 88-40-20-10-L with ReLU after each hidden layer; decoder L-10-20-40-88 (released code).

    The decoder's only ReLU is on its second layer's output (20 values); the latent and the rest are linear. At the
    published sizes and L = 2 it has 9,310 parameters.

    Args:
        features: values a clip.
        latent: L, values of the latent.
        hidden: widths between them.
        noise: standard deviation of the Gaussian noise added to each z-scored feature while training.
    """

    def __init__(self, features: int = 88, latent: int = 2, hidden: tuple[int, ...] = (40, 20, 10), noise: float = 1.0):
        super().__init__()
        self.settings = {"features": features, "latent": latent, "hidden": list(hidden), "noise": noise}
        self.noise = noise
        self.standardize = Standardizer(features)
        widths = (features, *hidden)
        self.encoder = nn.Sequential()
        for wide, narrow in pairwise(widths):
            self.encoder.extend([nn.Linear(wide, narrow), nn.ReLU()])
        self.encoder.append(nn.Linear(hidden[-1], latent))
        outwards = [nn.Linear(narrow, wide) for narrow, wide in pairwise((latent, *reversed(widths)))]
        self.decoder = nn.Sequential(*outwards[:2], nn.ReLU(), *outwards[2:])

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Latent, shape (B, L), and reconstruction, shape (B, features), of z-scored features.

        In training mode the input is made noisy first; the reconstruction is to be compared with the clean input.
        """
        if self.training:
            features = features + self.noise * torch.randn_like(features)
        latent = self.encoder(features)
        return latent, self.decoder(latent)

    @torch.no_grad()
    def embed(self, features: Tensor) -> Tensor:
        """Latent, shape (B, L), of features as extracted: z-scored here, no noise."""
        return self.encoder(self.standardize(features))

    def save_pretrained(self, folder: Path) -> None:
        """Write config.json and model.safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG_FILE).write_text(json.dumps(self.settings, indent=2, sort_keys=True) + "\n")
        save_model(self, str(folder / WEIGHTS_FILE))

    @classmethod
    def from_pretrained(cls, folder: Path) -> "DenoisingAutoencoder":
        """Read what `save_pretrained` wrote, ready to embed.

        Raises:
            FileNotFoundError: one of the two files isn't there.
            FileError: one of them isn't what it should be.
        """
        file = folder / CONFIG_FILE
        settings = read_json(file)
        widths = settings.get("hidden")
        if not isinstance(widths, list) or not 1 <= len(widths) <= 16:
            raise FileError(file, "'hidden' is no list of up to 16 widths; get it again")
        hidden = tuple(number({"hidden": width}, "hidden", 1, 65_536, file, int) for width in widths)
        features, latent = (number(settings, name, 1, 65_536, file, int) for name in ("features", "latent"))
        noise = number(settings, "noise", 0, 1e6, file)
        with torch.device("meta"):
            check_weights(folder / WEIGHTS_FILE, cls(features, latent, hidden, noise))
        model = cls(features, latent, hidden, noise)
        load_model(model, str(folder / WEIGHTS_FILE))
        return model.eval()
