"""The views of BYOL: mixup, random-resize-crop and masking of log-mels (Gong et al. 2025, section 2.1).

A whole batch on its device, each clip with parameters of its own. The paper names the three transforms and no
strength; the defaults of mixup and crop are those of BYOL-A (Niizumi et al. 2021), the masks' those of the
contrastive recipe.
"""

import math

import torch

from sernb.speech.augment.spectrogram import masks
from sernb.speech.strengths import ViewAugmentation


def augment_view(
    log_mel: torch.Tensor, frames: torch.Tensor, config: ViewAugmentation, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """One view of every clip of a batch; called twice on one generator, it gives two independent ones.

    Args:
        log_mel: Whisper's log-mels, shape (batch, bins, time).
        frames: how many of each clip's frames hold speech, shape (batch,).
        config: strengths.
        generator: on the CPU whatever the batch's device, so that a seed means the same everywhere.

    Returns:
        The views, shape (batch, bins, time), and their speech lengths in frames, shape (batch,). The crop moves
        these too: two views of one length would be recognised by their length alone.
    """
    batch, bins, time = log_mel.shape

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(batch, *shape, generator=generator).to(log_mel.device)

    partner, share, crop = draw(), config.mixup * draw(), draw(4)
    if config.mixup and batch > 1:
        # an offset of at least one: no clip is mixed with itself
        offset = 1 + (partner * (batch - 1)).long().clamp(max=batch - 2)
        others = (torch.arange(batch, device=log_mel.device) + offset) % batch
        log_mel = mixup(log_mel, log_mel[others], share)
    (low_t, high_t), (low_f, high_f) = config.crop_time, config.crop_frequency
    scale_t, scale_f = low_t + (high_t - low_t) * crop[:, 0], low_f + (high_f - low_f) * crop[:, 1]
    log_mel, frames = resize_crop(log_mel, frames, scale_t, scale_f, crop[:, 2], crop[:, 3])

    fill = log_mel.mean((1, 2), keepdim=True)
    hidden_time = masks(draw(config.time_masks, 2), frames, config.time_share * frames, time)
    whole = torch.full_like(frames, bins)
    width = torch.full_like(frames, config.frequency_bins, dtype=torch.float32)
    hidden_bins = masks(draw(config.frequency_masks, 2), whole, width, bins)
    return torch.where(hidden_time[:, None, :] | hidden_bins[:, :, None], fill, log_mel), frames


def mixup(log_mel: torch.Tensor, other: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Mix the power of two spectrograms, (1 - share) of one and `share` of the other (BYOL-A, section III-B).

    Args:
        log_mel: Whisper's scale, (log10 power + 4) / 4, shape (batch, bins, time).
        other: the same of another clip.
        share: shape (batch,), 0 to 1.
    """
    to_ln = 4 * math.log(10)  # one unit of Whisper's scale is four decades of power
    share = share[:, None, None]
    return torch.logaddexp(log_mel * to_ln + torch.log1p(-share), other * to_ln + share.log()) / to_ln


def resize_crop(
    log_mel: torch.Tensor,
    frames: torch.Tensor,
    scale_time: torch.Tensor,
    scale_frequency: torch.Tensor,
    place_time: torch.Tensor,
    place_frequency: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut a rectangle out of each window and resize it to the window, bilinearly.

    Args:
        log_mel: shape (batch, bins, time).
        frames: speech lengths in frames, shape (batch,); what follows the speech counts as the clip's floor.
        scale_time: width of the rectangle over the window's, shape (batch,); under 1 slows speech down, over 1
            speeds it up and reaches into the floor.
        scale_frequency: height of the rectangle over the number of bands, shape (batch,).
        place_time: where the rectangle begins, between the window's first frame (0) and the latest place, or the
            earliest if the scale is over 1, that keeps speech in it (1), shape (batch,).
        place_frequency: where it begins, between the lowest band (0) and the place that lets it end with, or, if the
            scale is over 1, begin under, the bands (1), shape (batch,).

    Returns:
        The spectrograms, shape (batch, bins, time), and where their speech ends, shape (batch,).
    """
    batch, bins, time = log_mel.shape
    floor = log_mel.amin((1, 2), keepdim=True)
    t, in_t = _positions(time, frames, scale_time, place_time)
    f, in_f = _positions(bins, torch.full_like(frames, bins), scale_frequency, place_frequency)
    # grid_sample counts from -1, the first cell's centre, to 1, the last one's
    x = (2 * t / max(1, time - 1) - 1)[:, None, :].expand(batch, bins, time)
    y = (2 * f / max(1, bins - 1) - 1)[:, :, None].expand(batch, bins, time)
    grid = torch.stack([x, y], dim=-1).to(log_mel.dtype)
    moved = torch.nn.functional.grid_sample(log_mel[:, None], grid, padding_mode="border", align_corners=True)[:, 0]
    cell = torch.arange(time, device=log_mel.device)
    ends = torch.where(in_t, cell + 1, 1).amax(1).to(frames.dtype)
    return torch.where(in_t[:, None, :] & in_f[:, :, None], moved, floor), ends


def _positions(
    size: int, lengths: torch.Tensor, scale: torch.Tensor, place: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where along an axis each output cell reads, and whether it lies within the speech; both (batch, size)."""
    last = (lengths - 1).clamp(min=0)[:, None]
    start = place[:, None] * last * (1 - scale[:, None])
    position = start + torch.arange(size, device=lengths.device) * scale[:, None]
    slack = 1e-4 * size  # a scale of exactly 1 must not lose its last cell to rounding
    return position, (position >= -slack) & (position <= last + slack)
