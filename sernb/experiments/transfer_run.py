"""The transfer protocol from corpora to tables: answers, clips, latents, costs, and the scores of the answers."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import opensmile
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from sernb.data.environment import environment
from sernb.data.files import parse_json, read_table
from sernb.data.manifest import CHECKS_FILE, harmonize
from sernb.data.writing import write_table
from sernb.experiments.profiles import load_profile
from sernb.experiments.transfer import GRID, METHODS, Frozen, parts, run_protocol, source_folds
from sernb.experiments.transfer_curves import CURVE_COLUMNS, curves
from sernb.experiments.transfer_scores import SCORES_FILE, score
from sernb.models.autoencoder import DenoisingAutoencoder
from sernb.models.embeddings import whisper_embeddings
from sernb.models.whisper import WhisperEncoder
from sernb.runs import Run, RunStore
from sernb.speech.audio import LogMel, fit_length, load, speech_frames
from sernb.speech.egemaps import FEATURES_FILE, egemaps, functionals
from sernb.training.metric import MetricConfig, latents, train_metric

ANSWERS_FILE = "transfer_answers.parquet"
CLIPS_FILE = "transfer_clips.parquet"
PLANES_FILE = "transfer_planes.parquet"
COSTS_FILE = "transfer_costs.parquet"
SHIFTS_FILE = "transfer_shifts.parquet"
CURVES_FILE = "transfer_curves.parquet"
STUDIED = ("iemocap", "emodb", "urdu", "cafe", "aesdd")
"""The paper's corpora; it learns from the first."""
JOINT, PLAIN = "metric DAE, joint", "plain DAE"
TUNED = (
    PLAIN,
    "metric DAE, activation",
    "metric DAE, valence",
    JOINT,
    "plain DAE on Whisper",
    "metric DAE on Whisper, joint",
)
PICTURED: tuple[tuple[str, dict[str, Any]], ...] = ((PLAIN, {}), (JOINT, {}), (JOINT, {"learning_rate": 1e-3}))
LEAKED = ("eGeMAPS, no model", PLAIN, JOINT, "Whisper, frozen")
CLIP_COLUMNS = ["utterance_id", "corpus", "language", "speaker", "gender", "emotion", "activation", "valence"]


