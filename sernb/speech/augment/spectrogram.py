"""Spectral stretch and SpecAugment: a whole batch on its device, each clip with parameters of its own."""

import torch

from sernb.speech.audio import FLOOR, band_centres
from sernb.speech.strengths import SpectrogramAugmentation


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

    low, high = config.stretch or (1.0, 1.0)
    factor = torch.where(draw() < config.probability, low + (high - low) * draw(), 1.0)
    log_mel, frames = stretch_time(log_mel, frames, factor)

    if config.band_limit_probability:
        cut = draw() < config.band_limit_probability
        log_mel = torch.where(cut[:, None, None], limit_band(log_mel, config.band_limit_hz), log_mel)

    chosen = draw() < config.probability
    fill = log_mel.mean((1, 2), keepdim=True)
    time = masks(draw(config.time_masks, 2), frames, config.time_share * frames, log_mel.shape[2])
    bins = torch.full_like(frames, log_mel.shape[1])
    width = torch.full_like(frames, config.frequency_bins, dtype=torch.float32)
    frequency = masks(draw(config.frequency_masks, 2), bins, width, log_mel.shape[1])
    hidden = (time[:, None, :] | frequency[:, :, None]) & chosen[:, None, None]
    return torch.where(hidden, fill, log_mel), frames


def limit_band(log_mel: torch.Tensor, highest_hz: float) -> torch.Tensor:
    """Spectrograms as of a recording that holds nothing above a frequency: these bands lie at each clip's floor.

    Args:
        log_mel: Whisper's scale, shape (batch, bins, time).
        highest_hz: the band's end, Hz.
    """
    above = torch.from_numpy(band_centres(log_mel.shape[1]) > highest_hz).to(log_mel.device)
    floor = log_mel.amax((1, 2), keepdim=True) - FLOOR
    return torch.where(above[None, :, None], floor, log_mel)


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

    def take(index: torch.Tensor) -> torch.Tensor:
        return log_mel.gather(2, index[:, None, :].expand_as(log_mel))

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
