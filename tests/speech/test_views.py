"""BYOL's views, measured on what comes out."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sernb.speech.augment import ViewAugmentation, augment_view, mixup, reduced_strength, resize_crop

STILL = {"mixup": 0.0, "crop_time": (1.0, 1.0), "crop_frequency": (1.0, 1.0), "time_masks": 0, "frequency_masks": 0}
FRAMES = torch.full((64,), 300)


def speech(batch: int = 64) -> torch.Tensor:
    """Log-mels of Whisper's range, 300 frames of 'speech' and a floor after it."""
    log_mel = torch.rand(batch, 80, 300, generator=torch.Generator().manual_seed(7)) * 1.5 - 0.5
    return torch.nn.functional.pad(log_mel, (0, 100), value=-1.0)


def view(config: ViewAugmentation, seed: int = 0, log_mel: torch.Tensor | None = None) -> torch.Tensor:
    log_mel = speech() if log_mel is None else log_mel
    return augment_view(log_mel, FRAMES[: len(log_mel)], config, torch.Generator().manual_seed(seed))[0]


def power(log_mel: torch.Tensor) -> torch.Tensor:
    return 10 ** (4 * log_mel.double() - 4)


def test_strengths_of_nothing_change_nothing():
    torch.testing.assert_close(view(ViewAugmentation(**STILL)), speech(), atol=1e-4, rtol=0)


def test_mixup_adds_powers_by_the_shares_asked_for():
    one, other = speech(4), speech(8)[4:]
    share = torch.tensor([0.0, 0.1, 0.25, 0.5])
    expected = (1 - share[:, None, None]) * power(one) + share[:, None, None] * power(other)
    torch.testing.assert_close(power(mixup(one, other, share)), expected, rtol=1e-4, atol=1e-9)


def test_each_clip_is_mixed_with_another_by_a_share_of_its_own_up_to_the_largest():
    # clip number i has power 10^-i in every cell, so that the powers of a mixture tell partner and share
    log_mel = ((4 - torch.arange(8.0)) / 4)[:, None, None].expand(8, 80, 300).clone()
    shares, partners = [], set()
    for seed in range(60):
        out = view(ViewAugmentation(**STILL | {"mixup": 0.4}), seed, log_mel)
        kept = power(out[0, 0, 0]) / power(log_mel[0, 0, 0])  # clip 0 is the loudest: what is left of it is 1 - share
        shares.append(1 - kept.item())
        gained = (power(out[7, 0, 0]) / power(log_mel[7, 0, 0])).item()
        assert gained > 1 - 0.4 - 1e-6
        partners.add(round(torch.log10(torch.tensor(gained)).item()))
    assert min(shares) > -1e-6 and max(shares) < 0.4 and max(shares) - min(shares) > 0.2
    assert len(partners) > 3


@pytest.mark.parametrize("scale", [0.6, 1.5])
def test_a_crop_shows_the_rectangle_asked_for(scale):
    """Seen on a ramp over time: the output's slope is the crop's width, its range lies where the crop was put."""
    ramp = torch.arange(400.0).expand(3, 80, 400).clone()
    places = torch.tensor([0.0, 0.5, 1.0])
    ones = torch.ones(3)
    out, ends = resize_crop(ramp, torch.tensor([300, 300, 200]), scale * ones, ones, places, ones)
    for row, end, length, place in zip(out[:, 0], ends.tolist(), (300, 300, 200), places.tolist(), strict=True):
        position = place * (length - 1) * (1 - scale) + scale * torch.arange(400.0)
        inside = (position >= 0) & (position <= length - 1)
        torch.testing.assert_close(row[inside], position[inside], atol=1e-2, rtol=0)
        outside = (position < -0.1) | (position > length - 1 + 0.1)
        assert (row[outside] == 0).all()
        assert end == pytest.approx(inside.nonzero().max().item() + 1, abs=1)


