"""Clips a second and core: `sernb predict` beside the stock pipeline of transformers, from files to labels.

    python benchmarks/predict.py ENCODER [CORPORA_DIR] [--clips 200]

ENCODER is a Whisper checkpoint, such as whisper-base's folder. Both classify the same files: sernb by the encoder cut
after its third layer, over 4 s, the pipeline ("audio-classification") by WhisperForAudioClassification with all of its
layers, over Whisper's 30 s, as it comes. Weights of the heads are random: only time is measured. Processor time of one
thread, contenders taking turns, the best of a few rounds each. The ratio carries over from machine to machine.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from transformers import WhisperFeatureExtractor, WhisperForAudioClassification, pipeline

from sernb.corpora.demo import make_demo
from sernb.evaluation.inference import audio_paths, predict
from sernb.models.classifier import EmotionClassifier
from sernb.models.ensemble import Ensemble
from sernb.models.plain import computes_bfloat16
from sernb.models.whisper import WhisperEncoder

LOADING = "from sernb.models.ensemble import Ensemble; import sernb.evaluation.inference; Ensemble.load({!r})"
STOCK_CLIPS = 8  # of the pipeline, which takes seconds for each


def rate(work: Callable[[list[str]], object], files: list[str]) -> float:
    """Files a second of processor time."""
    started = time.process_time()
    work(files)
    return len(files) / (time.process_time() - started)


def loading_s(folder: str) -> tuple[float, float]:
    """Seconds, on the clock and of the processor, that a new process takes until the model is ready."""
    started = time.perf_counter()
    running = subprocess.Popen([sys.executable, "-c", LOADING.format(folder)])
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("encoder")
    parser.add_argument("corpora", nargs="?")
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    paths = audio_paths([given.corpora or make_demo()])
    files = paths[:: max(1, len(paths) // given.clips)][: given.clips]
    with TemporaryDirectory() as folder:
        EmotionClassifier(WhisperEncoder(given.encoder, layers=3)).save_pretrained(folder)
        clock, processor = loading_s(folder)
        print(f"loading, in a new process: {processor:.1f} s of processor time, {clock:.1f} s on the clock")
        model = Ensemble.load(folder, torch.device("cpu"))
        stock: Any = pipeline(  # takes a list too, which its types don't say
            "audio-classification",
            model=WhisperForAudioClassification.from_pretrained(given.encoder, num_labels=4).eval(),
            feature_extractor=WhisperFeatureExtractor.from_pretrained(given.encoder),
            device="cpu",
        )
        kind = "bfloat16" if computes_bfloat16(torch.device("cpu")) else "float32"
        contenders = {
            f"sernb predict, {kind}": (lambda some: predict(model, some), files),
            "transformers' pipeline": (lambda some: stock(list(some)), files[:STOCK_CLIPS]),
        }
        best = dict.fromkeys(contenders, 0.0)
        for _ in range(given.rounds + 1):  # the first warms up
            for name, (work, some) in contenders.items():
                best[name] = max(best[name], rate(work, some))
    ours = next(iter(best.values()))
    for name, value in best.items():
        print(f"{name:28} {value:7.2f} clips/s a core   ours / this: {ours / value:.1f}")


if __name__ == "__main__":
    main()
