"""What it costs when clips differ from those a model knows, on the reference corpora: results/differences.parquet.

    python benchmarks/differences.py CORPORA ENCODER

A linear probe learns emotion from the English clips of results/embeddings-frozen.parquet, and is asked about the other
languages, before and after a change: half the band, a tenth of the level, statistics of one speaker or one gender. The
first two change audio, which ENCODER hears, cut after its third layer; the others need no audio.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import soundfile
import soxr
from sklearn.metrics import f1_score
from sklearn.pipeline import Pipeline

from sernb.data.manifest import harmonize
from sernb.data.shipped import RESULTS
from sernb.data.writing import write_table
from sernb.evaluation.differences import BAND, COSTS_FILE, GENDER, LEVEL, SPEAKER
from sernb.evaluation.probe import linear_probe
from sernb.experiments import frozen
from sernb.experiments.study import SOURCE_LANGUAGE
from sernb.labels import EMOTIONS
from sernb.models.embeddings import embed
from sernb.models.statistics import Statistics, recentred
from sernb.models.whisper import WhisperEncoder
from sernb.speech.audio import SAMPLE_RATE, load
from sernb.training.loop import make_accelerator

LAYER = 3  # of the stored embeddings
HALF = SAMPLE_RATE // 2
GAIN = 0.1
FEWEST = 8  # clips of a speaker, to take statistics over


@dataclass(frozen=True)
class Judge:
    """A probe that learnt in English, and the statistics of what it learnt from."""

    probe: Pipeline
    source: Statistics

    @classmethod
    def taught(cls, embeddings: np.ndarray, emotion: pd.Series) -> "Judge":
        """Embeddings of shape (clips, width) and the class of each."""
        return cls(linear_probe().fit(embeddings, emotion.to_numpy(object)), Statistics.of(embeddings))

    def score(self, embeddings: np.ndarray, emotion: pd.Series, own: Statistics | None) -> float:
        """Macro-F1, re-centred where `own` says how."""
        heard = embeddings if own is None else recentred(embeddings, own, self.source)
        named = self.probe.predict(heard)
        return float(f1_score(emotion.to_numpy(object), named, labels=EMOTIONS, average="macro", zero_division=0))


def of_people(judge: Judge, clips: pd.DataFrame, embeddings: np.ndarray) -> Iterator[dict]:
    """Statistics of one speaker, or one gender, applied to everybody else: a row each, scores averaged over them."""
    every = Statistics.of(embeddings)
    for name, column in ((SPEAKER, "speaker"), (GENDER, "gender")):
        pairs = []
        for _, rows in clips.groupby(column):
            if len(rows) >= FEWEST:
                part = clips.index.isin(rows.index)
                rest, emotion = embeddings[~part], clips.loc[~part, "emotion"]
                pairs.append([judge.score(rest, emotion, own) for own in (every, Statistics.of(embeddings[part]))])
        before, after = np.mean(pairs, axis=0)
        yield {"difference": name, "recentred": True, "before": before, "after": after, "repeats": len(pairs)}


def of_audio(
    judge: Judge, clips: pd.DataFrame, embeddings: np.ndarray, encoder: WhisperEncoder, folder: Path
) -> Iterator[dict]:
    """Clips of half the band, or a tenth of the level: two rows each, re-centred on statistics of the same or not."""
    for name in (BAND, LEVEL):
        altered = clips.assign(path=[str(folder / f"{name}-{number}.wav") for number in range(len(clips))])
        for path, new in zip(clips["path"], altered["path"], strict=True):
            samples = load(path)
            rate = HALF if name == BAND else SAMPLE_RATE
            changed = soxr.resample(samples, SAMPLE_RATE, HALF) if name == BAND else GAIN * samples
            soundfile.write(new, changed, rate, subtype="PCM_16")
        heard = embed(encoder, altered, make_accelerator())
        for own in (True, False):
            before, after = (
                judge.score(one, clips["emotion"], Statistics.of(one) if own else None) for one in (embeddings, heard)
            )
            yield {"difference": name, "recentred": own, "before": before, "after": after, "repeats": 1}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("encoder")
    parser.add_argument("--clips", type=int, default=150, help="of each language whose audio is changed")
    parser.add_argument("--out", type=Path, default=RESULTS / COSTS_FILE)
    parser.add_argument("--checks", type=Path, help="file that keeps what was found out about the audio")
    given = parser.parse_args()
    table, embeddings = frozen.read()
    english = table["language"] == SOURCE_LANGUAGE
    judge = Judge.taught(embeddings[english], table.loc[english, "emotion"])
    manifest = harmonize(given.corpora, cache=given.checks, headers_only=True).manifest
    paths = manifest.set_index("utterance_id")["path"]
    encoder, rows = WhisperEncoder(given.encoder, layers=LAYER), []
    for (language, corpus), clips in table[~english].groupby(["language", "corpus"]):
        place = {"language": language, "corpus": corpus}
        own, about = embeddings[clips.index], {"clips": len(clips), "speakers": clips["speaker"].nunique()}
        rows += [place | row | about for row in of_people(judge, clips.reset_index(drop=True), own)]
        some = clips[clips["utterance_id"].isin(paths.index)].sample(given.clips, random_state=0)
        some = some.assign(path=paths.loc[some["utterance_id"]].to_numpy())
        about = {"clips": len(some), "speakers": some["speaker"].nunique()}
        with TemporaryDirectory() as folder:
            found = of_audio(judge, some, embeddings[some.index], encoder, Path(folder))
            rows += [place | row | about for row in found]
    result = pd.DataFrame(rows).assign(encoder=Path(given.encoder).name, date=datetime.now(UTC).date().isoformat())
    write_table(given.out, result)
    print(result.to_string())


if __name__ == "__main__":
    main()
