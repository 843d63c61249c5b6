"""Made-up stored runs, for tests of what is computed from them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from sernb.evaluation.predictions import PROBABILITIES
from sernb.labels import EMOTIONS
from sernb.runs import CONFIG_FILE, EMBEDDINGS_FILE, ENVIRONMENT_FILE, METRICS_FILE, Run, predictions_file, run_name

PLACE = {
    "date": "2026-01-01", "wall_s": 120.0, "encoder": "whisper-tiny.en", "gpu": None, "cores": 2, "processor": "P",
    "versions": {"torch": "2.11.0"},
}  # fmt: skip


def answers(
    generator: np.random.Generator,
    right: float = 0.6,
    speakers: int = 8,
    clips: int = 8,
    language: str = "ur",
    corpus: str = "urdu",
    keep=lambda speaker: True,
) -> pd.DataFrame:
    """Predictions of one run: every speaker says `clips` clips, the odd ones are women; `keep` picks speakers."""
    speaker, clip = (index.ravel() for index in np.indices((speakers, clips)))
    truth = clip % 4
    wrong = generator.random(len(truth)) > right
    guess = (truth + wrong * generator.integers(1, 4, len(truth))) % 4
    shares = np.full((len(truth), 4), 0.1)
    shares[np.arange(len(truth)), guess] = 0.7
    table = pd.DataFrame(shares, columns=PROBABILITIES).assign(
        utterance_id=[f"{corpus}/{a}-{b}" for a, b in zip(speaker, clip, strict=True)],
        corpus=corpus,
        language=language,
        speaker=[f"{corpus}/{number}" for number in speaker],
        gender=np.where(speaker % 2, "female", "male"),
        emotion=np.array(EMOTIONS)[truth],
        part="test",
    )
    return table[[keep(number) for number in speaker]].reset_index(drop=True)


def store(
    folder: Path,
    seed: int,
    predictions: pd.DataFrame,
    variants: dict[str, pd.DataFrame] | None = None,
    embeddings: np.ndarray | None = None,
    recipe: str = "baseline",
    changes: dict | None = None,
    **environment,
) -> Run:
    """Write a run's folder as training would, weights aside, beside `folder`: its config gives its name."""
    config = {"seed": seed, "seconds": 4.0, "pooling": "speech", "hidden": None} | (changes or {})
    identity = {"recipe": recipe, "config": config, "inputs": {"data": "d", "made for": folder.name}}
    folder = folder.with_name(run_name(identity))
    folder.mkdir(parents=True)
    (folder / CONFIG_FILE).write_text(json.dumps(identity))
    (folder / ENVIRONMENT_FILE).write_text(json.dumps(PLACE | environment))
    epochs = [{"epoch": 1, "step": 3, "clips_per_s": 10.0}, {"epoch": 2, "step": 6, "clips_per_s": 20.0}]
    (folder / METRICS_FILE).write_text("".join(json.dumps(epoch) + "\n" for epoch in epochs))
    validation = predictions.assign(part="validation", language="en", corpus="ravdess")
    validation["speaker"] = "ravdess/" + validation["speaker"]
    pd.concat([predictions, validation]).to_parquet(folder / predictions_file(), index=False)
    for name, table in (variants or {}).items():
        table.to_parquet(folder / predictions_file(name), index=False)
    if embeddings is not None:
        columns = [f"e{number}" for number in range(embeddings.shape[1])]
        half = pd.DataFrame(embeddings.astype(np.float16), columns=columns)
        half.insert(0, "utterance_id", predictions["utterance_id"].to_numpy(object))
        half.to_parquet(folder / EMBEDDINGS_FILE, index=False)
    return Run(folder)
