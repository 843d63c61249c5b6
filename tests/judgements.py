"""Made-up predictions whose speakers, runs and folds are known, for tests of intervals and ensembles."""

import numpy as np
import pandas as pd

from sernb.evaluation.predictions import PROBABILITIES
from sernb.labels import EMOTIONS


def judged(generator, speakers=6, seeds=3, right=0.6, clips=(4, 12), corpus="c", folds=1, run=None) -> pd.DataFrame:
    """Predictions: each speaker with another number of clips, who is the same for every generator of one seed.

    With several folds, each seed has a run for each fold, which judges every `folds`-th speaker.
    """
    rows = []
    for speaker in range(speakers):
        truth = np.random.default_rng(speaker).integers(0, 4, 4 + speaker % 3 * (clips[1] - clips[0]) // 2)
        truth[:4] = range(4)
        for seed in range(seeds):
            wrong = generator.random(len(truth)) > right
            guess = (truth + wrong * generator.integers(1, 4, len(truth))) % 4
            rows.append(
                pd.DataFrame(np.eye(4)[guess], columns=PROBABILITIES).assign(
                    seed=seed,
                    run=f"{run} {seed} {speaker % folds}",
                    utterance_id=[f"{speaker}/{number}" for number in range(len(truth))],
                    corpus=corpus,
                    language="ur",
                    speaker=f"{corpus}/{speaker}",
                    gender="female" if speaker % 2 else "male",
                    emotion=np.array(EMOTIONS)[truth],
                )
            )
    table = pd.concat(rows, ignore_index=True)
    return table if run else table.drop(columns="run")
