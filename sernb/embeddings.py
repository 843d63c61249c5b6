"""The frozen Whisper encoder's embedding of every clip of a manifest, remembered by content."""

from pathlib import Path

import pandas as pd
import torch
from torch.utils.data import DataLoader

from sernb.audio import LogMel
from sernb.dataset import Speech, collate
from sernb.models import WhisperEncoder, fingerprint
from sernb.progress import progress_bar


@torch.inference_mode()
def whisper_embeddings(
    manifest: pd.DataFrame,
    encoder: WhisperEncoder,
    cache: Path | None = None,
    batch_size: int = 32,
    progress: bool = True,
) -> pd.DataFrame:
    """Pooled embeddings of the clips' beginnings, in single precision.

    Args:
        manifest: manifest rows.
        encoder: gives its window, its pooling and its weights.
        cache: folder for one Parquet file an encoder, keyed by the manifest's audio_hash; None keeps nothing.
        batch_size: clips a batch.
        progress: show a progress bar.

    Returns:
        One row a clip in the manifest's order, index utterance_id, one float32 column a dimension.

    Raises:
        AudioError: a clip can't be read.
    """
    names = [f"e{number}" for number in range(encoder.width)]
    setting = f"{fingerprint(encoder)[:12]}-{encoder.seconds:g}s-{encoder.pooling}"
    file = None if cache is None else cache / f"whisper-{setting}.parquet"
    known = pd.read_parquet(file) if file is not None and file.exists() else pd.DataFrame(columns=names, dtype="f4")
    missing = manifest[~manifest["audio_hash"].isin(known.index)].drop_duplicates("audio_hash")
    if len(missing):
        encoder.eval()
        log_mel = LogMel(encoder.mel_bins)
        speech = Speech(missing, encoder.seconds)
        batches = [
            [(clip, 0) for clip in range(first, min(first + batch_size, len(missing)))]
            for first in range(0, len(missing), batch_size)
        ]
        loader = DataLoader(speech, batch_sampler=batches, collate_fn=collate)
        rows = [
            encoder(log_mel(batch.waveforms), batch.lengths)
            for batch in progress_bar(loader, desc="embeddings", unit="batch", show=progress)
        ]
        fresh = pd.DataFrame(torch.cat(rows).numpy(), index=missing["audio_hash"].to_numpy(object), columns=names)
        known = pd.concat([known, fresh])
        if file is not None:
            cache.mkdir(parents=True, exist_ok=True)
            temporary = file.with_suffix(".tmp")
            known.to_parquet(temporary)
            temporary.replace(file)
    return known.loc[manifest["audio_hash"]].set_index(pd.Index(manifest["utterance_id"], name="utterance_id"))
