"""BYOL's two networks (Grill et al. 2020, section 3): one learns, the other follows it slowly and is its aim."""

import copy

import torch
from torch import nn

from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder


def perceptron(width: int, hidden: int, out: int) -> nn.Sequential:
    """A projector or predictor: linear, batch norm, ReLU, linear (Grill et al. 2020, section 3.2)."""
    return nn.Sequential(nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, out))


class Follower(nn.Module):
    """The target network: encoder, projector and emotion head of the online one, with weights that trail behind.

    The head takes no part in BYOL's loss. It is averaged as the encoder is, so that both are of one age when the target
    is judged; the paper says only that target network and head are used.

    No gradient ever reaches it. Its batch norm's running statistics are not averaged from the online network's,
    which describe other activations: in training it normalises by its own batches and keeps its own statistics, as
    in Grill et al. 2020. Copied at the start, they are on their own from then on.

    Args:
        encoder: of the online network.
        projector: of the online network.
        head: of the online network.
    """

    def __init__(self, encoder: WhisperEncoder, projector: nn.Module, head: nn.Sequential) -> None:
        super().__init__()
        self.head = copy.deepcopy(head)
        self.encoder = copy.deepcopy(encoder)
        self.projector = copy.deepcopy(projector)
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, log_mel: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Log-mels (batch, bins, time) and how many frames hold speech (batch,) -> projections (batch, width)."""
        return self.projector(self.encoder(log_mel, frames))

    @torch.no_grad()
    def follow(self, encoder: WhisperEncoder, projector: nn.Module, head: nn.Module, momentum: float) -> None:
        """Every weight becomes momentum times itself plus (1 - momentum) times the online network's."""
        for mine, online in ((self.encoder, encoder), (self.projector, projector), (self.head, head)):
            pairs = zip(mine.parameters(), online.parameters(), strict=True)
            own, leading = zip(*pairs, strict=True)
            torch._foreach_lerp_(own, leading, 1 - momentum)


class Networks(nn.Module):
    """Online classifier, projector and predictor, and the target that follows.

    Args:
        classifier: online encoder and supervised head.
        hidden: width of projector's and predictor's hidden layers.
        projection: width of the projections.
        predictor: False leaves the predictor out; the networks then tend to collapse.
    """

    def __init__(self, classifier: EmotionClassifier, hidden: int, projection: int, predictor: bool = True) -> None:
        super().__init__()
        self.online = classifier
        self.projector = perceptron(classifier.encoder.width, hidden, projection)
        self.predictor = perceptron(projection, hidden, projection) if predictor else nn.Identity()
        self.target = Follower(classifier.encoder, self.projector, classifier.head)

    def predict(self, log_mel: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """The online network's guess of the target's projection of another view, shape (batch, projection)."""
        return self.predictor(self.projector(self.online.encoder(log_mel, frames)))

    def follow(self, momentum: float) -> None:
        """Move the target one step towards the online network."""
        self.target.follow(self.online.encoder, self.projector, self.online.head, momentum)

    def classifier(self, network: str) -> EmotionClassifier:
        """A copy of the "target" or the "online" encoder, with its head."""
        copied = copy.deepcopy(self.online)
        if network == "target":
            copied.encoder, copied.head = copy.deepcopy(self.target.encoder), copy.deepcopy(self.target.head)
        return copied
