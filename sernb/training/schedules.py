"""What changes over the steps of a run: the weight of BYOL's loss, and the target's momentum."""

import math

WEIGHTS = ("linear", "constant")
MOMENTA = ("constant", "cosine")


def mixing_weight(step: int, total: int, start: float, end: float, schedule: str = "linear") -> float:
    """lambda of Gong et al. 2025, equation 2.

    Args:
        step: from 0 to total - 1.
        total: steps of the whole run.
        start: at the first step (paper: 0.8).
        end: at the last step (paper: 0.2).
        schedule: "linear" from start to end, or "constant" at start.

    Raises:
        ValueError: unknown schedule.

    Examples:
        >>> [round(mixing_weight(step, 4, 0.8, 0.2), 1) for step in range(4)]
        [0.8, 0.6, 0.4, 0.2]
    """
    if schedule not in WEIGHTS:
        raise ValueError(f"unknown weight schedule {schedule!r}; known are {', '.join(WEIGHTS)}")
    if schedule == "constant":
        return start
    return start + (end - start) * step / max(1, total - 1)


def momentum(step: int, total: int, base: float, schedule: str = "constant") -> float:
    """The share the target network keeps of itself at a step.

    Args:
        step: from 0 to total - 1.
        total: steps of the whole run.
        base: at the first step.
        schedule: "constant", or "cosine" from base to 1 (Grill et al. 2020, section 3.2).

    Raises:
        ValueError: unknown schedule.
    """
    if schedule not in MOMENTA:
        raise ValueError(f"unknown momentum schedule {schedule!r}; known are {', '.join(MOMENTA)}")
    if schedule == "constant":
        return base
    return 1 - (1 - base) * (math.cos(math.pi * step / total) + 1) / 2
