"""How strong augmentation is: settings alone, so that they are checked before torch is imported."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Interval

from sernb.corpora.ranges import Checked, CountOrZero, Decibels, Factors, Positive, Share


@dataclass(frozen=True)
class WaveformAugmentation(Checked):
    """Strengths of the waveform transforms; None leaves one out.

    Attributes:
        snr_db: Gaussian noise at a signal-to-noise ratio drawn uniformly from this range, dB (paper: 10-20).
        gain_db: gain, dB; sensible within -18 to 18. The paper gives no range.
        speed: speed factor, which moves pitch and tempo together; sensible within 0.8 to 1.25. No range in the paper.
        polarity: whether the sign of all samples may be turned.
        probability: chance of each transform. Not in the paper.
    """

    snr_db: Decibels | None = (10.0, 20.0)
    gain_db: Decibels | None = (-6.0, 6.0)
    speed: Factors | None = (0.9, 1.1)
    polarity: bool = True
    probability: Share = 0.5


@dataclass(frozen=True)
class SpectrogramAugmentation(Checked):
    """Strengths of the spectrogram transforms; the paper gives no ranges.

    Attributes:
        stretch: spectral stretch, a tempo factor that leaves the pitch alone; sensible within 0.8 to 1.25. None leaves
            it out.
        time_masks: SpecAugment masks over time a clip (Park et al. 2019).
        time_share: widest time mask, as a share of the clip's speech, 0 to 1.
        frequency_masks: SpecAugment masks over frequency a clip.
        frequency_bins: widest frequency mask, mel bins.
        probability: chance that a clip is stretched, and that it is masked.
        band_limit_hz: where a clip's band ends if it is cut; CREMA-D's recordings end there. Not in the paper.
        band_limit_probability: chance that a clip's band is cut, so that the band does not tell the corpora apart.
    """

    stretch: Factors | None = (0.9, 1.1)
    time_masks: CountOrZero = 2
    time_share: Share = 0.1
    frequency_masks: CountOrZero = 2
    frequency_bins: CountOrZero = 10
    probability: Share = 0.5
    band_limit_hz: Positive = 5500.0
    band_limit_probability: Share = 0.0


@dataclass(frozen=True)
class ViewAugmentation(Checked):
    """Strengths of one view; the paper gives none.

    Attributes:
        mixup: largest share of another clip's power, 0 (none) to 0.5; each clip's share is drawn from 0 to this.
        crop_time: width of the crop as a factor of the clip's speech, drawn from this range; sensible within 0.5
            to 1.5. Over 1 the clip is shrunk and its surroundings hold the floor.
        crop_frequency: height of the crop as a factor of the bands, drawn from this range; sensible within 0.5 to 1.5.
        time_masks: masks over time a clip, 0 or more.
        time_share: widest time mask, as a share of the clip's speech, 0 to 1.
        frequency_masks: masks over frequency a clip, 0 or more.
        frequency_bins: widest frequency mask, mel bins.

    Raises:
        ValueError: a strength lies outside its range.
    """

    mixup: Annotated[float, Interval(ge=0, le=0.5)] = 0.4
    crop_time: Factors = (0.6, 1.5)
    crop_frequency: Factors = (0.6, 1.5)
    time_masks: CountOrZero = 2
    time_share: Share = 0.1
    frequency_masks: CountOrZero = 2
    frequency_bins: CountOrZero = 10


def reduced_strength() -> ViewAugmentation:
    """The supervised view's: masking and crop only, weaker (the paper's section 2.1; how much is left open)."""
    return ViewAugmentation(
        mixup=0.0, crop_time=(0.9, 1.1), crop_frequency=(0.9, 1.1), time_masks=1, frequency_masks=1, frequency_bins=5
    )
