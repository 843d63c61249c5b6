"""The transfer protocol from corpora to a folder: answers, clips, latents, costs, and the scores of the answers."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import opensmile
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from sernb.audio import LogMel, fit_length, load
from sernb.dae import DenoisingAutoencoder
from sernb.embeddings import whisper_embeddings
from sernb.features import FEATURES_FILE, egemaps, functionals
from sernb.manifest import CHECKS_FILE, harmonize
from sernb.models import WhisperEncoder
from sernb.profiles import load_profile
from sernb.runs import ENVIRONMENT_FILE, RunStore, environment, write_json, write_table
from sernb.training.metric import latents, train_metric
from sernb.transfer import GRID, METHODS, parts, run_protocol, source_folds
from sernb.transfer_scores import score

ANSWERS_FILE = "answers.parquet"
CLIPS_FILE = "clips.parquet"
PLANES_FILE = "planes.parquet"
SCORES_FILE = "scores.csv"
COSTS_FILE = "costs.csv"
SHIFTS_FILE = "shifts.csv"
PROTOCOL_FILE = "protocol.json"
JOINT, PLAIN = "metric DAE, joint", "plain DAE"
TUNED = (
    PLAIN,
    "metric DAE, activation",
    "metric DAE, valence",
    JOINT,
    "plain DAE on Whisper",
    "metric DAE on Whisper, joint",
)
PICTURED = ((PLAIN, {}), (JOINT, {}), (JOINT, {"learning_rate": 1e-3}))
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
    """

    answers: pd.DataFrame
    clips: pd.DataFrame
    planes: pd.DataFrame
    scores: pd.DataFrame
    costs: pd.DataFrame
    shifts: pd.DataFrame

    def save(self, folder: Path) -> None:
        """Write every table; answers in the types and order in which they compress best."""
        folder.mkdir(parents=True, exist_ok=True)
        text = self.answers.select_dtypes(["object", "string"]).columns
        numbers = {"fold": "int8", "seed": "int8", "predicted_activation": "f4", "predicted_valence": "f4"}
        answers = self.answers.astype(dict.fromkeys(text, "category") | numbers)
        unlabelled = self.clips.loc[self.clips["activation"].isna(), "utterance_id"]
        scales = ["predicted_activation", "predicted_valence"]
        answers.loc[answers["utterance_id"].isin(unlabelled), scales] = np.nan  # nothing to compare them with
        answers = answers.sort_values(["source", "statistics", "utterance_id", "fold", "folds", "method", "setting"])
        answers.to_parquet(folder / ANSWERS_FILE, index=False, compression="zstd", compression_level=19)
        write_table(folder / CLIPS_FILE, self.clips[CLIP_COLUMNS])
        write_table(folder / PLANES_FILE, self.planes)
        self.scores.to_csv(folder / SCORES_FILE, index=False, float_format="%.4f")
        self.costs.to_csv(folder / COSTS_FILE, index=False, float_format="%.6g")
        self.shifts.to_csv(folder / SHIFTS_FILE, index=False, float_format="%.4g")

    @classmethod
    def load(cls, folder: Path) -> "TransferResults":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: a table isn't there.
        """
        return cls(
            pd.read_parquet(folder / ANSWERS_FILE),
            pd.read_parquet(folder / CLIPS_FILE),
            pd.read_parquet(folder / PLANES_FILE),
            pd.read_csv(folder / SCORES_FILE),
            pd.read_csv(folder / COSTS_FILE),
            pd.read_csv(folder / SHIFTS_FILE),
        )


def make(
    corpora: Path,
    out: Path,
    encoder: str | None,
    sources: Sequence[str],
    targets: Sequence[str],
    unlabelled: str,
    seeds: int,
    resamples: int,
    runs: Path,
) -> TransferResults:
    """Everything the metric-learning chapter shows of real speech; `sernb metric` explains the arguments.

    From each source: all METHODS as published; those of TUNED with settings chosen on validation speakers; those of
    LEAKED on utterance-level folds too; and the plain and the joint metric DAE with another language's clips,
    unlabelled, besides.
    """
    started = time.monotonic()
    manifest = harmonize(corpora, cache=runs / CHECKS_FILE).manifest
    clips = manifest[manifest["language"].isin([*sources, *targets])]
    acoustic = egemaps(clips, runs / FEATURES_FILE)
    clips = clips[clips["utterance_id"].isin(acoustic.table.index)]
    name = encoder or load_profile("laptop").encoder
    whisper = WhisperEncoder(name)
    features = {"egemaps": acoustic.table, "whisper": whisper_embeddings(clips, whisper, runs)}
    store, numbers = RunStore(runs), tuple(range(seeds))

    answers, planes = [], []
    for source in sources:
        for methods, options in (
            (METHODS, {}),
            ({method: METHODS[method] for method in TUNED}, {"tuned": True}),
            ({method: METHODS[method] for method in LEAKED}, {"leaky": True}),
            ({method: METHODS[method] for method in (PLAIN, JOINT)}, {"unlabelled": unlabelled}),
        ):
            judged = run_protocol(clips, features, source, store, methods, numbers, **options)
            # own statistics with chosen settings would double the stored answers and bear on neither claim
            answers.append(judged[judged["statistics"] == "source"] if options.get("tuned") else judged)
        split = parts(clips, source, source_folds(clips, source)[0])
        rest = pd.concat([split.validation, split.test, split.targets])
        for method, point in PICTURED:
            config = replace(METHODS[method], **point)
            run = train_metric(config, features["egemaps"], split.train, rest, store)
            planes.append(latents(run).assign(method=method, settings=json.dumps(point), source=source))
    found = pd.concat(answers, ignore_index=True)
    results = TransferResults(
        found,
        clips,
        pd.concat(planes, ignore_index=True),
        score(found, clips, PLAIN, resamples),
        costs(clips, whisper),
        pd.concat([shifts(clips, acoustic.table, source) for source in sources], ignore_index=True),
    )
    results.save(out)
    protocol = {
        "methods": {method: asdict(config) for method, config in METHODS.items()},
        "grid": GRID,
        "seeds": numbers,
        "sources": list(sources),
        "targets": list(targets),
        "encoder": Path(name).name,
        "resamples": resamples,
    }
    write_json(out / PROTOCOL_FILE, protocol)
    write_json(out / ENVIRONMENT_FILE, environment(time.monotonic() - started))
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


def costs(clips: pd.DataFrame, encoder: WhisperEncoder, count: int = 20) -> pd.DataFrame:
    """Parameters and CPU seconds a clip of each way to a latent, one clip at a time, one thread, decoding included.

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
        return encoder(log_mel(torch.from_numpy(samples).float()[None]), torch.tensor([length]))

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
