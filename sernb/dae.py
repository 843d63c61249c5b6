"""The denoising autoencoder of Das et al. 2022."""

from itertools import pairwise

import torch
from torch import Tensor, nn


class DenoisingAutoencoder(nn.Module):
    """Encoder 88-40-20-10-L with ReLU after each hidden layer; decoder L-10-20-40-88 (released code).

    The decoder's only ReLU is on its second layer's output (20 values); the latent and the rest are linear. At the
    published sizes and L = 2 it has 9,310 parameters.

    Args:
        features: values a clip.
        latent: L, values of the latent.
        hidden: widths between them.
        noise: standard deviation of the Gaussian noise added to each feature while training (features are z-scored).
    """

    def __init__(self, features: int = 88, latent: int = 2, hidden: tuple[int, ...] = (40, 20, 10), noise: float = 1.0):
        super().__init__()
        widths = (features, *hidden)
        self.noise = noise
        self.encoder = nn.Sequential()
        for wide, narrow in pairwise(widths):
            self.encoder.extend([nn.Linear(wide, narrow), nn.ReLU()])
        self.encoder.append(nn.Linear(hidden[-1], latent))
        outwards = [nn.Linear(narrow, wide) for narrow, wide in pairwise((latent, *reversed(widths)))]
        self.decoder = nn.Sequential(*outwards[:2], nn.ReLU(), *outwards[2:])

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Latent, shape (B, L), and reconstruction, shape (B, features), of z-scored features.

        In training mode the input is made noisy first; the target of the reconstruction is the clean input.
        """
        if self.training:
            features = features + self.noise * torch.randn_like(features)
        latent = self.encoder(features)
        return latent, self.decoder(latent)
