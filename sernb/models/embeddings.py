"""Embeddings of a table of clips: one loop that encodes, and a memory of what was encoded before."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader

from sernb.data.files import read_table, replacing
from sernb.models.weights import fingerprint
from sernb.models.whisper import WhisperEncoder
from sernb.progress import progress_bar
from sernb.speech.audio import LogMel
from sernb.speech.dataset import Speech, collate


def log_mel_batches(
    clips: pd.DataFrame,
    seconds: float,
    log_mel: LogMel,
    accelerator: Accelerator | None = None,
    batch_size: int = 64,
    workers: int = 0,
    progress: bool = False,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Clean log-mels of clips, each cut at its beginning, and their speech frames, batch by batch.

    Computing them costs as much as a small encoder does: what is judged again and again should keep them in a list.

    Yields:
        Shapes (batch, bins, seconds * 100) and (batch,), on the accelerator's device, or without one on `log_mel`'s.
    """
    device = log_mel.filters.device if accelerator is None else accelerator.device
    order = [(number, 0) for number in range(len(clips))]
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    loader = DataLoader(Speech(clips, seconds), batch_sampler=batches, collate_fn=collate, num_workers=workers)
    for batch in progress_bar(loader, desc="inference", unit="batch", show=progress, leave=False):
        batch = batch.to(device)
        with torch.inference_mode():
            spectrograms = log_mel(batch.waveforms)
        yield spectrograms, batch.frames


def embed_batches(
    encoder: WhisperEncoder,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    accelerator: Accelerator | None = None,
    every_layer: bool = False,
) -> np.ndarray:
    """Embeddings of what `log_mel_batches` yields, as `embed` returns them."""
    training = encoder.training
    if accelerator is not None:
        encoder.to(accelerator.device)
    encoder.eval()
    forward = encoder.every_layer if every_layer else encoder
    rows = [np.zeros((0, encoder.layers + 1, encoder.width) if every_layer else (0, encoder.width), np.float32)]
    for log_mel, frames in batches:
        # not around `to` above: weights moved in inference mode could not be trained on
        with torch.inference_mode(), nullcontext() if accelerator is None else accelerator.autocast():
            rows.append(forward(log_mel, frames).float().cpu().numpy())
    encoder.train(training)
    return np.concatenate(rows)


def embed(
    encoder: WhisperEncoder,
    clips: pd.DataFrame,
    accelerator: Accelerator | None = None,
    batch_size: int = 64,
    workers: int = 0,
    every_layer: bool = False,
    progress: bool = False,
) -> np.ndarray:
    """Embeddings of the clean view of each clip, cut at its beginning.

    Args:
        encoder: gives its window and its pooling; it is left as trainable as it was.
        clips: manifest rows.
        accelerator: device and precision; None stays where the encoder is, in single precision.
        batch_size: clips per batch.
        workers: processes that read audio.
        every_layer: see `WhisperEncoder.every_layer`.
        progress: show a progress bar.

    Returns:
        float32, shape (clips, width), or (clips, layers + 1, width) of every layer.

    Raises:
        AudioError: a clip can't be read.
    """
    device = next(encoder.parameters()).device if accelerator is None else accelerator.device
    log_mel = LogMel(encoder.mel_bins).to(device)
    batches = log_mel_batches(clips, encoder.seconds, log_mel, accelerator, batch_size, workers, progress)
    return embed_batches(encoder, batches, accelerator, every_layer)


def whisper_embeddings(
    manifest: pd.DataFrame,
    encoder: WhisperEncoder,
    cache: Path | None = None,
    batch_size: int = 32,
    progress: bool = True,
    accelerator: Accelerator | None = None,
    every_layer: bool = False,
) -> pd.DataFrame:
    """What `embed` gives, remembered by the clips' content.

    Args:
        manifest: manifest rows.
        encoder: gives its window, its pooling and its weights.
        cache: folder for one Parquet file an encoder, keyed by the manifest's audio_hash; None keeps nothing.
        batch_size: clips per batch.
        progress: show a progress bar.
        accelerator: as in `embed`.
        every_layer: as in `embed`.

    Returns:
        One row a clip in the manifest's order, index utterance_id, one float32 column a dimension: e0, e1, ..., or
        l0e0, l0e1, ... of every layer.

    Raises:
        AudioError: a clip can't be read.
    """
    names = [f"e{number}" for number in range(encoder.width)]
    setting = f"{fingerprint(encoder)[:12]}-{encoder.seconds:g}s-{encoder.pooling}"
    if encoder.averaged:
        setting += "-mean-of-" + "-".join(map(str, encoder.averaged))
    if every_layer:
        names = [f"l{layer}{name}" for layer in range(encoder.layers + 1) for name in names]
        setting += "-layers"
    if accelerator is not None and accelerator.mixed_precision != "no":
        setting += f"-{accelerator.mixed_precision}"
    file = None if cache is None else cache / f"whisper-{setting}.parquet"
    known = read_table(file) if file is not None and file.exists() else pd.DataFrame(columns=names, dtype="f4")
    missing = manifest[~manifest["audio_hash"].isin(known.index)].drop_duplicates("audio_hash")
    if len(missing):
        rows = embed(encoder, missing, accelerator, batch_size, every_layer=every_layer, progress=progress)
        index = missing["audio_hash"].to_numpy(object)
        known = pd.concat([known, pd.DataFrame(rows.reshape(len(missing), -1), index=index, columns=names)])
        if cache is not None and file is not None:
            cache.mkdir(parents=True, exist_ok=True)
            with replacing(file) as temporary:
                known.to_parquet(temporary)
    return known.loc[manifest["audio_hash"]].set_index(pd.Index(manifest["utterance_id"], name="utterance_id"))
