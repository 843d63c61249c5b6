"""What a classifier leaves behind: learning curves; predictions, with the target's statistics too; embeddings."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator

from sernb.data.folds import Split
from sernb.data.writing import data_hash, write_table
from sernb.evaluation.calibration import fit_confidence
from sernb.evaluation.predictions import PROBABILITIES, infer, infer_batches, log_mel_batches, prediction_table, scores
from sernb.models.classifier import EmotionClassifier
from sernb.models.confidence import PEOPLE
from sernb.models.statistics import Statistics
from sernb.runs import EMBEDDINGS_FILE, MODEL_FOLDER, SELF_TRAINED, STATISTICS, predictions_file
from sernb.training.loop import capped
from sernb.training.self_training import self_trained
from sernb.training.target_statistics import aligned, sample, statistics_pool

CURVE_FILE = "curve.parquet"
WATCHED = 120  # clips of each target corpus whose predictions are stored at every epoch


class Watcher:
    """Judges a model between epochs: on held-out source speakers, and, for the learning curves only, on the targets.

    The log-mels are computed once. What is seen of the targets is stored, never returned: nothing can choose by it.

    Args:
        split: its validation and test clips, capped, are looked at.
        seconds: the encoder's window.
        clips: validation clips, at most.
        accelerator: device and precision.
        folder: of the run; predictions on target clips go to its CURVE_FILE, with the step.
    """

    def __init__(self, split: Split, seconds: float, clips: int, accelerator: Accelerator, folder: Path) -> None:
        self.validation = capped(split.validation, clips)
        own = [capped(rows, WATCHED) for _, rows in split.test.groupby("corpus")]
        self.target = pd.concat(own) if own else split.test
        self.seconds, self.accelerator, self.file = seconds, accelerator, folder / CURVE_FILE
        self.batches: list[list[tuple[torch.Tensor, torch.Tensor]]] = []  # made when first asked for

    def score(self, model: EmotionClassifier) -> dict[str, float]:
        """Scores on the validation clips."""
        if not self.batches:
            self.batches = [
                list(log_mel_batches(part, self.seconds, model.log_mel, self.accelerator))
                for part in (self.validation, self.target)
            ]
        shares, _ = infer_batches(model, self.batches[0], self.accelerator)
        return scores(prediction_table(self.validation, shares))

    def __call__(self, model: EmotionClassifier, step: int) -> dict[str, float]:
        """`score`, after so many steps; stores what the model says of the target clips."""
        judged = self.score(model)
        target, _ = infer_batches(model, self.batches[1], self.accelerator)
        rows = self.target[["utterance_id"]].reset_index(drop=True).assign(step=step)
        rows = rows.join(pd.DataFrame(target.astype(np.float16), columns=PROBABILITIES))
        if self.file.exists():
            earlier = pd.read_parquet(self.file)
            rows = pd.concat([earlier[earlier["step"] < step], rows], ignore_index=True)
        write_table(self.file, rows)
        return judged


def store_outputs(
    model: EmotionClassifier,
    split: Split,
    folder: Path,
    accelerator: Accelerator,
    progress: bool,
    variant: str | None = None,
    validation_clips: int = 240,
) -> None:
    """Write the predictions for validation and test clips, told apart by the column `part`.

    Beside them go the predictions with target statistics (see `aligned`), as the variant "statistics" or
    "<variant>-statistics"; of the model itself, those of heads that it taught without labels (see `self_trained`), and
    the embeddings of the test clips in half precision; and, beside its weights, what is known of its probabilities and
    of the training clips (see `Confidence`).

    Args:
        model: the classifier.
        split: its data; the source's statistics are taken over `train` (clean), the targets' over `target`. Labels
            play no part in them.
        folder: of the run.
        accelerator: device and precision.
        progress: show progress bars.
        variant: name of other weights of the same run; None for the model itself.
        validation_clips: validation clips at most, those the learning curve shows.
    """
    model.eval()  # no dropout between an embedding and its probabilities

    def judge(clips: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        return infer(model, clips, accelerator, progress=progress)

    validation = capped(split.validation, validation_clips)
    probabilities, embeddings = judge(split.test)
    tables = [
        prediction_table(clips, shares).assign(part=part)
        for part, clips, shares in (
            ("validation", validation, judge(validation)[0]),
            ("test", split.test, probabilities),
        )
    ]
    write_table(folder / predictions_file(variant), pd.concat(tables, ignore_index=True))

    source = sample(split.train)
    english = Statistics.of(judge(source)[1])
    fitted = fit_confidence(tables[0], english, _levels(source), people(split.train))
    fitted.save(folder / MODEL_FOLDER / (variant or ""))
    needed = split.target if variant is None else statistics_pool(split)
    pool = pd.concat([split.test, needed]).drop_duplicates("utterance_id")  # first those that are heard already
    rest = pool.iloc[len(split.test) :]
    others = np.concatenate([embeddings, judge(rest)[1]]) if len(rest) else embeddings
    moved, known = aligned(embeddings, split.test, others, pool, english)

    def store(name: str, shares: np.ndarray) -> None:
        table = prediction_table(split.test, shares).assign(part="test")[known]
        write_table(folder / predictions_file(name), table)

    store(STATISTICS if variant is None else f"{variant}-{STATISTICS}", model.judge(moved))
    if variant is None:
        store(SELF_TRAINED, self_trained(embeddings, split.test, others, pool, english, model.judge))
        half = pd.DataFrame(embeddings.astype(np.float16), columns=[f"e{n}" for n in range(embeddings.shape[1])])
        half.insert(0, "utterance_id", split.test["utterance_id"].to_numpy(object))
        write_table(folder / EMBEDDINGS_FILE, half)


def _levels(clips: pd.DataFrame) -> tuple[float, float] | None:
    """5th and 95th percentile of clips' peaks; None where they were not measured."""
    peaks = clips["peak"].dropna()
    return None if peaks.empty else (float(peaks.quantile(0.05)), float(peaks.quantile(0.95)))


def people(clips: pd.DataFrame) -> dict[str, int]:
    """How many women, men, and people of unknown gender speak in clips."""
    genders = clips.drop_duplicates("speaker")["gender"].map({"female": "women", "male": "men"}).fillna("unknown")
    return {name: int((genders == name).sum()) for name in PEOPLE}


def split_hash(split: Split) -> str:
    """SHA-256 of what a recipe sees of a split's labelled clips, and of those that target statistics are taken over."""
    seen = data_hash(split.train, split.validation, split.test)
    return data_hash(statistics_pool(split), columns=("corpus", "fold", "audio_hash"), before=seen)
