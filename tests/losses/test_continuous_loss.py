"""Each loss against a double loop over clips that follows its definition word for word."""

import math

import pytest
import torch

from sernb.losses import continuous

LATENT = 4
nan = math.nan


def metric_oracle(latents, labels):
    pairs = [(i, j) for j in range(len(labels)) for i in range(j) if labels[i] == labels[i] and labels[j] == labels[j]]
    n = [sum(latents[i][d] - latents[j][d] for d in range(len(latents[i]))) / len(latents[i]) for i, j in pairs]
    x = [labels[i] - labels[j] for i, j in pairs]
    slope = sum(a * b for a, b in zip(x, n, strict=True)) / sum(a * a for a in x)
    squares = [(slope * a - b) ** 2 for a, b in zip(x, n, strict=True)]
    return abs(slope - 1) + sum(squares) / len(pairs)


def concordance_oracle(latents, labels):
    known = [i for i in range(len(labels)) if labels[i] == labels[i]]
    n, x = [sum(latents[i]) / len(latents[i]) for i in known], [labels[i] for i in known]
    size = len(known)

    def over_pairs(p, q):  # a covariance is half the mean product of differences
        return sum((p[i] - p[j]) * (q[i] - q[j]) for i in range(size) for j in range(size)) / (2 * size**2)

    offset = sum(n) / size - sum(x) / size
    return 1 - 2 * over_pairs(n, x) / (over_pairs(n, n) + over_pairs(x, x) + offset**2)


def cluster_oracle(latents, classes):
    centroids = {}
    for name in {c for c in classes if c >= 0}:
        members = [z for z, c in zip(latents, classes, strict=True) if c == name]
        centroids[name] = [sum(values) / len(members) for values in zip(*members, strict=True)]
    within = [math.dist(z, centroids[c]) for z, c in zip(latents, classes, strict=True) if c >= 0]
    between = [math.dist(centroids[a], centroids[b]) for a in centroids for b in centroids if a < b]
    return (sum(within) / len(within)) / (sum(between) / len(between))


CONTINUOUS = [(continuous.metric_loss, metric_oracle), (continuous.concordance_loss, concordance_oracle)]
JOINT = [(continuous.joint_metric_loss, metric_oracle), (continuous.joint_concordance_loss, concordance_oracle)]


def batch(size=24, missing=0, seed=0):
    """Latents, labels on the 1-5 scale of the Das et al. labels, the first `missing` of them missing."""
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(size, LATENT, dtype=torch.float64, generator=generator)
    labels = torch.randint(2, 11, (size,), generator=generator).double() / 2
    labels[:missing] = nan
    return latents, labels


def classes_of(size=24, missing=0):
    classes = torch.arange(size) % 4
    classes[:missing] = -1
    return classes


@pytest.mark.parametrize("missing", [0, 7])
@pytest.mark.parametrize(("loss", "oracle"), CONTINUOUS)
def test_equals_the_double_loop(loss, oracle, missing):
    latents, labels = batch(missing=missing)
    assert loss(latents, labels).item() == pytest.approx(oracle(latents.tolist(), labels.tolist()), abs=1e-6)
    single = loss(latents.float(), labels.float())
    assert single.item() == pytest.approx(oracle(latents.tolist(), labels.tolist()), abs=1e-5)


@pytest.mark.parametrize("missing", [0, 7])
@pytest.mark.parametrize(("loss", "oracle"), JOINT)
def test_joint_takes_activation_from_the_first_half_and_valence_from_the_second(loss, oracle, missing):
    latents, activation = batch(missing=missing)
    valence = batch(seed=1)[1]
    expected = oracle(latents[:, :2].tolist(), activation.tolist()) + oracle(latents[:, 2:].tolist(), valence.tolist())
    assert loss(latents, activation, valence).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("missing", [0, 7])
def test_cluster_loss_equals_the_double_loop(missing):
    latents, classes = batch()[0], classes_of(missing=missing)
    expected = cluster_oracle(latents.tolist(), classes.tolist())
    assert continuous.cluster_loss(latents, classes).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("missing", [0, 3])
def test_gradients_in_float64(missing):
    latents, labels = batch(10, missing)
    valence, classes = batch(10, seed=1)[1], classes_of(10, missing)
    latents.requires_grad_()
    for loss in (
        lambda z: continuous.metric_loss(z, labels),
        lambda z: continuous.concordance_loss(z, labels),
        lambda z: continuous.joint_metric_loss(z, labels, valence),
        lambda z: continuous.joint_concordance_loss(z, labels, valence),
        lambda z: continuous.cluster_loss(z, classes),
    ):
        assert torch.autograd.gradcheck(loss, latents)


@pytest.mark.parametrize(
    "labels",
    [[3.0] * 6, [3.1] * 6, [nan] * 6, [4.0] + [nan] * 5, [3.1, nan, 3.1, 3.1, nan, 3.1]],
    ids=["constant", "constant, inexact mean", "all missing", "one clip", "constant where known"],
)
@pytest.mark.parametrize("loss", [continuous.metric_loss, continuous.concordance_loss])
def test_undefined_batches_cost_nothing_and_move_nothing(loss, labels):
    latents = batch(6)[0].requires_grad_()
    value = loss(latents, torch.tensor(labels))
    value.backward()
    assert value.item() == 0
    assert latents.grad.tolist() == torch.zeros(6, LATENT).tolist()


@pytest.mark.parametrize("classes", [[1] * 6, [-1] * 6, [-1, -1, 2, -1, 2, 2]])
def test_undefined_batches_of_classes(classes):
    latents = batch(6)[0].requires_grad_()
    value = continuous.cluster_loss(latents, torch.tensor(classes))
    value.backward()
    assert (value.item(), latents.grad.abs().max().item()) == (0, 0)
    collapsed = torch.ones(6, LATENT)
    assert continuous.cluster_loss(collapsed, torch.arange(6) % 3).item() == 0


def test_missing_labels_leave_their_clips_out():
    latents, labels = batch(missing=7)
    for loss in (continuous.metric_loss, continuous.concordance_loss):
        assert loss(latents, labels).item() == pytest.approx(loss(latents[7:], labels[7:]).item(), abs=1e-12)
        latents_grad = latents.clone().requires_grad_()
        loss(latents_grad, labels).backward()
        assert latents_grad.grad[:7].abs().max() == 0
        assert latents_grad.grad[7:].abs().min() > 0


def test_known_optima():
    labels = batch()[1]
    at_labels = labels.unsqueeze(1).expand(-1, LATENT)
    assert continuous.metric_loss(at_labels + 7, labels).item() == pytest.approx(0, abs=1e-12)  # offsets are free
    assert continuous.metric_loss(3 * at_labels, labels).item() == pytest.approx(2)  # |3 - 1|, no residual
    assert continuous.metric_loss(-at_labels, labels).item() == pytest.approx(2)  # differences are signed
    assert continuous.concordance_loss(at_labels, labels).item() == pytest.approx(0, abs=1e-12)
    assert continuous.concordance_loss(at_labels + 1, labels).item() > 0.01  # offsets are not


def test_odd_latents_have_no_halves():
    latents, labels = batch()
    with pytest.raises(ValueError, match="must be even, not 3"):
        continuous.joint_metric_loss(latents[:, :3], labels, labels)
