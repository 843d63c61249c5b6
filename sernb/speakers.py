"""How well embeddings tell speakers apart: retrieval and verification."""

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from sklearn.metrics import roc_curve
from torch.utils.data import DataLoader

from sernb.audio import LogMel
from sernb.dataset import Speech, collate
from sernb.models import WhisperEncoder


def embed(encoder: WhisperEncoder, clips: pd.DataFrame, accelerator: Accelerator, batch_size: int = 64) -> np.ndarray:
    """Embeddings of the clips' beginnings under the accelerator's precision, shape (clips, width).

    Raises:
        AudioError: a clip can't be read.
    """
    log_mel = LogMel(encoder.mel_bins).to(accelerator.device)
    order = [(number, 0) for number in range(len(clips))]
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    loader = DataLoader(Speech(clips, encoder.seconds), batch_sampler=batches, collate_fn=collate)
    training = encoder.training
    encoder.to(accelerator.device).eval()
    rows = []
    for batch in loader:
        batch = batch.to(accelerator.device)
        # not around `to` above: weights moved in inference mode could not be trained on
        with torch.inference_mode(), accelerator.autocast():
            rows.append(encoder(log_mel(batch.waveforms), batch.lengths).float().cpu())
    encoder.train(training)
    return torch.cat(rows).numpy()


def speaker_scores(embeddings: np.ndarray, speakers: np.ndarray) -> dict[str, float]:
    """Recall@1 and equal error rate of cosine similarity over all pairs of clips.

    Args:
        embeddings: shape (clips, width).
        speakers: shape (clips,).

    Returns:
        `recall_at_1`: share of clips whose nearest other clip is of the same speaker. `eer`: where as many pairs
        of different speakers are taken for one as pairs of one speaker for two. `verification`: 1 - eer, which
        grows with success.

    Raises:
        ValueError: no two clips of one speaker, or all clips of one.
    """
    numbers = pd.factorize(speakers)[0]
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    similarity = unit @ unit.T
    first, second = np.triu_indices(len(numbers), k=1)
    same = numbers[first] == numbers[second]
    if same.all() or not same.any():
        raise ValueError(f"{len(numbers)} clips of {numbers.max() + 1} speakers hold no pairs of both kinds to compare")
    accepted, hits, _ = roc_curve(same, similarity[first, second])
    crossing = np.argmin(np.abs(accepted - (1 - hits)))
    eer = float((accepted[crossing] + 1 - hits[crossing]) / 2)
    np.fill_diagonal(similarity, -np.inf)
    recall = float((numbers[similarity.argmax(1)] == numbers).mean())
    return {"recall_at_1": recall, "eer": eer, "verification": 1 - eer}
