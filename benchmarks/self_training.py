"""How should a model teach itself a language? English answers, no target: results/self-training/choice.parquet.

    python benchmarks/self_training.py --corpora ~/corpora --out results

For each English corpus, the main table's baselines that never heard it (found, or trained) teach themselves that
corpus under every setting. A row is a setting, a corpus and a seed; the one without a setting is the baseline with the
corpus's own statistics.
"""

import argparse
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from choose import FILE
from grid import ENCODERS
from tqdm import tqdm

from sernb.commands.data import absolute
from sernb.commands.learn import weights
from sernb.data.folds import Split
from sernb.data.writing import write_table
from sernb.evaluation.predictions import infer, prediction_table, scores_by
from sernb.experiments.sweep import Cell, Sweep
from sernb.models.classifier import EmotionClassifier
from sernb.models.statistics import Statistics
from sernb.results.self_training import CHOICE_FILE, best_choices, chosen
from sernb.runs import Run
from sernb.training.loop import make_accelerator
from sernb.training.self_training import Settings, self_trained
from sernb.training.target_statistics import aligned, sample

SETTINGS = [Settings(*one) for one in product((0.25, 0.5, 1.0), (0.0001, 0.001, 0.01, 0.1), (False, True), (1, 2, 3))]


def judged(run: Run, split: Split) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Test predictions of a run without any setting and under each of SETTINGS, and the setting."""
    accelerator = make_accelerator()
    model = EmotionClassifier.from_pretrained(run.model).eval().to(accelerator.device)

    def heard(clips: pd.DataFrame) -> np.ndarray:
        return infer(model, clips, accelerator, progress=True)[1]

    pool = pd.concat([split.test, split.target]).drop_duplicates("utterance_id")
    others, source = heard(pool), Statistics.of(heard(sample(split.train)))
    test = others[: len(split.test)]
    yield {}, prediction_table(split.test, model.judge(aligned(test, split.test, others, pool, source)[0]))
    for settings in tqdm(SETTINGS, desc=run.name):
        shares = self_trained(test, split.test, others, pool, source, model.judge, settings)
        yield asdict(settings), prediction_table(split.test, shares)


def rows(corpus: str, seeds: int, where: Sweep) -> Iterator[dict[str, Any]]:
    """Scores of the baselines that never heard an English corpus, in that corpus."""
    sweep = replace(where, held_out=(corpus,))
    study = sweep.study(progress=True)
    for seed in range(seeds):
        run = sweep.run(study, Cell("baseline", seed))
        split = study.zero_shot(seed)
        test, target = (table[table["corpus"] == corpus] for table in (split.test, split.target))
        for settings, table in judged(run, replace(split, test=test, target=target)):
            score = scores_by(table, "corpus").iloc[0]
            about = {"held_out": corpus, "seed": seed, "run": run.name, "device": run.device}
            counts = {"clips": score["clips"], "speakers": table["speaker"].nunique()}
            yield about | {"date": run.environment["date"]} | settings | {"macro_f1": score["macro_f1"]} | counts


def main() -> None:
    """Judge and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=absolute, required=True)
    parser.add_argument("--encoder", type=weights, default=ENCODERS["base"], help="initial weights of whisper-base")
    parser.add_argument("--candidates", type=Path, default=FILE, help="names the profile and the English corpora")
    parser.add_argument("--seeds", type=int, default=3, help="0 to N - 1")
    parser.add_argument("--runs", type=absolute, default=absolute("runs"))
    parser.add_argument("--out", type=Path, required=True, help="folder of the table")
    given = parser.parse_args()
    content = tomllib.loads(given.candidates.read_text())
    where = Sweep(content["profile"], given.corpora, given.encoder, given.runs)
    table = pd.DataFrame([row for corpus in content["held_out"] for row in rows(corpus, given.seeds, where)])
    (given.out / CHOICE_FILE).parent.mkdir(parents=True, exist_ok=True)
    write_table(given.out / CHOICE_FILE, table)
    print(best_choices(table).round(3).to_string(index=False))
    print(f"chosen: {chosen(table)}")


if __name__ == "__main__":
    main()
