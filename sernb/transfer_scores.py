"""Scores of the transfer protocol with intervals over seeds and speakers, from its stored answers alone."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from sernb.labels import EMOTIONS
from sernb.transfer import PAIR, SCALES

KEYS = ["source", "folds", "setting", "unlabelled", "method", "corpus", "language", "statistics"]
SCORES = ("accuracy", "uar", "angry_sad", *(f"{scale}_{kind}" for scale in SCALES for kind in ("r", "rho", "ccc")))
LEVEL = 0.95


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

    def scores(self, clips: np.ndarray | None = None, seeds: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Each of SCORES, computed a model and averaged over models; NaN where the clips lack the labels.

        Args:
            clips: how often each clip counts in each of R redraws, shape (clips, R); None for each once, R = 1.
            seeds: how often each seed counts, shape (seeds, R).

        Returns:
            Shape (R,) each.
        """
        shape = self.answers["emotion"].shape
        clips = np.ones((shape[2], 1)) if clips is None else clips
        seeds = np.ones((shape[0], 1)) if seeds is None else seeds
        models = np.repeat(seeds, shape[1], axis=0)
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
        return {name: (value * models).sum(0) / models.sum(0) for name, value in found.items()}


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
    codes = [rankdata(rows, method="dense", axis=1).astype(int) - 1 for rows in (guess, truth[None])]
    ranked = [_rank_correlation(*codes, column[:, None]) for column in weights.T]
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


def score(answers: pd.DataFrame, clips: pd.DataFrame, against: str = "plain DAE", resamples: int = 500, seed: int = 0):
    """Every score of every method, with a 95 % interval, and its difference from the method `against`.

    Intervals are percentiles of a bootstrap that redraws the corpus's speakers (clips of one speaker are not
    independent) and the seeds, together. Methods are compared on the same redraws.

    Args:
        answers: rows of `run_protocol`.
        clips: manifest rows.
        against: method each other is compared with, all else being equal.
        resamples: redraws.
        seed: of the redraws.

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
    replicates = {key: _redraw(panel, resamples, seed) for key, panel in panels.items()}
    rows = []
    for key, panel in panels.items():
        names = dict(zip(KEYS, key, strict=True))
        value, drawn = panel.scores(), replicates[key]
        other = tuple((names | {"method": against}).values())
        base = panels[other].scores() if other in panels and other != key else None
        size = panel.answers["emotion"].shape
        for name in SCORES:
            row = names | {"score": name, "value": value[name][0]} | _interval("", drawn[name])
            if base is not None:
                row |= {"difference": (value[name] - base[name])[0]}
                row |= _interval("difference_", drawn[name] - replicates[other][name])
            rows.append(row | {"models": size[0] * size[1], "clips": size[2], "speakers": panel.speaker.max() + 1})
    return pd.DataFrame(rows)


def printed(scored: pd.DataFrame, columns: list[str], difference: bool = False) -> pd.DataFrame:
    """Rows of `score` as people read them: one row a method, one text a score, "0.53 [0.49, 0.58]".

    Args:
        scored: rows of `score` of one corpus or several.
        columns: which of SCORES, in this order.
        difference: print the differences, with their signs, in place of the values.
    """
    names, sign = (
        (("difference", "difference_low", "difference_high"), "+") if difference else (("value", "low", "high"), "")
    )
    rows = scored[scored["score"].isin(columns)]
    texts = [
        "–" if np.isnan(value) else f"{value:{sign}.2f} [{low:{sign}.2f}, {high:{sign}.2f}]"
        for value, low, high in rows[list(names)].to_numpy(float)
    ]
    wide = rows.assign(text=texts).pivot(
        index=["source", "corpus", "setting", "unlabelled", "method"], columns="score", values="text"
    )
    return wide[columns].reset_index()


def _redraw(panel: Panel, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Scores of redrawn speakers and seeds, each shape (resamples,); the same draws for every method on a corpus."""
    counts = [
        _draw_counts(np.random.default_rng([seed, kind]), size, resamples)
        for kind, size in enumerate((panel.speaker.max() + 1, len(panel.answers["emotion"])))
    ]
    return panel.scores(counts[0][panel.speaker], counts[1])


def _draw_counts(random: np.random.Generator, size: int, resamples: int) -> np.ndarray:
    """How often each of `size` is drawn in `size` draws with replacement, shape (size, resamples)."""
    return random.multinomial(size, np.full(size, 1 / size), resamples).T.astype(float)


def _interval(prefix: str, drawn: np.ndarray) -> dict[str, float]:
    tail = (1 - LEVEL) / 2
    low, high = (np.nan, np.nan) if np.isnan(drawn).all() else np.nanquantile(drawn, [tail, 1 - tail])
    return {f"{prefix}low": low, f"{prefix}high": high}


def _codes(emotions: pd.Series) -> np.ndarray:
    return pd.Categorical(emotions, categories=EMOTIONS).codes
