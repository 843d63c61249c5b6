"""Log-mels in clips per second: sernb.speech.audio.LogMel against transformers' WhisperFeatureExtractor.

    python benchmarks/log_mel.py [CORPORA_DIR]

Batches of 64 clips, on the CPU, in one process. "as shipped" pads to Whisper's 30 s, which is what calling the
extractor with its defaults does; "cut to 4 s" is the extractor told to use our window.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import WhisperFeatureExtractor

from sernb.corpora.base import audio_files
from sernb.corpora.demo import make_demo
from sernb.speech.audio import SAMPLE_RATE, LogMel, fit_length, load

SECONDS, BATCH, REPEATS = 4, 64, 9


def rates(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Clips per second of each: its quickest call of several, the contenders taking turns."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(REPEATS + 1):  # the first round warms up
        for name, work in works.items():
            started = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - started)
    return {name: BATCH / min(taken[1:]) for name, taken in times.items()}


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
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, largest difference {difference:.1e}")
    measured = rates(
        {
            "sernb.speech.audio.LogMel": batched,
            "WhisperFeatureExtractor as shipped (30 s)": lambda: stock(shipped),
            "WhisperFeatureExtractor cut to 4 s": lambda: stock(cut),
        }
    )
    ours_rate = measured["sernb.speech.audio.LogMel"]
    for name, value in measured.items():
        print(f"{name:<42} {value:6.0f} clips/s   ours / this: {ours_rate / value:.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else make_demo())
