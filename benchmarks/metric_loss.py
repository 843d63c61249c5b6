"""Seconds per step (loss and gradient) of the continuous metric loss: a loop over pairs, all pairs at once, ours.

Run: python benchmarks/metric_loss.py [batch]
"""

import sys

import torch
from torch.utils.benchmark import Timer

from sernb.losses.continuous import metric_loss


def pair_loop(latents: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The published formula, pair by pair, as the released code does it."""
    latent_differences, label_differences = [], []
    for i in range(len(labels)):
        for j in range(i + 1, len(labels)):
            latent_differences.append((latents[i] - latents[j]).mean())
            label_differences.append(labels[i] - labels[j])
    n, x = torch.stack(latent_differences), torch.stack(label_differences)
    slope = (x @ n) / (x @ x)
    return (slope - 1).abs() + (slope * x - n).square().mean()


def pair_matrix(latents: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The published formula with all B (B - 1) / 2 pairs in memory."""
    i, j = torch.triu_indices(len(labels), len(labels), offset=1)
    n, x = (latents[i] - latents[j]).mean(dim=1), labels[i] - labels[j]
    slope = (x @ n) / (x @ x)
    return (slope - 1).abs() + (slope * x - n).square().mean()


def main(batch: int = 256) -> None:
    """Print seconds per step and the ratio to the pair loop, both measured in this run, on one thread."""
    torch.manual_seed(0)
    latents, labels = torch.randn(batch, 2, requires_grad=True), torch.randint(2, 11, (batch,)) / 2
    losses = {"loop over pairs": pair_loop, "matrix of pairs": pair_matrix, "sernb": metric_loss}
    values = [loss(latents, labels).item() for loss in losses.values()]
    assert max(values) - min(values) < 1e-4, values
    seconds = {}
    for name, loss in losses.items():
        timer = Timer("loss(z, l).backward()", globals={"loss": loss, "z": latents, "l": labels}, num_threads=1)
        seconds[name] = timer.blocked_autorange(min_run_time=2).median
    print(f"batch {batch}, torch {torch.__version__}, one thread")
    for name, value in seconds.items():
        print(f"{name:16} {value * 1e3:10.3f} ms   {seconds['loop over pairs'] / value:8.0f} x")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