@dataclass(frozen=True)
class TransferResults:
    """What the protocol found.

    Attributes:
        answers: rows of `transfer.run_protocol`.
        clips: the manifest rows they are about, columns CLIP_COLUMNS.
        planes: latents of one run a method, for pictures: the columns of `training.metric.latents`, method,
            settings (JSON of what differs from the published ones), source.
        scores: `transfer_scores.score` of the answers.
        costs: see `costs`.
        shifts: see `shifts`.
        curves: see `transfer_curves.curves`; empty where they were not stored.
        protocol: methods and their settings, grid, what `longer` changes, seeds, sources, targets, encoder, and which
            of the paper's corpora are absent.
        environment: as a run's.
    """

    answers: pd.DataFrame
    clips: pd.DataFrame
    planes: pd.DataFrame
    scores: pd.DataFrame
    costs: pd.DataFrame
    shifts: pd.DataFrame
    curves: pd.DataFrame
    protocol: dict[str, Any]
    environment: dict[str, Any]

    @property
    def study(self) -> "TransferStudy":
        """The study as a page heads it."""
        return TransferStudy(Path(SCORES_FILE), self.protocol, self.environment)

    def save(self, folder: Path) -> None:
        """Write every table, protocol and environment as JSON into the scores'.

        Answers are written in the types and order in which they compress best.
        """
        folder.mkdir(parents=True, exist_ok=True)
        text = self.answers.select_dtypes(["object", "string"]).columns
        numbers = {"fold": "int8", "seed": "int64", "predicted_activation": "f4", "predicted_valence": "f4"}
        answers = self.answers.astype(dict.fromkeys(text, "category") | numbers)
        unlabelled = self.clips.loc[self.clips["activation"].isna(), "utterance_id"]
        scales = ["predicted_activation", "predicted_valence"]
        answers.loc[answers["utterance_id"].isin(unlabelled), scales] = np.nan  # nothing to compare them with
        answers = answers.sort_values(["source", "statistics", "utterance_id", "fold", "folds", "method", "setting"])
        answers.to_parquet(folder / ANSWERS_FILE, index=False, compression="zstd", compression_level=19)
        write_table(folder / CLIPS_FILE, self.clips[CLIP_COLUMNS])
        write_table(folder / PLANES_FILE, self.planes)
        write_table(folder / COSTS_FILE, self.costs)
        write_table(folder / SHIFTS_FILE, self.shifts)
        write_table(folder / CURVES_FILE, self.curves)
        about = {"protocol": self.protocol, "environment": self.environment}
        texts = {name: json.dumps(value, sort_keys=True) for name, value in about.items()}
        write_table(folder / SCORES_FILE, self.scores.assign(**texts))

    @classmethod
    def load(cls, folder: Path) -> "TransferResults":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: a table isn't there, the curves' aside.
            FileError: not what `save` writes.
        """
        scores = read_table(folder / SCORES_FILE)
        protocol, environment = (
            parse_json(folder / SCORES_FILE, scores.pop(name).iloc[0]) for name in ("protocol", "environment")
        )
        names = (ANSWERS_FILE, CLIPS_FILE, PLANES_FILE, COSTS_FILE, SHIFTS_FILE)
        answers, clips, planes, costs, shifts = (pd.read_parquet(folder / name) for name in names)
        curve = folder / CURVES_FILE
        trained = read_table(curve) if curve.exists() else pd.DataFrame(columns=CURVE_COLUMNS)
        return cls(answers, clips, planes, scores, costs, shifts, trained, protocol, environment)


@dataclass(frozen=True)
class TransferStudy(Run):
    """All runs of the protocol together, which have one environment; `folder` names their table of scores."""

    protocol: dict[str, Any]
    made: dict[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        """The protocol, in the form of a run's configuration."""
        return {"recipe": "transfer", "config": self.protocol, "inputs": {}}

    @property
    def environment(self) -> dict[str, Any]:
        """As `Run.environment`."""
        return self.made


def make(
    corpora: Path,
    out: Path,
    encoder: str | None,
    sources: Sequence[str],
    targets: Sequence[str],
    unlabelled: str,
    seeds: Sequence[int],
    runs: Path,
    longer: dict[str, Any] | None = None,
) -> TransferResults:
    """Everything the metric-learning chapter shows of real speech; `sernb metric` explains the arguments.

    From each source: all METHODS as published, and with the rate and epochs that `longer` names; those of TUNED with
    settings chosen on validation speakers; those of LEAKED on utterance-level folds too; and the plain and the joint
    metric DAE with another language's clips, unlabelled, besides.
    """
    started = time.monotonic()
    manifest = harmonize(corpora, cache=runs / CHECKS_FILE).manifest
    # read speech, of nobody's emotion, has nothing to teach or to be judged by here
    judged_by_people = manifest[["emotion", "activation"]].notna().any(axis=1)
    clips = manifest[manifest["language"].isin([*sources, *targets]) & judged_by_people]
    acoustic = egemaps(clips, runs / FEATURES_FILE)
    clips = clips[clips["utterance_id"].isin(acoustic.table.index)]
    name = encoder or load_profile("laptop").encoder
    whisper = WhisperEncoder(name)
    features = {"egemaps": acoustic.table, "whisper": whisper_embeddings(clips, whisper, runs)}
    store, numbers = RunStore(runs), tuple(seeds)

    answers, planes, curved = [], [], []
    neural = {method: config for method, config in METHODS.items() if isinstance(config, MetricConfig)}
    for source in sources:
        asked: list[tuple[Mapping[str, MetricConfig | Frozen], dict[str, Any]]] = [
            (METHODS, {}),
            *([(neural, {"longer": longer})] if longer else []),
            ({method: METHODS[method] for method in TUNED}, {"tuned": True}),
            ({method: METHODS[method] for method in LEAKED}, {"leaky": True}),
            ({method: METHODS[method] for method in (PLAIN, JOINT)}, {"unlabelled": unlabelled}),
        ]
        for methods, options in asked:
            judged = run_protocol(clips, features, source, store, methods, numbers, **options)
            # own statistics with chosen settings would double the stored answers and bear on neither claim
            answers.append(judged[judged["statistics"] == "source"] if options.get("tuned") else judged)
        for setting in (None, longer) if longer else (None,):
            curved.append(curves(clips, features, source, store, numbers, setting, neural))
        split = parts(clips, source, source_folds(clips, source)[0])
        rest = pd.concat([split.validation, split.test, split.targets])
        for method, point in PICTURED:
            run = train_metric(replace(neural[method], **point), features["egemaps"], split.train, rest, store)
            planes.append(latents(run).assign(method=method, settings=json.dumps(point), source=source))
    found = pd.concat(answers, ignore_index=True)
    results = TransferResults(
        found,
        clips,
        pd.concat(planes, ignore_index=True),
        score(found, clips, PLAIN),
        embedding_costs(clips, whisper),
        pd.concat([shifts(clips, acoustic.table, source) for source in sources], ignore_index=True),
        pd.concat(curved, ignore_index=True),
        {
            "methods": {method: asdict(config) for method, config in METHODS.items()},
            "grid": GRID,
            "longer": longer,
            "seeds": numbers,
            "sources": list(sources),
            "targets": list(targets),
            "encoder": Path(name).name,
            "absent": [corpus for corpus in STUDIED if corpus not in set(manifest["corpus"])],
        },
        environment(time.monotonic() - started),
    )
    results.save(out)
    return results


