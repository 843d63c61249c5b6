"""The protocol of Das et al. 2022 on speaker-disjoint folds: learn on one language, use on others, train no further."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from sernb.data.folds import Split
from sernb.data.grouping import each_corpus
from sernb.experiments.readouts import SCALES, Embed, Readouts
from sernb.models.autoencoder import DenoisingAutoencoder, Standardizer
from sernb.progress import progress_bar
from sernb.runs import Run, RunStore
from sernb.training.metric import MetricConfig, train_metric

SEEDS = (4, 13, 6, 47, 59)
"""The released code's random states."""
GRID: tuple[dict[str, Any], ...] = (  # the published setting first
    {},
    {"learning_rate": 1e-3},
    {"learning_rate": 1e-3, "noise": 0.3},
    {"learning_rate": 1e-3, "latent": 8},
)
MADE_UP = {"angry": (4.5, 1.5), "happy": (4.0, 4.5), "neutral": (2.5, 3.0), "sad": (1.5, 2.0)}
"""Activation and valence of a class on the demo corpus: nobody rated it."""


@dataclass(frozen=True)
class Frozen:
    """A method without training: features as they are, z-scored ("egemaps", "whisper")."""

    features: str


METHODS: dict[str, MetricConfig | Frozen] = {
    "eGeMAPS, no model": Frozen("egemaps"),
    "plain DAE": MetricConfig(loss="plain"),
    "metric DAE, activation": MetricConfig(label="activation"),
    "metric DAE, valence": MetricConfig(label="valence"),
    "metric DAE, joint": MetricConfig(label="joint"),
    "concordance DAE, joint": MetricConfig(loss="concordance"),
    "cluster DAE": MetricConfig(loss="cluster"),
    "Whisper, frozen": Frozen("whisper"),
    "plain DAE on Whisper": MetricConfig(features="whisper", loss="plain"),
    "metric DAE on Whisper, joint": MetricConfig(features="whisper"),
}


@dataclass(frozen=True)
class Parts:
    """One fold of a source language: manifest rows to train on, to choose on, to test on, and the targets."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    targets: pd.DataFrame


def with_made_up_ratings(clips: pd.DataFrame) -> pd.DataFrame:
    """Clips with activation and valence that stand for their emotion: for the demo corpus, which nobody rated.

    Each emotion is one point of the plane; Bangla is left unrated, as BanglaSER is.

    Args:
        clips: manifest rows of the demo corpus.
    """
    rated = clips["emotion"].astype(object).where(clips["language"] != "bn")
    points = pd.DataFrame(MADE_UP, index=SCALES, dtype=float)
    return clips.assign(**{scale: rated.map(points.loc[scale]).astype(float) for scale in SCALES})


def choose_source(manifest: pd.DataFrame, target: str) -> str:
    """The language to learn from, for a target: English if it has activation and valence, else the best labelled.

    Raises:
        ValueError: no other language has any clip with both.
    """
    labelled = manifest[manifest["language"] != target].dropna(subset=list(SCALES))
    if labelled.empty:
        raise ValueError(
            f"no clip outside {target!r} has activation and valence labels; put those of Das et al. 2022 (a folder "
            "with URDU.csv, EMO_DB.csv, ...) beside the corpora, or a corpus that has its own"
        )
    counts = labelled["language"].value_counts()
    return "en" if "en" in counts.index else counts.index[0]


def source_folds(manifest: pd.DataFrame, source: str) -> list[int]:
    """Numbers of the folds of a language that can be a source.

    Raises:
        ValueError: it has no clip with activation and valence, or speakers for fewer than three folds.
    """
    known = manifest[manifest["language"] == source]
    if not known[list(SCALES)].notna().all(axis=1).any():
        raise ValueError(f"no clip in {source!r} has activation and valence labels; choose another source language")
    folds = sorted(known["fold"].unique())
    if len(folds) < 3:
        raise ValueError(f"{source!r} fills {len(folds)} folds; training, validation and test need three")
    return folds


def parts(manifest: pd.DataFrame, source: str, fold: int, unlabelled: str | None = None) -> Parts:
    """Fold `fold` of the source language tests, the next one validates, the others train; targets are all the rest.

    Args:
        manifest: manifest rows.
        source: ISO 639-1 code of the language to learn from.
        fold: number of the fold left out.
        unlabelled: language whose clips join the training without any label; it is then no target.

    Raises:
        ValueError: as `source_folds`.
        LeakError: a speaker or identical audio in two parts.
    """
    known = manifest[manifest["language"] == source]
    folds = source_folds(manifest, source)
    validates = folds[(folds.index(fold) + 1) % len(folds)]
    train = known[~known["fold"].isin([fold, validates])]
    others = manifest[manifest["language"] != source]
    extra = others[others["language"] == unlabelled]
    result = Parts(
        train=pd.concat([train, extra.assign(emotion=None, activation=np.nan, valence=np.nan)])
        if len(extra)
        else train,
        validation=known[known["fold"] == validates],
        test=known[known["fold"] == fold],
        targets=others[others["language"] != unlabelled],
    )
    Split(train, result.validation, pd.concat([result.test, result.targets]), extra)
    return result


def leaky_parts(manifest: pd.DataFrame, source: str, fold: int, folds: int = 5, seed: int = 0) -> Parts:
    """The paper's folds: stratified by class, by utterance, ignoring speakers (released code). Only to measure them."""
    known = manifest[manifest["language"] == source]
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed).split(known, known["source_label"])
    numbers = np.empty(len(known), int)
    for number, (_, members) in enumerate(dealt):
        numbers[members] = number
    validates = (fold + 1) % folds
    return Parts(
        train=known[(numbers != fold) & (numbers != validates)],
        validation=known[numbers == validates],
        test=known[numbers == fold],
        targets=manifest[:0],
    )


