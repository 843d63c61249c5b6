"""What becomes of re-centring and self-training where one class is frequent? results/self-training/uneven.parquet.

    python benchmarks/uneven.py --corpora ~/corpora --out results

Both take it that clips hold the classes about equally often. Here the clips that statistics are taken over, and that
teach, are drawn so that one class makes up a certain share of them: always as many clips, of that class more and more.
The main table's baselines (found, or trained) are judged on all clips. Every class takes its turn.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from grid import ENCODERS
from tqdm import tqdm

from sernb.commands.data import absolute
from sernb.commands.learn import weights
from sernb.data.grouping import each_corpus
from sernb.data.writing import write_table
from sernb.evaluation.predictions import prediction_table, scores
from sernb.evaluation.uneven import SHARES, UNEVEN_FILE
from sernb.experiments.sweep import Cell, Sweep
from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.confidence import Confidence
from sernb.runs import SELF_TRAINED, STATISTICS, Run
from sernb.training.self_training import self_trained
from sernb.training.target_statistics import aligned


def drawn(emotion: pd.Series, frequent: str, share: float, generator: np.random.Generator) -> np.ndarray:
    """Places of clips of which a share is of one class, and of each other class as many as of any other.

    There are as many clips as there can be with the largest of SHARES, whichever share is asked for.
    """
    rest = [name for name in EMOTIONS if name != frequent]
    most, counts = max(SHARES), emotion.value_counts()
    total = min(counts[frequent] / most, min(counts[rest]) / ((1 - min(SHARES)) / len(rest)))
    wanted = {frequent: share * total} | {name: (1 - share) * total / len(rest) for name in rest}
    places = [
        generator.choice(np.flatnonzero(emotion == name), round(count), replace=False) for name, count in wanted.items()
    ]
    return np.sort(np.concatenate(places))


def rows(run: Run, test: pd.DataFrame) -> Iterator[dict]:
    """Scores of a run's test clips, taken care of by pools of every frequent class and share; and without a pool."""
    model = EmotionClassifier.from_pretrained(run.model).eval()
    confidence = Confidence.load(run.model)
    assert confidence is not None and confidence.source is not None  # training wrote them
    source, embedded = confidence.source, run.embeddings
    for about, clips in each_corpus(test):
        vectors = embedded.loc[clips["utterance_id"]].to_numpy(np.float32)
        of_run = {"run": run.name, "seed": run.seed, "device": run.device, "date": run.environment["date"]}
        same = about | of_run | {"clips": len(clips), "speakers": clips["speaker"].nunique()}
        yield same | {"variant": "main", "macro_f1": scores(prediction_table(clips, model.judge(vectors)))["macro_f1"]}
        for frequent in EMOTIONS:
            generator = np.random.default_rng(run.seed)
            for share in SHARES:
                places = drawn(clips["emotion"], frequent, share, generator)
                pool, heard = clips.iloc[places], vectors[places]
                moved, known = aligned(vectors, clips, heard, pool, source)
                found = {
                    STATISTICS: model.judge(moved),
                    SELF_TRAINED: self_trained(vectors, clips, heard, pool, source, model.judge),
                }
                for variant, shares in found.items():
                    score = scores(prediction_table(clips, shares)[known])["macro_f1"]
                    uneven = {"frequent": frequent, "share": share, "heard": len(pool)}
                    yield same | uneven | {"variant": variant, "macro_f1": score}


def main() -> None:
    """Judge and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=absolute, required=True)
    parser.add_argument("--encoder", type=weights, default=ENCODERS["base"], help="initial weights of whisper-base")
    parser.add_argument("--profile", default="laptop")
    parser.add_argument("--seeds", type=int, default=2, help="0 to N - 1")
    parser.add_argument("--runs", type=absolute, default=absolute("runs"))
    parser.add_argument("--out", type=Path, required=True, help="folder of the table")
    given = parser.parse_args()
    sweep = Sweep(given.profile, given.corpora, given.encoder, given.runs)
    study = sweep.study(progress=True)
    table = pd.DataFrame(
        [
            row
            for seed in tqdm(range(given.seeds), desc="uneven", unit="seed")
            for row in rows(sweep.run(study, Cell("baseline", seed)), study.zero_shot(seed).test)
        ]
    )
    (given.out / UNEVEN_FILE).parent.mkdir(parents=True, exist_ok=True)
    write_table(given.out / UNEVEN_FILE, table)
    means = table.groupby(["corpus", "variant", "share"], dropna=False)["macro_f1"].mean()
    print(means.unstack("share").round(3).to_string())


if __name__ == "__main__":
    main()
