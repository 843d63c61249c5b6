"""Augmentation (Gong et al. 2025, section 2.1): waveforms clip by clip, spectrograms batch by batch."""

from sernb.augment.spectrogram import SpectrogramAugmentation, augment_spectrogram, masks, stretch_time
from sernb.augment.views import ViewAugmentation, augment_view, mixup, reduced_strength, resize_crop
from sernb.augment.waveform import WaveformAugmentation, augment_waveform, seeded

__all__ = [
    "SpectrogramAugmentation",
    "ViewAugmentation",
    "WaveformAugmentation",
    "augment_spectrogram",
    "augment_view",
    "augment_waveform",
    "masks",
    "mixup",
    "reduced_strength",
    "resize_crop",
    "seeded",
    "stretch_time",
]
