"""How long harmonizing takes: a made-up Common Voice of a million rows, and audio checks cold and cached.

    python benchmarks/harmonize.py [--rows 1000000] [--clips 5000]

Each measurement runs in a process of its own: wall time with imports, and the peak of its memory.
"""

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

MEASURE = """
import resource, sys, time
from pathlib import Path
started = time.perf_counter()
from sernb.data.manifest import harmonize
imported = time.perf_counter()
root, out, headers_only = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "headers"
result = harmonize(root, cache=out / "checks.parquet", headers_only=headers_only, progress=False)
result.save(out)
done = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
print(len(result.manifest), len(result.rejected), imported - started, done - imported, peak)
"""


def make_common_voice(folder: Path, rows: int) -> None:
    """Tables of `rows` clips of rows / 50 speakers, and as many files: links to a few short MP3s."""
    clips = folder / "clips"
    clips.mkdir(parents=True)
    chance = random.Random(0)
    with (
        (folder / "validated.tsv").open("w", encoding="utf-8") as validated,
        (folder / "train.tsv").open("w", encoding="utf-8") as train,
        (folder / "clip_durations.tsv").open("w", encoding="utf-8") as durations,
    ):
        header = "client_id\tpath\tsentence_id\tsentence\tup_votes\tdown_votes\tage\tgender\taccents\tlocale\tsegment\n"
        validated.write(header)
        train.write(header)
        durations.write("clip\tduration[ms]\n")
        genders = ("male_masculine", "female_feminine", "")
        for number in range(rows):
            name = f"common_voice_ur_{number:08d}.mp3"
            speaker = chance.randrange(max(1, rows // 50))
            line = f"{speaker:0128x}\t{name}\t{number:064x}\tایک جملہ\t2\t0\ttwenties\t{genders[speaker % 3]}\t\tur\t\n"
            validated.write(line)
            if speaker % 4 == 0:
                train.write(line)
            durations.write(f"{name}\t{chance.randint(900, 9000)}\n")
            if number % 50_000 == 0:  # file systems limit the links to one file
                original = clips / name
                soundfile.write(original, np.random.default_rng(number).normal(0, 0.1, 16_000), 16_000, format="MP3")
            else:
                os.link(original, clips / name)


def make_corpus(folder: Path, clips: int) -> None:
    """A corpus.csv with `clips` WAV files of 3 s, 16 kHz."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0)
    with (folder / "corpus.csv").open("w", newline="", encoding="utf-8") as table:
        lines = csv.writer(table)
        lines.writerow(("path", "speaker", "emotion", "language"))
        for number in range(clips):
            soundfile.write(folder / f"{number}.wav", noise.normal(0, 0.1, 48_000), 16_000)
            lines.writerow((f"{number}.wav", number % 50, ("angry", "sad")[number % 2], "ur"))


def measure(root: Path, out: Path, mode: str) -> tuple[str, ...]:
    """Kept, rejected, seconds to import, seconds to harmonize and save, peak memory in GB."""
    command = [sys.executable, "-c", MEASURE, str(root), str(out), mode]
    return tuple(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--clips", type=int, default=5_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        started = time.perf_counter()
        make_common_voice(scratch / "cv" / "ur", options.rows)
        make_corpus(scratch / "wav" / "corpus", options.clips)
        print(f"made up in {time.perf_counter() - started:.0f} s, {os.cpu_count()} cores")
        print("| what | kept | rejected | import s | harmonize s | clips/s | peak GB |")
        print("|---|---|---|---|---|---|---|")
        seconds = []
        for what, root, mode in (
            ("Common Voice, headers only", "cv", "headers"),
            ("Common Voice, headers only, again", "cv", "headers"),
            ("3 s WAV, samples read, first run", "wav", "samples"),
            ("3 s WAV, second run", "wav", "samples"),
        ):
            kept, rejected, imported, harmonized, peak = measure(scratch / root, scratch / f"out-{root}", mode)
            seconds.append(float(harmonized))
            rate = (int(kept) + int(rejected)) / seconds[-1]
            print(
                f"| {what} | {kept} | {rejected} | {float(imported):.1f} | {seconds[-1]:.2f} | {rate:,.0f} "
                f"| {float(peak):.2f} |"
            )
        print(f"second run over first: {seconds[3] / seconds[2]:.3f}")


if __name__ == "__main__":
    main()
