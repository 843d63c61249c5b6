"""NT-Xent with speaker labels (Gong et al. 2025, equation 1), on pytorch-metric-learning."""

import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.losses.generic_pair_loss import GenericPairLoss

DENOMINATORS = ("common", "others")


class SpeakerNTXent(GenericPairLoss):
    """Normalized temperature-scaled cross-entropy over all pairs of clips of one speaker.

    For a positive pair (i, j) with cosine similarity s: -log(exp(s_ij / t) / sum_k exp(s_ik / t)), averaged over
    all such pairs. The paper says of k only that it "denotes indices with a different speaker label than i".

    The "common" form equals pytorch-metric-learning's NTXentLoss, which compares every positive pair with every
    negative one; here the negatives of an anchor are summed once.

    Args:
        temperature: t; the paper gives none.
        denominator: "common" sums over the other speakers' clips and the pair itself, so that the loss stays
            above zero (Sohn 2016, Chen et al. 2020); "others" over the other speakers' clips only, the letter of
            equation 1.

    Raises:
        ValueError: unknown denominator, or a temperature that is not above zero.

    Examples:
        Two clips of each of two speakers, who lie at right angles. Of the 1 + 2 clips that the loss compares, the
        right one has similarity 1, the others 0: -log(e / (e + 2)).

        >>> z = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
        >>> loss = SpeakerNTXent(temperature=1.0)(z, torch.tensor([7, 7, 8, 8]))
        >>> round(loss.item(), 4)
        0.5514
    """

    def __init__(self, temperature: float = 0.1, denominator: str = "common") -> None:
        super().__init__(mat_based_loss=True)
        if denominator not in DENOMINATORS:
            raise ValueError(f"unknown denominator {denominator!r}; known are {', '.join(DENOMINATORS)}")
        if not temperature > 0:
            raise ValueError(f"the temperature must be above zero, not {temperature}")
        self.temperature = temperature
        self.denominator = denominator

    @torch.autocast("cuda", enabled=False)
    @torch.autocast("cpu", enabled=False)
    def forward(self, embeddings: torch.Tensor, speakers: torch.Tensor) -> torch.Tensor:
        """Loss of a batch, in single precision: half precision would round what a low temperature magnifies.

        Args:
            embeddings: shape (clips, width).
            speakers: speaker numbers, shape (clips,).

        Raises:
            ValueError: the batch holds no positive or no negative pair.
        """
        counts = speakers.unique(return_counts=True)[1]
        if len(counts) < 2:
            raise ValueError(f"no negative pair: all {len(speakers)} clips of the batch are of one speaker")
        if counts.max() < 2:
            raise ValueError(f"no positive pair: the {len(speakers)} clips of the batch are of as many speakers")
        return super().forward(embeddings.float() if embeddings.dtype != torch.float64 else embeddings, speakers)

    def _compute_loss(self, mat: torch.Tensor, pos_mask: torch.Tensor, neg_mask: torch.Tensor) -> dict:
        logits = mat / self.temperature
        negatives = logits.masked_fill(neg_mask == 0, float("-inf")).logsumexp(1)
        anchor, positive = pos_mask.nonzero(as_tuple=True)
        pair = logits[anchor, positive]
        denominator = negatives[anchor]
        if self.denominator == "common":
            denominator = torch.logaddexp(denominator, pair)
        return {
            "loss": {"losses": denominator - pair, "indices": (anchor, positive), "reduction_type": "pos_pair"},
        }

    def get_default_distance(self) -> CosineSimilarity:
        """The paper's similarity."""
        return CosineSimilarity()
