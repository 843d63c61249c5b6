"""The autoencoder's shape, its noise, and the z-scoring stored with it."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from sernb.models.autoencoder import DenoisingAutoencoder


def layers(module):
    return [
        (layer.in_features, layer.out_features) if isinstance(layer, nn.Linear) else type(layer).__name__
        for layer in module
    ]


def test_published_shape():
    model = DenoisingAutoencoder()
    assert sum(parameter.numel() for parameter in model.parameters()) == 9_310
    assert layers(model.encoder) == [(88, 40), "ReLU", (40, 20), "ReLU", (20, 10), "ReLU", (10, 2)]
    assert layers(model.decoder) == [(2, 10), (10, 20), "ReLU", (20, 40), (40, 88)]


def test_width_and_latent_are_settings():
    model = DenoisingAutoencoder(features=384, latent=8, hidden=(128, 32))
    latent, reconstruction = model(torch.randn(5, 384))
    assert (latent.shape, reconstruction.shape) == ((5, 8), (5, 384))
    assert layers(model.decoder) == [(8, 32), (32, 128), "ReLU", (128, 384)]


def test_noise_is_for_training_only():
    torch.manual_seed(0)
    model, features = DenoisingAutoencoder(noise=1.0), torch.randn(64, 88)
    assert not torch.equal(model(features)[0], model(features)[0])
    quiet = DenoisingAutoencoder(noise=0.0)
    assert torch.equal(quiet(features)[0], quiet(features)[0])
    model.eval()
    assert torch.equal(model(features)[0], model(features)[0])


def test_noise_has_the_deviation_asked_for():
    torch.manual_seed(0)
    model = DenoisingAutoencoder(features=50, noise=0.5)
    model.encoder = nn.Identity()
    model.decoder = nn.Identity()
    noisy, _ = model(torch.zeros(2000, 50))
    assert noisy.std().item() == pytest.approx(0.5, rel=0.01)


def test_z_scores_as_scikit_learn_does():
    generator = np.random.default_rng(0)
    seen = (generator.normal(size=(40, 88)) * generator.uniform(0.1, 1000, 88) + 5).astype(np.float32)
    seen[:, 7] = 3.3  # a feature that never varies
    unseen = seen[:5] + 1
    model = DenoisingAutoencoder()
    model.standardize.fit(torch.from_numpy(seen))
    expected = StandardScaler().fit(seen.astype(np.float64)).transform(unseen.astype(np.float64))
    np.testing.assert_allclose(model.standardize(torch.from_numpy(unseen)), expected, atol=1e-4)


def test_stored_model_embeds_alike(tmp_path):
    torch.manual_seed(0)
    model, features = DenoisingAutoencoder(latent=4), 3 + 5 * torch.randn(30, 88)
    model.standardize.fit(features)
    model.save_pretrained(tmp_path / "model")
    again = DenoisingAutoencoder.from_pretrained(tmp_path / "model")
    assert torch.equal(again.embed(features), model.embed(features))
    assert not again.training
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".safetensors"}
    with pytest.raises(FileNotFoundError):
        DenoisingAutoencoder.from_pretrained(tmp_path)
