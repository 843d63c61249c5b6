"""Augmentation (Gong et al. 2025, section 2.1): waveforms clip by clip, spectrograms batch by batch."""

from sernb.speech.augment.spectrogram import augment_spectrogram, limit_band, masks, stretch_time
from sernb.speech.augment.views import augment_view, mixup, resize_crop
from sernb.speech.augment.waveform import augment_waveform
from sernb.speech.strengths import SpectrogramAugmentation, ViewAugmentation, WaveformAugmentation, reduced_strength

__all__ = [
    "SpectrogramAugmentation",
    "ViewAugmentation",
    "WaveformAugmentation",
    "augment_spectrogram",
    "augment_view",
    "augment_waveform",
    "limit_band",
    "masks",
    "mixup",
    "reduced_strength",
    "resize_crop",
    "stretch_time",
]
