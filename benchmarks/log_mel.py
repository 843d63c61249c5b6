"""Log-mels in clips per second: sernb.audio.LogMel against transformers' WhisperFeatureExtractor.

    python benchmarks/log_mel.py [CORPORA_DIR]

Batches of 64 clips, on the CPU, in one process. "as shipped" pads to Whisper's 30 s, which is what calling the
extractor with its defaults does; "cut to 4 s" is the extractor told to use our window.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import WhisperFeatureExtractor

from sernb.audio import SAMPLE_RATE, LogMel, fit_length, load
from sernb.corpora.base import audio_files
from sernb.corpora.demo import make_demo

SECONDS, BATCH, REPEATS = 4, 64, 9


def rate(work: Callable[[], object]) -> float:
    """Clips per second: the median of several timed calls after one untimed."""
    work()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return BATCH / statistics.median(times)


def main(root: Path) -> None:
    paths = list(audio_files(root))
    clips = [load(path) for path in paths[:: max(1, len(paths) // BATCH)][:BATCH]]
    ours = LogMel()

    def batched() -> torch.Tensor:
        return ours(torch.from_numpy(np.stack([fit_length(clip, SECONDS)[0] for clip in clips])))

    def stock(extractor: WhisperFeatureExtractor) -> torch.Tensor:
        return extractor(clips, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features

    shipped, cut = WhisperFeatureExtractor(), WhisperFeatureExtractor(chunk_length=SECONDS)
    difference = (batched() - stock(cut)).abs().max().item()
    base = rate(batched)
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, largest difference {difference:.1e}")
    print(f"sernb.audio.LogMel                      {base:7.0f} clips/s")
    for name, extractor in (("as shipped (30 s)", shipped), ("cut to 4 s", cut)):
        theirs = rate(lambda extractor=extractor: stock(extractor))
        print(f"WhisperFeatureExtractor, {name:<17} {theirs:6.0f} clips/s   ratio {base / theirs:.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else make_demo())
