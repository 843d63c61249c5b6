"""NT-Xent and BYOL's loss against slow, readable oracles."""

import math

import pytest
import torch
from pytorch_metric_learning.losses import NTXentLoss
from torch import nn

from sernb.losses.byol_loss import regression_loss, spread, symmetric_loss
from sernb.losses.ntxent import SpeakerNTXent


def cosine(a: list[float], b: list[float]) -> float:
    product = sum(x * y for x, y in zip(a, b, strict=True))
    return product / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))


def oracle(z: torch.Tensor, speakers: list[int], temperature: float, denominator: str) -> float:
    """Equation 1, pair by pair."""
    z, losses = z.tolist(), []
    for i in range(len(z)):
        for j in range(len(z)):
            if i == j or speakers[i] != speakers[j]:
                continue
            total = 0.0
            for k in range(len(z)):
                if speakers[k] != speakers[i] or (denominator == "common" and k == j):
                    total += math.exp(cosine(z[i], z[k]) / temperature)
            losses.append(-math.log(math.exp(cosine(z[i], z[j]) / temperature) / total))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("denominator", ["common", "others"])
@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0])
@pytest.mark.parametrize("speakers", [[0, 0, 1, 1, 2, 2], [5, 1, 5, 1, 5, 9], [0, 0, 0, 1]])
def test_ntxent_equals_the_oracle(speakers, temperature, denominator):
    z = torch.randn(len(speakers), 8, generator=torch.Generator().manual_seed(1))
    loss = SpeakerNTXent(temperature, denominator)(z, torch.tensor(speakers))
    assert loss.item() == pytest.approx(oracle(z.double(), speakers, temperature, denominator), rel=1e-6, abs=1e-6)


def test_the_two_readings_differ():
    z, speakers = torch.randn(6, 8), torch.tensor([0, 0, 1, 1, 2, 2])
    common, others = (SpeakerNTXent(0.5, name)(z, speakers) for name in ("common", "others"))
    assert common > others


def test_the_common_form_and_its_gradient_are_the_librarys():
    z = torch.randn(32, 16, dtype=torch.float64, requires_grad=True)
    speakers = torch.arange(8).repeat(4)
    gradients = []
    for loss in (SpeakerNTXent(0.1), NTXentLoss(0.1)):
        value = loss(z, speakers)
        gradients.append((value.detach(), *torch.autograd.grad(value, z)))
    torch.testing.assert_close(gradients[0], gradients[1])


def test_half_precision_around_it_does_not_round_it():
    z, speakers = torch.randn(16, 32), torch.arange(4).repeat(4)
    loss = SpeakerNTXent(0.05)
    with torch.autocast("cpu", torch.bfloat16):
        assert loss(z, speakers) == loss(z, speakers.clone())
        inside = loss(z, speakers)
    assert inside == loss(z, speakers) and inside.dtype == torch.float32


@pytest.mark.parametrize(("speakers", "missing"), [([3, 3, 3], "no negative pair"), ([0, 1, 2], "no positive pair")])
def test_a_batch_without_pairs_is_an_error(speakers, missing):
    with pytest.raises(ValueError, match=missing):
        SpeakerNTXent()(torch.randn(3, 4), torch.tensor(speakers))


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match="common, others"):
        SpeakerNTXent(denominator="none")
    with pytest.raises(ValueError, match="above zero"):
        SpeakerNTXent(0.0)


def byol_oracle(prediction: torch.Tensor, target: torch.Tensor) -> float:
    rows = zip(prediction.tolist(), target.tolist(), strict=True)
    return sum(2 - 2 * cosine(p, t) for p, t in rows) / len(prediction)


def test_the_regression_loss_equals_the_oracle_and_is_symmetric_in_the_views():
    p1, p2, t1, t2 = torch.randn(4, 5, 8, generator=torch.Generator().manual_seed(2)).unbind(0)
    assert regression_loss(p1, t2).item() == pytest.approx(byol_oracle(p1, t2), rel=1e-6)
    both = symmetric_loss((p1, p2), (t1, t2)).item()
    assert both == pytest.approx(byol_oracle(p1, t2) + byol_oracle(p2, t1), rel=1e-6)
    assert both == pytest.approx(symmetric_loss((p2, p1), (t2, t1)).item(), rel=1e-6)
    assert both != pytest.approx(symmetric_loss((p1, p2), (t2, t1)).item(), rel=1e-3)


def test_no_gradient_reaches_the_target():
    online, target = nn.Linear(8, 4), nn.Linear(8, 4)
    x = torch.randn(5, 8)
    regression_loss(online(x), target(x)).backward()
    assert online.weight.grad.abs().sum() > 0 and target.weight.grad is None


def test_spread_tells_full_from_collapsed():
    generator = torch.Generator().manual_seed(0)
    full = spread(torch.randn(4000, 16, generator=generator))
    assert full["effective_rank"] == pytest.approx(16, abs=0.1) and full["variance"] == pytest.approx(1, abs=0.01)
    plane = torch.randn(500, 2, generator=generator) @ torch.linalg.qr(torch.randn(16, 2, generator=generator))[0].T
    assert spread(plane)["effective_rank"] == pytest.approx(2, abs=0.1)
    point = torch.ones(50, 16) + 1e-9 * torch.randn(50, 16, generator=generator)
    assert spread(point) == {"variance": pytest.approx(0, abs=1e-9), "effective_rank": 0.0}
