"""`sernb predict --workers` on many made-up clips: files a second, and the memory of this process and its workers.

    python benchmarks/predict_many.py [--clips 100000] [--workers 2]

A few hundred clips of noise of one second, linked under as many names as asked for; a random encoder of two layers of
width 64, so that mostly what lies around the model is measured. Memory is printed after each tenth: it should be flat.
"""

import argparse
import os
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from pyarrow import dataset

from sernb.experiments.predict_many import Task, predict_many
from sernb.experiments.workers import connected
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder

DIFFERENT = 300


def peak_mb() -> float:
    """Most memory this process has had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def made(folder: Path, clips: int) -> list[str]:
    """Clips under so many names."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    names: list[str] = []
    for number in range(clips):
        name = str(folder / f"{number:07d}.wav")
        if number < DIFFERENT:
            soundfile.write(name, rng.uniform(-0.2, 0.2, 16_000), 16_000)
        else:
            os.link(names[number % DIFFERENT], name)
        names.append(name)
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        place = Path(folder)
        files = made(place / "clips", given.clips)
        EmotionClassifier(WhisperEncoder("random-2x64", 1.0)).save_pretrained(place / "model")
        task = Task(str(place / "model"), str(place / "out"))
        done, told, started = 0, 0, time.perf_counter()
        with connected(workers=given.workers) as client:
            for count in predict_many(task, files, client):
                done += count
                if done >= told + given.clips / 10 or done == given.clips:
                    told = done
                    workers = [f"{peak:.0f}" for peak in client.run(peak_mb).values()]
                    rate = done / (time.perf_counter() - started)
                    print(
                        f"{done:7d} files, {rate:6.0f} a second; MB here {peak_mb():.0f}, workers {' '.join(workers)}"
                    )
        rows = dataset.dataset(place / "out" / "files").count_rows()
        print(f"{rows} rows in {len(list((place / 'out' / 'files').iterdir()))} parts")


if __name__ == "__main__":
    main()
