"""Which clips are kept: rules of length and level."""

from dataclasses import dataclass

import pandas as pd

from sernb.corpora.ranges import Checked, NotNegative, Positive, Share


@dataclass(frozen=True)
class Rules(Checked):
    """Which clips are kept.

    Attributes:
        min_duration_s: shortest clip, seconds (Gong et al. 2025, section 3.1: 0.5).
        max_duration_s: longest clip with an emotion label, seconds (Gong et al. 2025, section 3.1: 12). Speech without
            one is heard through a window, so it may be as long as it likes.
        min_peak: smallest level the loudest sample may have, full scale 1; a clip under it is silent.
        max_clipped: largest share of samples at full scale, 0 to 1. Shouting clips a little in good corpora
            (BanglaSER up to 0.042).

    Raises:
        ValueError: a value outside its range, or no duration that is allowed.
    """

    min_duration_s: NotNegative = 0.5
    max_duration_s: Positive = 12.0
    min_peak: Share = 0.001
    max_clipped: Share = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_duration_s > self.max_duration_s:
            raise ValueError(f"no clip is both over {self.min_duration_s} s and under {self.max_duration_s} s long")


RULES = Rules()
"""The paper's."""


def broken_rule(
    duration_s: float, peak: float, clipped: float, labelled: bool = False, rules: Rules = RULES
) -> str | None:
    """The first rule a clip breaks, in words; None where it breaks none, or where what was not measured is NaN.

    Args:
        duration_s: seconds.
        peak: largest absolute sample, full scale 1.
        clipped: share of samples at full scale.
        labelled: whether it has an emotion label: only then can it be too long.
        rules: see Rules.
    """
    if duration_s < rules.min_duration_s:
        return f"shorter than {rules.min_duration_s:g} s"
    if labelled and duration_s > rules.max_duration_s:
        return f"longer than {rules.max_duration_s:g} s"
    if peak < rules.min_peak:
        return f"silent: no sample reaches {rules.min_peak:g} of full scale"
    if clipped > rules.max_clipped:
        return f"clipped: more than {rules.max_clipped:.0%} of samples at full scale"
    return None


def broken_rules(clips: pd.DataFrame, rules: Rules) -> pd.Series:
    """`broken_rule` of each clip; missing where it breaks none.

    Args:
        clips: columns duration_s, peak and clipped, as `inspection.check_all` gives them, and source_label.
        rules: see Rules.
    """
    labelled = clips["source_label"].notna()
    measured = zip(clips["duration_s"], clips["peak"], clips["clipped"], labelled, strict=True)
    return pd.Series([broken_rule(*one, rules) for one in measured], index=clips.index, dtype="string")
