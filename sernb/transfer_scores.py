"""Scores of the transfer protocol with intervals over seeds and speakers, from its stored answers alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from sernb.labels import EMOTIONS
from sernb.transfer import PAIR, SCALES

KEYS = ["source", "folds", "setting", "method", "corpus", "statistics"]
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

    def scores(self, seeds: np.ndarray | None = None, clips: np.ndarray | None = None) -> dict[str, float]:
        """Each of SCORES, computed a model and averaged over models; NaN where the clips lack the labels.

        Args:
            seeds: which seeds, repeats allowed; None for each once.
            clips: which clips, repeats allowed; None for each once.
        """
        seeds = np.arange(len(self.answers["emotion"])) if seeds is None else seeds
        clips = np.arange(len(self.speaker)) if clips is None else clips
        truth = {name: values[clips] for name, values in self.truth.items()}
        answers = {name: values[seeds][:, :, clips].reshape(-1, len(clips)) for name, values in self.answers.items()}
        right, emotion = answers["emotion"] == truth["emotion"], truth["emotion"]
        pair = np.isin(emotion, [EMOTIONS.index(name) for name in PAIR])
        recalls = [right[:, emotion == number].mean() for number in np.unique(emotion[emotion >= 0])]
        found = {
            "accuracy": right[:, emotion >= 0].mean(),
            "uar": np.mean(recalls),
            "angry_sad": (answers["pair"] == emotion)[:, pair].mean() if pair.any() else np.nan,
        }
        for scale in SCALES:
            known = ~np.isnan(truth[scale])
            for kind, value in correlations(answers[scale][:, known], truth[scale][known]).items():
                found[f"{scale}_{kind}"] = value
        return found


def correlations(guess: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Pearson r, Spearman rho and Lin's concordance of each row with the truth, averaged over rows.

    A constant row correlates with nothing: 0, as its concordance is.

    Args:
        guess: shape (models, clips).
        truth: shape (clips,).
    """
    if len(truth) < 2 or np.ptp(truth) == 0:
        return dict.fromkeys(("r", "rho", "ccc"), np.nan)

    def pearson(rows: np.ndarray, target: np.ndarray) -> np.ndarray:
        spread = rows.std(1) * target.std()
        return np.divide(_covariance(rows, target), spread, out=np.zeros(len(rows)), where=spread > 1e-12)

    offset = guess.mean(1) - truth.mean()
    return {
        "r": pearson(guess, truth).mean(),
        "rho": pearson(rankdata(guess, axis=1), rankdata(truth)).mean(),
        "ccc": (2 * _covariance(guess, truth) / (guess.var(1) + truth.var() + offset**2)).mean(),
    }


def score(answers: pd.DataFrame, clips: pd.DataFrame, against: str = "plain DAE", resamples: int = 500, seed: int = 0):
    """Every score of every method, with a 95 % interval, and its difference from the method `against`.

    Intervals are percentiles of a bootstrap that redraws the corpus's speakers (clips of one speaker are not
    independent) and the seeds, together. Methods are compared on the same redraws.

    Args:
        answers: rows of `run_protocol`.
        clips: manifest rows.
        against: method each other is compared with, in the same source, folds, setting, corpus and statistics; a
            method that has none there is compared with the published setting's.
        resamples: redraws.
        seed: of the redraws.

    Returns:
        One row a score: KEYS, score, value, low, high, difference, difference_low, difference_high, models, clips,
        speakers.
    """
    clips = clips.set_index("utterance_id")
    answers = answers.assign(corpus=answers["utterance_id"].map(clips["corpus"]).to_numpy(object))
    language = answers["utterance_id"].map(clips["language"]).to_numpy(object)
    answers["pooled"] = answers["source"].to_numpy(object) == language
    panels = {
        key: Panel.of(rows, clips, bool(rows["pooled"].iloc[0]))
        for key, rows in answers.groupby(KEYS, observed=True, sort=False)
    }
    replicates = {key: _redraw(panel, resamples, seed) for key, panel in panels.items()}
    rows = []
    for key, panel in panels.items():
        names = dict(zip(KEYS, key, strict=True))
        value, drawn = panel.scores(), replicates[key]
        other = next(
            (
                tuple((names | change).values())
                for change in ({"method": against}, {"method": against, "setting": "published"})
                if tuple((names | change).values()) in panels
            ),
            None,
        )
        base = panels[other].scores() if other and other != key else None
        size = panel.answers["emotion"].shape
        for name in SCORES:
            row = names | {"score": name, "value": value[name]} | _interval("", drawn[name])
            if base is not None:
                row |= {"difference": value[name] - base[name]}
                row |= _interval("difference_", drawn[name] - replicates[other][name])
            rows.append(row | {"models": size[0] * size[1], "clips": size[2], "speakers": panel.speaker.max() + 1})
    return pd.DataFrame(rows)


def _redraw(panel: Panel, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Scores of redrawn speakers and seeds, each shape (resamples,); the same draws for every method on a corpus."""
    speakers, seeds = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    clips_of = [np.flatnonzero(panel.speaker == number) for number in range(panel.speaker.max() + 1)]
    found = {name: np.empty(resamples) for name in SCORES}
    for number in range(resamples):
        clips = np.concatenate([clips_of[s] for s in speakers.integers(len(clips_of), size=len(clips_of))])
        models = len(panel.answers["emotion"])
        for name, value in panel.scores(seeds.integers(models, size=models), clips).items():
            found[name][number] = value
    return found


def _interval(prefix: str, drawn: np.ndarray) -> dict[str, float]:
    tail = (1 - LEVEL) / 2
    low, high = (np.nan, np.nan) if np.isnan(drawn).all() else np.nanquantile(drawn, [tail, 1 - tail])
    return {f"{prefix}low": low, f"{prefix}high": high}


def _codes(emotions: pd.Series) -> np.ndarray:
    return pd.Categorical(emotions, categories=EMOTIONS).codes


def _covariance(rows: np.ndarray, target: np.ndarray) -> np.ndarray:
    return ((rows - rows.mean(1, keepdims=True)) * (target - target.mean())).mean(1)
