"""Spectral stretch and SpecAugment: a whole batch on its device, each clip with parameters of its own."""

from dataclasses import dataclass

import torch

from sernb.augment.waveform import Range


@dataclass(frozen=True)
class SpectrogramAugmentation:
    """Strengths of the spectrogram transforms; the paper gives no ranges.

    Attributes:
        stretch: spectral stretch, a tempo factor that leaves the pitch alone; sensible within 0.8 to 1.25.
        time_masks: SpecAugment masks over time a clip (Park et al. 2019).
        time_share: widest time mask, as a share of the clip's speech, 0 to 1.
        frequency_masks: SpecAugment masks over frequency a clip.
        frequency_bins: widest frequency mask, mel bins.
        probability: chance that a clip is stretched, and that it is masked.
    """

    stretch: Range = (0.9, 1.1)
    time_masks: int = 2
    time_share: float = 0.1
    frequency_masks: int = 2
    frequency_bins: int = 10
    probability: float = 0.5


def augment_spectrogram(
    log_mel: torch.Tensor, frames: torch.Tensor, config: SpectrogramAugmentation, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """One augmented view of every clip of a batch.

    Args:
        log_mel: shape (batch, bins, time).
        frames: how many of each clip's frames hold speech, shape (batch,).
        config: strengths.
        generator: on the CPU whatever the batch's device, so that a seed means the same everywhere.

    Returns:
        The views, shape (batch, bins, time), and their speech lengths in frames, shape (batch,).
    """
    batch = len(log_mel)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(batch, *shape, generator=generator).to(log_mel.device)

    low, high = config.stretch
    factor = torch.where(draw() < config.probability, low + (high - low) * draw(), 1.0)
    log_mel, frames = stretch_time(log_mel, frames, factor)

    chosen = draw() < config.probability
    fill = log_mel.mean((1, 2), keepdim=True)
    time = masks(draw(config.time_masks, 2), frames, config.time_share * frames, log_mel.shape[2])
    bins = torch.full_like(frames, log_mel.shape[1])
    width = torch.full_like(frames, config.frequency_bins, dtype=torch.float32)
    frequency = masks(draw(config.frequency_masks, 2), bins, width, log_mel.shape[1])
    hidden = (time[:, None, :] | frequency[:, :, None]) & chosen[:, None, None]
    return torch.where(hidden, fill, log_mel), frames


def stretch_time(
    log_mel: torch.Tensor, frames: torch.Tensor, factor: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Play each spectrogram `factor` times as fast, by linear interpolation over time.

    Args:
        log_mel: shape (batch, bins, time).
        frames: speech lengths in frames, shape (batch,).
        factor: shape (batch,); over 1 shortens. What it leaves free holds each clip's floor, as silence does.

    Returns:
        The stretched spectrograms, same shape, and their speech lengths, at most `time`.
    """
    time = log_mel.shape[2]
    position = torch.arange(time, device=log_mel.device) * factor[:, None]
    left = position.floor().long().clamp(max=time - 1)
    right = (left + 1).clamp(max=time - 1)
    weight = (position - left).clamp(0, 1)[:, None, :]
    take = lambda index: log_mel.gather(2, index[:, None, :].expand_as(log_mel))  # noqa: E731
    stretched = take(left) * (1 - weight) + take(right) * weight
    floor = log_mel.amin((1, 2), keepdim=True)
    beyond = (position > time - 1)[:, None, :]
    return torch.where(beyond, floor, stretched), (frames / factor).round().clamp(1, time).to(frames.dtype)


def masks(draws: torch.Tensor, lengths: torch.Tensor, widest: torch.Tensor, size: int) -> torch.Tensor:
    """Where masks lie along an axis.

    Args:
        draws: uniform numbers for width and start, shape (batch, masks, 2).
        lengths: a mask lies within the first `lengths` positions, shape (batch,).
        widest: largest width, positions, shape (batch,).
        size: length of the axis.

    Returns:
        True where masked, shape (batch, size).
    """
    width = draws[..., 0] * torch.minimum(widest, lengths.to(widest.dtype))[:, None]
    start = draws[..., 1] * (lengths[:, None] - width)
    position = torch.arange(size, device=draws.device)
    inside = (position >= start[..., None]) & (position < (start + width)[..., None])
    return inside.any(1)