def shifts(clips: pd.DataFrame, features: pd.DataFrame, source: str) -> pd.DataFrame:
    """How other languages' features look once z-scored by a source's statistics.

    Returns:
        One row a language and feature: source, language, feature, mean and std of the z-scores (0 and 1 at home).
    """
    values = features.loc[clips["utterance_id"]]
    language = clips["language"].to_numpy(object)
    home = values[language == source]
    scaled = (values - home.mean()) / home.std()
    rows = [
        pd.DataFrame({"source": source, "language": other, "mean": there.mean(), "std": there.std()})
        for other, there in scaled.groupby(language)
        if other != source
    ]
    return pd.concat(rows).rename_axis("feature").reset_index()


def embedding_costs(clips: pd.DataFrame, encoder: WhisperEncoder, count: int = 20) -> pd.DataFrame:
    """Parameters and CPU seconds per clip of each way to a latent, one clip at a time, one thread, decoding included.

    Args:
        clips: manifest rows, the first `count` of which are timed.
        encoder: the frozen Whisper encoder.

    Returns:
        One row a way: way, parameters (those needed to embed), parameters_training (those that training moves),
        cpu_seconds_per_clip.
    """
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    log_mel, encoder = LogMel(encoder.mel_bins), encoder.eval()
    small, wide = DenoisingAutoencoder().eval(), DenoisingAutoencoder(encoder.width).eval()

    def acoustic(path: str) -> torch.Tensor:
        return torch.from_numpy(functionals(smile, path))[None]

    def whisper(path: str) -> torch.Tensor:
        samples, length = fit_length(load(path), encoder.seconds)
        return encoder(log_mel(torch.from_numpy(samples).float()[None]), speech_frames(torch.tensor([length])))

    def parameters(module: torch.nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    ways = {
        "eGeMAPS, no model": (acoustic, 0, 0),
        "DAE on eGeMAPS": (lambda path: small.embed(acoustic(path)), parameters(small.encoder), parameters(small)),
        "Whisper, frozen": (whisper, parameters(encoder), 0),
        "DAE on Whisper": (
            lambda path: wide.embed(whisper(path)),
            parameters(encoder) + parameters(wide.encoder),
            parameters(wide),
        ),
    }
    rows = []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.inference_mode(), threadpool_limits(1):
        for name, (way, needed, trained) in ways.items():
            way(clips["path"].iloc[0])  # the first call loads and allocates
            seconds = []
            for path in clips["path"].head(count):
                started = time.process_time()
                way(path)
                seconds.append(time.process_time() - started)
            rows.append((name, needed, trained, float(np.median(seconds))))
    torch.set_num_threads(threads)
    return pd.DataFrame(rows, columns=["way", "parameters", "parameters_training", "cpu_seconds_per_clip"])
