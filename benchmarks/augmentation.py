"""What each augmentation does to real speech, in the ears of a trained baseline: results/augmentation.parquet.

    python benchmarks/augmentation.py RUN CORPORA

RUN is a run of the recipe "baseline" with its weights; it is asked about English speakers it was not trained on.
"""

import argparse
import json
from pathlib import Path

from sernb.data.folds import zero_shot
from sernb.data.manifest import harmonize
from sernb.data.shipped import RESULTS
from sernb.data.writing import write_table
from sernb.experiments.study import FOLDS
from sernb.figures.gallery import effects
from sernb.models.classifier import EmotionClassifier
from sernb.runs import Run
from sernb.training.loop import capped


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--clips", type=int, default=96)
    parser.add_argument("--out", type=Path, default=RESULTS / "augmentation.parquet")
    parser.add_argument("--checks", type=Path, help="file that keeps what was found out about the audio")
    given = parser.parse_args()
    run = Run(given.run)
    seed = run.config["config"]["seed"]
    manifest = harmonize(given.corpora, cache=given.checks).manifest
    clips = capped(zero_shot(manifest, validation_fold=seed % FOLDS).validation, given.clips)
    found = effects(EmotionClassifier.from_pretrained(run.model), clips, seed)
    place = {"run": run.folder.name, "clips": len(clips), "date": run.environment["date"]}
    write_table(given.out, found.assign(**place))
    print(json.dumps(place), found.to_string(), sep="\n")


if __name__ == "__main__":
    main()
