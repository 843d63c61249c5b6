"""Scores of the transfer protocol with intervals over seeds and speakers, from its stored answers alone."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from sernb.evaluation.jackknife import Shares, shares, standard_error, student
from sernb.evaluation.uncertainty import FEWEST_SPEAKERS, LEVEL, in_words
from sernb.experiments.readouts import PAIR, SCALES
from sernb.labels import EMOTIONS

SCORES_FILE = "transfer.parquet"

KEYS = ["source", "folds", "setting", "unlabelled", "method", "corpus", "language", "statistics"]
SCORES = ("accuracy", "uar", "angry_sad", *(f"{scale}_{kind}" for scale in SCALES for kind in ("r", "rho", "ccc")))


@dataclass(frozen=True)
class Panel:
    """The answers of several models about the same clips.

    Attributes:
        answers: per column of `Readouts.answer`, classes as indices, shape (seeds, folds, clips).
        truth: emotion (-1 where missing), activation and valence (NaN where missing), each shape (clips,).
        speaker: speaker numbers, shape (clips,).
    """

    answers: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]
    speaker: np.ndarray

    @classmethod
    def of(cls, answers: pd.DataFrame, clips: pd.DataFrame, pool_folds: bool) -> "Panel":
        """Arrange the rows of one method on one corpus.

        Args:
            answers: rows of `run_protocol`.
            clips: manifest rows, index utterance_id.
            pool_folds: each clip was answered by one fold only (the source's left-out folds).
        """
        answers = answers.assign(fold=0) if pool_folds else answers
        table = answers.set_index(["seed", "fold", "utterance_id"]).sort_index()
        seeds, folds, names = (table.index.unique(level) for level in range(3))
        shape = (len(seeds), len(folds), len(names))
        clips = clips.loc[names]
        arrays = {}
        for column in ("emotion", "pair", *SCALES):
            values = table[f"predicted_{column}"]
            arrays[column] = (_codes(values) if column not in SCALES else values.to_numpy(float)).reshape(shape)
        truth = {scale: clips[scale].to_numpy(float) for scale in SCALES} | {"emotion": _codes(clips["emotion"])}
        return cls(arrays, truth, pd.factorize(clips["speaker"])[0])

    def scores(self, clips: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Each of SCORES under each seed, computed a model and averaged over folds; NaN where the clips lack labels.

        Args:
            clips: how often each clip counts in each of R tries, shape (clips, R); None for each once, R = 1.

        Returns:
            Shape (seeds, R) each.
        """
        shape = self.answers["emotion"].shape
        clips = np.ones((shape[2], 1)) if clips is None else clips
        answers = {name: values.reshape(-1, shape[2]) for name, values in self.answers.items()}
        emotion = self.truth["emotion"]
        right, right_pair = answers["emotion"] == emotion, answers["pair"] == emotion
        recalls = [_share(right, clips, emotion == number) for number in np.unique(emotion[emotion >= 0])]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Mean of empty slice")  # a redraw without any labelled clip
            found = {
                "accuracy": _share(right, clips, emotion >= 0),
                "uar": np.nanmean(recalls, axis=0),
                "angry_sad": _share(right_pair, clips, np.isin(emotion, [EMOTIONS.index(name) for name in PAIR])),
            }
        for scale in SCALES:
            known = ~np.isnan(self.truth[scale])
            kinds = correlations(answers[scale][:, known], self.truth[scale][known], clips[known])
            found |= {f"{scale}_{kind}": value for kind, value in kinds.items()}
        return {name: value.reshape(*shape[:2], -1).mean(1) for name, value in found.items()}

    def labelled(self, name: str) -> np.ndarray:
        """Which clips have the label that one of SCORES needs, shape (clips,)."""
        if name == "angry_sad":
            return np.isin(self.truth["emotion"], [EMOTIONS.index(emotion) for emotion in PAIR])
        scale = name.split("_")[0]
        return ~np.isnan(self.truth[scale]) if scale in SCALES else self.truth["emotion"] >= 0

    def shares(self) -> dict[str, Shares | None]:
        """Shares of speakers in each of SCORES; None where it can't be computed, or not without some speaker."""
        speakers = int(self.speaker.max()) + 1
        left_out = (self.speaker[:, None] != np.arange(speakers)).astype(float)
        found = self.scores(np.concatenate([np.ones((len(self.speaker), 1)), left_out], axis=1))
        return {name: self._shares(name, value) for name, value in found.items()}

    def _shares(self, name: str, value: np.ndarray) -> Shares | None:
        judged = np.isin(np.arange(value.shape[1] - 1), self.speaker[self.labelled(name)])
        whole, without = value[:, 0], value[:, 1:]
        if judged.sum() < FEWEST_SPEAKERS or np.isnan(whole).any() or np.isnan(without[:, judged]).any():
            return None
        seeds = len(whole)
        share = shares(whole, np.where(judged, without, np.nan), np.full(seeds, 1 / seeds))
        return Shares(share, np.broadcast_to(np.arange(seeds)[:, None], share.shape))


def correlations(guess: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Pearson's r, Spearman's rho and Lin's concordance of each row with the truth, shape (models, R).

    A constant guess correlates with nothing: 0, as its concordance is; a constant truth, or none: NaN.

    Args:
        guess: shape (models, clips).
        truth: shape (clips,).
        weights: how often each clip counts, shape (clips, R).
    """
    if len(truth) < 2 or np.ptp(truth) == 0:
        return dict.fromkeys(("r", "rho", "ccc"), np.full((len(guess), weights.shape[1]), np.nan))
    centre, middle = guess.mean(1, keepdims=True), truth.mean()  # moments about a point nearby lose no digits
    covariance, guess_variance, truth_variance, shift = _moments(guess - centre, truth - middle, weights)
    total = guess_variance + truth_variance + (shift + centre - middle) ** 2
    guess_codes, truth_codes = (rankdata(rows, method="dense", axis=1).astype(int) - 1 for rows in (guess, truth[None]))
    ranked = [_rank_correlation(guess_codes, truth_codes, column[:, None]) for column in weights.T]
    return {
        "r": _correlation(covariance, guess_variance, truth_variance),
        "rho": np.concatenate(ranked, axis=1),
        "ccc": 2 * covariance / total,
    }


def _moments(guess: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, ...]:
    """Covariance, both variances and the difference of means, shape (models, R)."""
    total = weights.sum(0)
    guess_mean, truth_mean = guess @ weights / total, truth @ weights / total
    covariance = (guess * truth) @ weights / total - guess_mean * truth_mean
    guess_variance = guess**2 @ weights / total - guess_mean**2
    truth_variance = truth**2 @ weights / total - truth_mean**2
    return covariance, guess_variance, truth_variance, guess_mean - truth_mean


def _correlation(covariance: np.ndarray, guess_variance: np.ndarray, truth_variance: np.ndarray) -> np.ndarray:
    spread = np.sqrt(np.clip(guess_variance, 0, None) * np.clip(truth_variance, 0, None))
    result = np.divide(covariance, spread, out=np.zeros_like(covariance), where=spread > 1e-9)
    return np.where(truth_variance > 1e-9, result, np.nan)


def _rank_correlation(guess: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Spearman's rho of clips that count several times, shape (models, 1), from their dense ranks."""
    half = weights.sum() / 2
    guess_ranks, truth_ranks = (_middle_ranks(codes, weights[:, 0]) / half - 1 for codes in (guess, truth))
    return _correlation(*_moments(guess_ranks, truth_ranks[0], weights)[:3])


def _middle_ranks(codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Ranks of each row once clips count as often as their weight, ties sharing their middle rank."""
    width = codes.max() + 1
    flat = codes + width * np.arange(len(codes))[:, None]
    counts = np.bincount(flat.ravel(), np.tile(weights, len(codes)), len(codes) * width).reshape(len(codes), width)
    return np.take_along_axis(counts.cumsum(1) - (counts - 1) / 2, codes, axis=1)


def _share(right: np.ndarray, weights: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Share of the counted clips that are right, shape (models, R); NaN where a redraw holds none."""
    total = weights[counted].sum(0)
    return np.where(total > 0, right[:, counted] @ weights[counted] / np.where(total > 0, total, 1), np.nan)


def score(answers: pd.DataFrame, clips: pd.DataFrame, against: str = "plain DAE") -> pd.DataFrame:
    """Every score of every method, with a 95 % interval, and its difference from the method `against`.

    Intervals are over the corpus's speakers and the seeds (see `evaluation.jackknife`); the folds of a seed are
    averaged. A method with one seed is taken for one without chance, as frozen features are: its interval is over
    speakers alone. Where fewer than FEWEST_SPEAKERS have the label, there is no interval.

    Args:
        answers: rows of `run_protocol`.
        clips: manifest rows.
        against: method each other is compared with, all else being equal.

    Returns:
        One row a score: KEYS, score, value, low, high, difference, difference_low, difference_high, models, clips,
        speakers.
    """
    clips = clips.set_index("utterance_id")
    answers = answers.assign(
        corpus=answers["utterance_id"].map(clips["corpus"]).to_numpy(object),
        language=answers["utterance_id"].map(clips["language"]).to_numpy(object),
    )
    within = KEYS.index("source"), KEYS.index("language")
    panels = {
        key: Panel.of(rows, clips, pool_folds=key[within[0]] == key[within[1]])
        for key, rows in answers.groupby(KEYS, observed=True, sort=False)
    }
    values = {
        key: {name: value[:, 0].mean() for name, value in panel.scores().items()} for key, panel in panels.items()
    }
    parts = {key: panel.shares() for key, panel in panels.items()}
    rows = []
    for key, panel in panels.items():
        names = dict(zip(KEYS, key, strict=True))
        other = tuple((names | {"method": against}).values())
        seeds, folds, judged = panel.answers["emotion"].shape
        for name in SCORES:
            value, own = values[key][name], parts[key][name]
            row = names | {"score": name, "value": value} | _interval("", value, [own])
            if other in panels and other != key:
                gain, base = value - values[other][name], parts[other][name]
                less = base and Shares(-base.share, base.run)
                row |= {"difference": gain} | _interval("difference_", gain, [own, less])
            rows.append(row | {"models": seeds * folds, "clips": judged, "speakers": panel.speaker.max() + 1})
    return pd.DataFrame(rows)


def _interval(prefix: str, value: float, families: list[Shares | None]) -> dict[str, float]:
    low = high = np.nan
    known = [family for family in families if family is not None]
    if len(known) == len(families):
        speakers = known[0].share.shape[1]
        low, high, _ = student(value, *standard_error(known, np.zeros(speakers, int)), LEVEL)
    return {f"{prefix}low": low, f"{prefix}high": high}


def printed(scored: pd.DataFrame, columns: list[str], difference: bool = False) -> pd.DataFrame:
    """Rows of `score` as people read them: one row per method, one text a score, "0.53 [0.49, 0.58]".

    Args:
        scored: rows of `score` of one corpus or several.
        columns: which of SCORES, in this order.
        difference: print the differences, with their signs, in place of the values.
    """
    names = ["difference", "difference_low", "difference_high"] if difference else ["value", "low", "high"]
    rows = scored[scored["score"].isin(columns)]
    texts = [
        "–" if np.isnan(found[0]) else in_words(dict(zip(("value", "low", "high"), found, strict=True)), 2, difference)
        for found in rows[names].to_numpy(float)
    ]
    wide = rows.assign(text=texts).pivot(
        index=["source", "corpus", "setting", "unlabelled", "method"], columns="score", values="text"
    )
    return wide[columns].reset_index()


def _codes(emotions: pd.Series) -> np.ndarray:
    return pd.Categorical(emotions, categories=EMOTIONS).codes
