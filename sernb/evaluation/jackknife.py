"""Standard error and degrees of freedom of a contrast, over the speakers judged and the trainings that judged them.

A score averages over speakers and over trainings, and both are drawn by chance. With y the share that speaker i has in
the score of training r, a table of speakers and trainings is a two-way layout, y = mean + speaker + training + rest:

* speakers: variance of the speakers' means over trainings. It holds the rest once.
* trainings: variance of the trainings' means over speakers. It holds the rest once more,
* so the rest, estimated from what neither speaker nor training explains, is taken off once (Owen 2007; Cameron, Gelbach
  and Miller 2011).

Macro-F1 is no mean over speakers. Its shares are the jackknife's pseudo-values: what the score would lose without the
speaker (Efron and Stein 1981). The mean squares have few degrees of freedom; those of their sum are Satterthwaite's
(1946), and the interval is Student's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class Shares:
    """What each speaker has in the score under each training, for trainings that have nothing to do with others.

    Attributes:
        share: shape (rounds, speakers); its sum is the score (nearly, where the score is no mean). NaN where a speaker
            is not judged in a round.
        run: number of the training, shape (rounds, speakers); not read where share is NaN.
    """

    share: np.ndarray
    run: np.ndarray

    @property
    def judged(self) -> np.ndarray:
        """Which speakers each round judges, shape (rounds, speakers)."""
        return ~np.isnan(self.share)

    @property
    def groups(self) -> np.ndarray:
        """Number of each speaker's group, shape (speakers,): groups have no run in common (folds, or one of all)."""
        speakers = self.share.shape[1]
        speaker = np.broadcast_to(np.arange(speakers), self.share.shape)[self.judged]
        run = speakers + self.run[self.judged]
        size = int(run.max()) + 1
        links = coo_array((np.ones(len(run)), (speaker, run)), (size, size))
        return connected_components(links, directed=False)[1][:speakers]

    @property
    def repeated(self) -> bool:
        """Whether every speaker is judged by two trainings or more."""
        times = self.judged.sum(0)
        return bool((times[times > 0] > 1).all())

    @property
    def trainings(self) -> int:
        """How many different runs there are."""
        return len(np.unique(self.run[self.judged]))