def trained(method: MetricConfig, split: Parts, features: Mapping[str, pd.DataFrame], store: RunStore) -> Run:
    """The run of a method on a split: found in the store, or made there."""
    judged = pd.concat([split.validation, split.test, split.targets])
    return train_metric(method, features[method.features], split.train, judged, store)


def embedder(
    method: MetricConfig | Frozen, split: Parts, features: Mapping[str, pd.DataFrame], store: RunStore
) -> Embed:
    """Train a method on a split's training clips, if it needs any.

    Args:
        method: see METHODS.
        split: learn from its `train`, embed the rest.
        features: "egemaps" and "whisper", each one row per clip, index utterance_id.
        store: where runs are found or made.

    Returns:
        A function of manifest rows and a flag to their latents, shape (clips, L). The flag False z-scores
        features by the training clips' statistics, as published; True by the given clips' own, label-free ones.
    """
    table = features[method.features]

    def values(clips: pd.DataFrame) -> torch.Tensor:
        return torch.from_numpy(table.loc[clips["utterance_id"]].to_numpy(np.float32, copy=True))

    if isinstance(method, Frozen):
        standardize, embed = Standardizer(table.shape[1]), lambda clips: standardize(values(clips)).numpy()
    else:
        model = DenoisingAutoencoder.from_pretrained(trained(method, split, features, store).model)
        standardize, embed = model.standardize, lambda clips: model.embed(values(clips)).numpy()

    def with_statistics(clips: pd.DataFrame, own: bool) -> np.ndarray:
        standardize.fit(values(clips if own else split.train))
        return embed(clips)

    return with_statistics


def judge(embed: Embed, split: Parts) -> pd.DataFrame:
    """Answers for the test fold and each target, targets also with their own statistics.

    Returns:
        One row a clip and kind of z-scoring: utterance_id, statistics ("source" | "own"), the columns of
        `Readouts.answer`.
    """
    readouts = Readouts.fit(embed, split.train, split.validation)
    corpora = [clips for _, clips in each_corpus(split.targets)]
    judged = [(split.test, False), *((clips, own) for clips in corpora for own in (False, True))]
    return pd.concat(
        [
            readouts.answer(embed(clips, own)).assign(
                utterance_id=clips["utterance_id"].to_numpy(), statistics="own" if own else "source"
            )
            for clips, own in judged
        ],
        ignore_index=True,
    )