def test_two_views_of_a_clip_differ_in_length():
    generator = torch.Generator().manual_seed(1)
    (_, first), (_, second) = (augment_view(speech(), FRAMES, ViewAugmentation(), generator) for _ in range(2))
    assert (first != second).float().mean() > 0.9
    assert first.min() >= 300 / 1.5 - 1 and first.max() == 400
    still = augment_view(speech(), FRAMES, ViewAugmentation(**STILL), generator)[1]
    assert torch.equal(still, FRAMES)


def test_a_crop_over_frequency_scales_the_bands():
    ramp = torch.arange(80.0)[None, :, None].expand(1, 80, 100).clone()
    one = torch.ones(1)
    out, _ = resize_crop(ramp, torch.tensor([100]), one, 0.5 * one, one, one)
    torch.testing.assert_close(out[0, :, 0], 39.5 + 0.5 * torch.arange(80.0), atol=1e-2, rtol=0)


def masked_share(config: ViewAugmentation, seed: int) -> torch.Tensor:
    """Share of each clip's speech cells that a view holds under a mask, shape (batch,)."""
    changed = (view(config, seed) - speech()).abs() > 1e-3
    return changed[:, :, :300].float().mean((1, 2))


def test_masks_hide_the_share_asked_for_and_differ_by_clip():
    time_only = ViewAugmentation(**STILL | {"time_masks": 1, "time_share": 0.2})
    shares = torch.cat([masked_share(time_only, seed) for seed in range(10)])
    assert shares.max() <= 0.2 + 2 / 300 and shares.mean() == pytest.approx(0.1, abs=0.01) and shares.std() > 0.04
    bands = ViewAugmentation(**STILL | {"frequency_masks": 1, "frequency_bins": 20})
    shares = torch.cat([masked_share(bands, seed) for seed in range(10)])
    assert shares.max() <= 21 / 80 and shares.mean() == pytest.approx(0.125, abs=0.015) and shares.std() > 0.05


def test_the_supervised_view_is_weaker_and_never_mixes():
    full, reduced = ViewAugmentation(), reduced_strength()
    change = [(view(config) - speech()).abs().mean() for config in (full, reduced)]
    assert change[1] < 0.8 * change[0]
    # changing every other clip of the batch leaves a clip's supervised view as it was
    others = speech()
    others[1:] = others[1:].flip(0)
    assert torch.equal(view(reduced, 3)[0], view(reduced, 3, others)[0])
    assert not torch.equal(view(full, 3)[0], view(full, 3, others)[0])


def test_views_repeat_with_the_seed_and_two_of_one_generator_differ():
    generator = torch.Generator().manual_seed(5)
    first, second = (augment_view(speech(), FRAMES, ViewAugmentation(), generator)[0] for _ in range(2))
    assert torch.equal(first, view(ViewAugmentation(), 5))
    assert (first != second).any((1, 2)).all()


def test_clips_of_one_frame_and_batches_of_one_clip_have_views():
    one, frames = augment_view(speech(1), torch.tensor([1]), ViewAugmentation(), torch.Generator().manual_seed(0))
    assert one.shape == (1, 80, 400) and one.isfinite().all() and frames >= 1


@pytest.mark.parametrize(
    ("field", "value"), [("mixup", 0.6), ("time_share", 1.2), ("crop_time", (0.0, 1.0)), ("crop_frequency", (1.2, 0.8))]
)
def test_strengths_outside_their_range_are_refused(field, value):
    with pytest.raises(ValueError, match=field):
        ViewAugmentation(**{field: value})


class Operations(TorchDispatchMode):
    """Counts what torch is asked to compute."""

    count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += 1
        return function(*args, **(kwargs or {}))


def test_a_larger_batch_takes_no_more_operations():
    counts = []
    for batch in (2, 64):
        log_mel, frames = speech(batch), FRAMES[:batch]
        with Operations() as operations:
            augment_view(log_mel, frames, ViewAugmentation(), torch.Generator().manual_seed(0))
        counts.append(operations.count)
    assert counts[0] == counts[1] > 0