def shares(whole: np.ndarray, without: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Pseudo-values of speakers, as shares of a mean over rounds.

    Args:
        whole: score of each round, shape (rounds,).
        without: score of each round without each speaker, shape (rounds, speakers); NaN where a speaker is not judged.
        weight: of each round in the mean, shape (rounds,), adding up to 1.

    Returns:
        Shape (rounds, speakers), NaN where a speaker is not judged.
    """
    speakers = (~np.isnan(without)).sum(1)[:, None]
    pseudo = speakers * whole[:, None] - (speakers - 1) * without
    return weight[:, None] * pseudo / speakers


def standard_error(families: Sequence[Shares], stratum: np.ndarray) -> tuple[float, float]:
    """Standard error of the sum of all shares, and its degrees of freedom.

    Where a family's trainings judge each speaker once only, but each its own group of speakers (one round of folds),
    luck of training and speakers is seen in the spread of groups, which then take the place of speakers. Where one
    training judges all, its luck is not seen, and the error is that of these models on other speakers.

    Args:
        families: the weights of a contrast included; trainings of different families are independent.
        stratum: number of each speaker's stratum, shape (speakers,).
    """
    centred = sum(np.nansum(_centred(family.share, stratum), 0) for family in families)
    once = [family for family in families if not family.repeated and family.groups.max() > 0]
    unit = _join([family.groups for family in once]) if once else None
    variance, own = _spread(centred, stratum) if unit is None else _spread_of_groups(centred, unit)
    parts = [(variance, own)]
    for family in families:
        if family.repeated:
            trained, own = _trainings(family)
            more = trained - _rest(family, stratum)
            if more > 0:
                variance += more
                parts.append((trained, own))
    if variance <= 0:
        return 0.0, np.inf
    # a difference of two mean squares is as unsure as the first of them; no sum is less sure than its least sure part
    freedom = variance**2 / sum(part**2 / own for part, own in parts)
    return float(np.sqrt(variance)), float(max(freedom, min(own for _, own in parts)))


def student(value: float, error: float, freedom: float, level: float) -> tuple[float, float, float]:
    """Student's interval and two-sided p of "no difference": low, high, p; p is 1 where value and error are 0."""
    if error == 0:
        return value, value, float(value == 0)
    half = error * stats.t.isf((1 - level) / 2, freedom)
    return value - half, value + half, float(2 * stats.t.sf(abs(value) / error, freedom))


def _centred(share: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    """Shares less their mean within each round and stratum."""
    result = share.copy()
    for number in np.unique(stratum):
        here = stratum == number
        times = np.maximum((~np.isnan(share[:, here])).sum(1, keepdims=True), 1)
        result[:, here] -= np.nansum(share[:, here], 1, keepdims=True) / times
    return result


def _spread(centred: np.ndarray, stratum: np.ndarray) -> tuple[float, float]:
    """Variance of a sum over speakers and its degrees of freedom."""
    sizes = np.bincount(stratum)
    variances = np.bincount(stratum, centred**2) * sizes / np.maximum(sizes - 1, 1)
    if not variances.any():
        return 0.0, np.inf
    return float(variances.sum()), float(variances.sum() ** 2 / (variances**2 / np.maximum(sizes - 1, 1)).sum())


def _spread_of_groups(centred: np.ndarray, unit: np.ndarray) -> tuple[float, float]:
    sums = np.bincount(unit, centred)
    return float((sums**2).sum() * len(sums) / (len(sums) - 1)), len(sums) - 1


def _deviation(family: Shares) -> np.ndarray:
    """Shares less the speaker's mean over trainings, scaled to their unbiased size; 0 where not judged."""
    times = family.judged.sum(0)
    mean = np.nansum(family.share, 0) / np.maximum(times, 1)
    return np.nan_to_num(family.share - mean) * np.sqrt(times / np.maximum(times - 1, 1))


def _trainings(family: Shares) -> tuple[float, float]:
    """Variance of trainings' means; each training's part of the score is the sum over its speakers."""
    judged, groups = family.judged, family.groups
    runs = np.unique(family.run[judged], return_inverse=True)[1]
    variance = float((np.bincount(runs, _deviation(family)[judged]) ** 2).sum())
    # a group's variance goes with the square of its share of speakers; observed ones are too few to weigh by
    group, here = np.unique(groups[judged.any(0)], return_inverse=True)
    size = np.bincount(here).astype(float) ** 2
    trained = np.array([len(np.unique(family.run[:, groups == one][judged[:, groups == one]])) for one in group])
    return variance, float(size.sum() ** 2 / (size**2 / (trained - 1)).sum())


def _rest(family: Shares, stratum: np.ndarray) -> float:
    """Variance that neither speakers nor trainings explain, which the variances of both hold."""
    deviation = _deviation(family)
    deviation[~family.judged] = np.nan
    judged = np.bincount(stratum, family.judged.any(0))
    inner = np.nan_to_num(_centred(deviation, stratum)) ** 2
    scale = judged / np.maximum(judged - 1, 1)
    return float((inner.sum(0) * scale[stratum]).sum())


def _join(groups: list[np.ndarray]) -> np.ndarray:
    """The finest grouping of speakers that keeps each of several groupings' groups together."""
    speakers = len(groups[0])
    joint = np.arange(speakers)
    for own in groups:
        links = coo_array((np.ones(speakers), (joint, joint.max() + 1 + own)), (joint.max() + own.max() + 2,) * 2)
        joint = np.unique(connected_components(links, directed=False)[1][joint], return_inverse=True)[1]
    return joint
