"""Losses that shape a latent by labels on a scale (Das et al. 2022), and two they are compared with.

Every loss takes a batch of B latents and B labels, leaves out the clips whose label is missing, and answers zero
(with a zero gradient) where a batch doesn't define it, so that its unlabelled clips can still be reconstructed.
"""

import torch
from torch import Tensor


def metric_loss(latents: Tensor, labels: Tensor) -> Tensor:
    """Latent differences in proportion to label differences (Das et al. 2022, released code).

    Over all pairs i < j: n_ij = mean over d of (z_i,d - z_j,d), x_ij = l_i - l_j, slope b = (x'n) / (x'x),
    loss = abs(b - 1) + mean (b x_ij - n_ij)^2.

    No pair is ever formed. With the clip's mean latent m_i, n_ij = m_i - m_j, so both are differences between
    clips, and a sum of products of differences over pairs is B times a centred sum over clips:
    sum_{i<j} (p_i - p_j)(q_i - q_j) = B sum_i (p_i - mean p)(q_i - mean q). The loss is thus the least-squares line
    of mean latent on label: abs(slope - 1) plus twice the residuals' unbiased variance.

    Args:
        latents: shape (B, L).
        labels: shape (B,), NaN where missing.

    Returns:
        Scalar; zero when fewer than two distinct labels are left (x'x = 0).

    Examples:
        Mean latents that rise by one with each step of the label cost nothing, wherever they begin; latents that
        rise half as fast cost what the slope lacks.

        >>> labels = torch.tensor([1.0, 2.0, 3.0])
        >>> latents = torch.tensor([[5.0, 5.0], [6.0, 6.0], [7.0, 7.0]])
        >>> metric_loss(latents, labels).item(), metric_loss(latents / 2, labels).item()
        (0.0, 0.5)
    """
    latents, labels = _labelled(latents, labels)
    if not _vary(labels):
        return _undefined(latents)
    mean_latent = latents.mean(dim=1)
    n, x = mean_latent - mean_latent.mean(), labels - labels.mean()
    slope = (x @ n) / (x @ x)
    residual = slope * x - n
    return (slope - 1).abs() + 2 * (residual @ residual) / (len(x) - 1)


def joint_metric_loss(latents: Tensor, activation: Tensor, valence: Tensor) -> Tensor:
    """`metric_loss` of the latent's first half on activation plus that of its second half on valence.

    Args:
        latents: shape (B, L), L even.
        activation: shape (B,), NaN where missing.
        valence: shape (B,), NaN where missing.

    Raises:
        ValueError: L is odd.
    """
    first, second = halves(latents)
    return metric_loss(first, activation) + metric_loss(second, valence)


def concordance_loss(latents: Tensor, labels: Tensor) -> Tensor:
    """1 - the concordance correlation (Lin 1989) of a clip's mean latent with its label.

    Unlike `metric_loss` it also asks for equal means: a latent of 3 for a label of 3.

    Args:
        latents: shape (B, L).
        labels: shape (B,), NaN where missing.

    Returns:
        Scalar in [0, 2]; zero when fewer than two distinct labels are left.
    """
    latents, labels = _labelled(latents, labels)
    if not _vary(labels):
        return _undefined(latents)
    mean_latent = latents.mean(dim=1)
    n, x = mean_latent - mean_latent.mean(), labels - labels.mean()
    offset = mean_latent.mean() - labels.mean()
    return 1 - 2 * (x @ n) / (x @ x + n @ n + len(x) * offset.square())


def joint_concordance_loss(latents: Tensor, activation: Tensor, valence: Tensor) -> Tensor:
    """`concordance_loss` of the latent's first half on activation plus that of its second half on valence.

    Raises:
        ValueError: L is odd.
    """
    first, second = halves(latents)
    return concordance_loss(first, activation) + concordance_loss(second, valence)


def cluster_loss(latents: Tensor, classes: Tensor) -> Tensor:
    """Mean distance of clips to their class's centroid over the mean distance between two centroids.

    Args:
        latents: shape (B, L).
        classes: integer shape (B,), negative where missing.

    Returns:
        Scalar >= 0; zero when fewer than two classes are left, or all centroids coincide.
    """
    latents, classes = latents[classes >= 0], classes[classes >= 0]
    names, member = classes.unique(return_inverse=True)
    if len(names) < 2:
        return _undefined(latents)
    total = latents.new_zeros(len(names), latents.shape[1]).index_add(0, member, latents)
    centroids = total / member.bincount().to(latents.dtype).unsqueeze(1)
    between = torch.nn.functional.pdist(centroids).mean()
    if between == 0:
        return _undefined(latents)
    return torch.linalg.vector_norm(latents - centroids[member], dim=1).mean() / between


def halves(latents: Tensor) -> tuple[Tensor, Tensor]:
    """The half of the latent that stands for activation and the half that stands for valence.

    Raises:
        ValueError: an odd number of values can't be halved.
    """
    if latents.shape[1] % 2:
        raise ValueError(f"a joint loss halves the latent: its size must be even, not {latents.shape[1]}")
    first, second = latents.tensor_split(2, dim=1)
    return first, second


def _labelled(latents: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    known = ~labels.isnan()
    return latents[known], labels[known].to(latents.dtype)


def _vary(labels: Tensor) -> bool:
    """Whether two labels differ: asked of the labels themselves, for x'x of equal ones is seldom exactly zero."""
    return len(labels) > 1 and bool(labels.min() < labels.max())


def _undefined(latents: Tensor) -> Tensor:
    return 0 * latents.sum()  # zero, but part of the graph: a caller may call backward on nothing else