def selection_score(embed: Embed, split: Parts) -> float:
    """What settings are chosen by, on validation speakers: mean of UAR and both Pearson correlations."""
    answers = Readouts.fit(embed, split.train, split.validation).answer(embed(split.validation, False))
    answers.index = split.validation.index
    labelled = split.validation["emotion"].notna()
    uar = balanced_accuracy_score(
        split.validation.loc[labelled, "emotion"].to_numpy(object), answers.loc[labelled, "predicted_emotion"]
    )
    correlations = [split.validation[scale].corr(answers[f"predicted_{scale}"]) for scale in SCALES]
    return float(np.nan_to_num([uar, *correlations]).mean())


def choose(method: MetricConfig, split: Parts, features: Mapping[str, pd.DataFrame], store: RunStore) -> dict:
    """The point of GRID with which the method scores best on the split's validation speakers."""
    return max(
        GRID, key=lambda point: selection_score(embedder(replace(method, **point), split, features, store), split)
    )


def run_protocol(
    manifest: pd.DataFrame,
    features: Mapping[str, pd.DataFrame],
    source: str,
    store: RunStore,
    methods: Mapping[str, MetricConfig | Frozen] = METHODS,
    seeds: Iterable[int] = SEEDS,
    *,
    only_folds: Iterable[int] | None = None,
    tuned: bool = False,
    longer: Mapping[str, Any] | None = None,
    leaky: bool = False,
    unlabelled: str | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Every method on every fold and seed, judged on the left-out fold and on every other language.

    Args:
        manifest: manifest rows.
        features: see `embedder`.
        source: ISO 639-1 code of the language to learn from.
        store: where runs are found or made.
        methods: by name.
        seeds: of the trained methods; a frozen one gives one answer and runs once.
        only_folds: folds that are left out in turn; None for each.
        tuned: choose settings from GRID, per fold and on its validation speakers, instead of the published ones.
        longer: learning rate and epochs instead of the published ones.
        leaky: the paper's utterance-level folds instead of speaker-disjoint ones.
        unlabelled: see `parts`.
        progress: show a progress bar.

    Returns:
        The rows of `judge`, with method, setting ("published" | "tuned" | "longer"), settings (JSON of what differs
        from the published ones), folds ("speaker" | "utterance"), unlabelled (language or "none"), source, fold, seed.
    """
    splits = {}
    for fold in only_folds or source_folds(manifest, source):
        splits[fold] = leaky_parts(manifest, source, fold) if leaky else parts(manifest, source, fold, unlabelled)
    seeds = tuple(seeds)
    tasks = [(fold, name) for fold in splits for name in methods]
    tables = []
    # one thread: these problems are so small that sharing them costs more than it saves
    with (
        threadpool_limits(1),
        progress_bar(total=len(tasks), desc=f"from {source}", unit="method", show=progress) as bar,
    ):
        for fold, name in tasks:
            method, settings = methods[name], {}
            if isinstance(method, MetricConfig):
                settings = choose(method, splits[fold], features, store) if tuned else dict(longer or {})
                method = replace(method, **settings)
            for seed in seeds if isinstance(method, MetricConfig) else seeds[:1]:
                seeded = replace(method, seed=seed) if isinstance(method, MetricConfig) else method
                answers = judge(embedder(seeded, splits[fold], features, store), splits[fold])
                tables.append(answers.assign(method=name, fold=fold, seed=seed, settings=json.dumps(settings)))
            bar.update()
    return pd.concat(tables, ignore_index=True).assign(
        setting="tuned" if tuned else "longer" if longer else "published",
        folds="utterance" if leaky else "speaker",
        unlabelled=unlabelled or "none",
        source=source,
    )
