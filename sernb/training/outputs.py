"""What a trained classifier leaves behind: predictions, as it stands and with target statistics, and embeddings."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator

from sernb.evaluation import infer, prediction_table
from sernb.folds import Split
from sernb.models import EmotionClassifier
from sernb.runs import EMBEDDINGS_FILE, predictions_file, write_table

STATISTICS = "statistics"
CLIPS = 128  # that statistics are taken over, of each corpus: a mean is then off by a tenth of a deviation


def store_outputs(
    model: EmotionClassifier,
    split: Split,
    folder: Path,
    accelerator: Accelerator,
    progress: bool,
    variant: str | None = None,
) -> None:
    """Write the predictions for validation and test clips, told apart by the column `part`.

    Beside them go the predictions with target statistics (see `aligned`), as the variant "statistics" or
    "<variant>-statistics"; and, of the model itself, the embeddings of the test clips in half precision.

    Args:
        model: the classifier.
        split: its data; the statistics are taken over `train` (clean), and over `unlabelled` and `test` clips of the
            other folds of the same corpus. Labels play no part in them.
        folder: of the run.
        accelerator: device and precision.
        progress: show progress bars.
        variant: name of other weights of the same run; None for the model itself.
    """
    model.eval()  # no dropout between an embedding and its probabilities
    judge = lambda clips: infer(model, clips, accelerator, progress=progress)  # noqa: E731
    probabilities, embeddings = judge(split.test)
    validation, _ = judge(split.validation)
    tables = [
        prediction_table(clips, shares).assign(part=part)
        for part, clips, shares in (("validation", split.validation, validation), ("test", split.test, probabilities))
    ]
    write_table(folder / predictions_file(variant), pd.concat(tables, ignore_index=True))

    source, others = sample(split.train), sample(split.unlabelled)
    _, source_embeddings = judge(source)
    pool, pool_embeddings = split.test, embeddings
    if len(others):
        pool = pd.concat([others, split.test])
        pool_embeddings = np.concatenate([judge(others)[1], embeddings])
    moved, known = aligned(embeddings, split.test, pool_embeddings, pool, source_embeddings)
    with torch.inference_mode():
        shares = model.head(torch.from_numpy(moved).to(accelerator.device)).softmax(-1).cpu().numpy()
    table = prediction_table(split.test, shares).assign(part="test")[known]
    name = STATISTICS if variant is None else f"{variant}-{STATISTICS}"
    write_table(folder / predictions_file(name), table)
    if variant is None:
        half = pd.DataFrame(embeddings.astype(np.float16), columns=[f"e{n}" for n in range(embeddings.shape[1])])
        half.insert(0, "utterance_id", split.test["utterance_id"].to_numpy(object))
        write_table(folder / EMBEDDINGS_FILE, half)


def sample(clips: pd.DataFrame) -> pd.DataFrame:
    """At most CLIPS clips of each corpus, the same at every call."""
    return clips if clips.empty else clips.sample(frac=1, random_state=0).groupby("corpus").head(CLIPS)


def aligned(
    embeddings: np.ndarray,
    clips: pd.DataFrame,
    pool_embeddings: np.ndarray,
    pool: pd.DataFrame,
    source_embeddings: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings shifted and scaled so that their corpus has the source's mean and deviation in every dimension.

    A corpus's statistics for a fold come from its clips in the other folds, so no speaker contributes to his own.
    Not part of either paper; reported as a row of its own.

    Args:
        embeddings: shape (clips, width).
        clips: their manifest rows, with corpus and fold.
        pool_embeddings: shape (pool, width).
        pool: their manifest rows.
        source_embeddings: of the language the head was trained on, shape (n, width).

    Returns:
        Shape (clips, width), and whether there were clips to take statistics over, shape (clips,).
    """
    moved, known = embeddings.copy(), np.zeros(len(clips), dtype=bool)
    mean, deviation = source_embeddings.mean(0), source_embeddings.std(0)
    corpus, fold = (pool[name].to_numpy(object) for name in ("corpus", "fold"))
    for (name, number), rows in clips.reset_index(drop=True).groupby(["corpus", "fold"]).indices.items():
        own = pool_embeddings[(corpus == name) & (fold != number)]
        if len(own) > 1:
            moved[rows] = (embeddings[rows] - own.mean(0)) / own.std(0).clip(min=1e-6) * deviation + mean
            known[rows] = True
    return moved, known
