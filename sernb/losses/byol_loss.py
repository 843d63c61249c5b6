"""BYOL's regression loss (Grill et al. 2020, equations 2 and 3), and whether an embedding has collapsed."""

import torch
from torch.nn.functional import normalize


def regression_loss(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared distance of unit vectors, 2 - 2 cos, averaged over the clips; no gradient reaches the target.

    Args:
        prediction: of the online network's predictor, shape (clips, width).
        target: of the target network's projector on the other view, shape (clips, width).

    Examples:
        >>> same, apart = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 5.0]])
        >>> regression_loss(same, 3 * same).item(), regression_loss(same, apart).item()
        (0.0, 2.0)
    """
    prediction, target = normalize(prediction.float(), dim=-1), normalize(target.detach().float(), dim=-1)
    return (prediction - target).square().sum(-1).mean()


def symmetric_loss(
    predictions: tuple[torch.Tensor, torch.Tensor], targets: tuple[torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """Each view's prediction against the other view's target, added up.

    Args:
        predictions: of view one and view two, each of shape (clips, width).
        targets: of view one and view two, each of shape (clips, width).
    """
    return regression_loss(predictions[0], targets[1]) + regression_loss(predictions[1], targets[0])


def spread(embeddings: torch.Tensor) -> dict[str, float]:
    """How far a set of embeddings is from collapse.

    Args:
        embeddings: shape (clips, width), at least two clips.

    Returns:
        `variance`: of the embeddings scaled to unit length, summed over dimensions; 1 for directions all over the
        sphere, 0 when all clips point the same way. `effective_rank`: exp of the entropy of the normalised
        singular values of the centred embeddings (Roy and Vetterli 2007), from 1 to the width; 0 when all
        embeddings are equal.
    """
    embeddings = embeddings.double()
    unit = normalize(embeddings, dim=-1)
    singular = torch.linalg.svdvals(embeddings - embeddings.mean(0))
    # below the rounding of the embeddings themselves there is nothing left to count
    singular = singular[singular > 1e-6 * torch.linalg.matrix_norm(embeddings)]
    shares = singular / singular.sum()
    rank = torch.exp(-(shares * shares.log()).sum()).item() if len(singular) else 0.0
    return {"variance": unit.var(0, correction=0).sum().item(), "effective_rank": rank}
