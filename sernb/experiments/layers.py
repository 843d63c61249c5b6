"""What each layer of a frozen encoder holds: emotion, within and across languages, who speaks, and which sentence.

Every probe is logistic regression on standardized embeddings. None of it needs training, so that it says in minutes
which layer a recipe should start from.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from accelerate import Accelerator
from sklearn.pipeline import Pipeline

from sernb.data.folds import Split, zero_shot
from sernb.evaluation.predictions import prediction_table, scores
from sernb.evaluation.probe import linear_probe
from sernb.experiments.study import SOURCE_LANGUAGE
from sernb.labels import EMOTIONS
from sernb.models.embeddings import whisper_embeddings
from sernb.models.statistics import Statistics
from sernb.models.whisper import WhisperEncoder
from sernb.progress import progress_bar
from sernb.training.target_statistics import aligned

MEASURES = {
    "emotion": "macro-F1, learnt from English training speakers, judged on English validation speakers and on each "
    "language; own: with each corpus's own mean and deviation",
    "distance": "from the mean of English to a language's mean, in lengths of an English emotion's vector (the mean of "
    "the emotion less that of the corpus)",
    "agreement": "cosine of a language's emotion vectors and the English ones, mean of the emotions",
    "speaker": "accuracy: which of CREMA-D's speakers, in sentences the probe has not heard",
    "sentence": "accuracy: which of CREMA-D's sentences, from speakers the probe has not heard",
}
CLIPS = 1600  # of one corpus: a third of CREMA-D, which would outweigh the other English corpora
STRENGTH = 0.01  # C of the probes: of .001, .01, .1 and 1 the best on English validation speakers (middle of base)
_SENTENCE = r"^cremad/.*\d{4}_([A-Z]{3})_[A-Z]{3}_[A-Z]+$"  # 1001_DFA_ANG_XX: the second part


def capped(clips: pd.DataFrame, limit: int = CLIPS) -> pd.DataFrame:
    """At most `limit` clips of each corpus, taken from its speakers in turn; the same at every call."""
    shuffled = clips.sample(frac=1, random_state=0)
    turn = shuffled.groupby("speaker", dropna=False).cumcount()
    kept = shuffled.loc[turn.sort_values(kind="stable").index].groupby("corpus").head(limit)
    return clips.loc[clips.index.isin(kept.index)].reset_index(drop=True)


def encode_layers(
    clips: pd.DataFrame,
    encoder: WhisperEncoder,
    accelerator: Accelerator,
    cache: Path | None = None,
    progress: bool = True,
) -> np.ndarray:
    """Embeddings of every layer (see `WhisperEncoder.every_layer`), shape (layers + 1, clips, width).

    Args:
        clips: manifest rows.
        encoder: frozen.
        accelerator: device and precision.
        cache: folder that keeps the embeddings; None keeps nothing.
        progress: show a progress bar.
    """
    table = whisper_embeddings(clips, encoder, cache, 64, progress, accelerator, every_layer=True)
    return table.to_numpy().reshape(len(clips), -1, encoder.width).swapaxes(0, 1)


def probe_layers(clips: pd.DataFrame, layers: np.ndarray, progress: bool = True) -> pd.DataFrame:
    """`probe_layer` of each layer, shape (layers + 1, clips, width), in one table with the column layer from 0 on."""
    tables = [
        probe_layer(clips, embeddings).assign(layer=number)
        for number, embeddings in enumerate(progress_bar(layers, desc="probes", unit="layer", show=progress))
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["layer", *table.columns.drop("layer")]]


def probe_layer(clips: pd.DataFrame, embeddings: np.ndarray) -> pd.DataFrame:
    """Everything MEASURES names, of one layer; speaker and sentence only where CREMA-D is among the corpora.

    Args:
        clips: labelled manifest rows with a new index, English and other languages.
        embeddings: shape (clips, width).

    Returns:
        Columns measure, language, statistics ("source": as the embeddings are; "target": with each target corpus's
        own mean and deviation, see `aligned`), value and clips, how many were judged.

    Raises:
        ValueError: no labelled clip to train, validate or test on.
    """
    split = zero_shot(clips, SOURCE_LANGUAGE)
    rows = emotion(split, embeddings) + geometry(clips, embeddings) + names(clips, embeddings)
    return pd.DataFrame(rows)


def emotion(split: Split, embeddings: np.ndarray) -> list[dict]:
    """Macro-F1 of `transferred`, of each language with each kind of statistics."""
    judged = transferred(split, embeddings).groupby(["statistics", "language"])
    return [
        {
            "measure": "emotion",
            "language": language,
            "statistics": statistics,
            "value": scores(rows)["macro_f1"],
            "clips": len(rows),
        }
        for (statistics, language), rows in judged
    ]


def taught_in_english(clips: pd.DataFrame, embeddings: np.ndarray) -> pd.DataFrame:
    """`transferred` from the English corpora to all others.

    Args:
        clips: labelled rows with an index from 0; of the manifest, or as `frozen.read` returns them.
        embeddings: shape (clips, width).
    """
    return transferred(from_english(clips), embeddings)


def from_english(clips: pd.DataFrame) -> Split:
    """`zero_shot` from English of labelled clips, such as `frozen.read` returns; its parts keep the clips' index."""
    known = pd.DataFrame({"audio_hash": None, "split": None}, index=clips.index, dtype=object)  # not told
    return zero_shot(clips.combine_first(known), SOURCE_LANGUAGE)


def transferred(split: Split, embeddings: np.ndarray) -> pd.DataFrame:
    """What a probe trained on `split.train`, whose index counts the rows of `embeddings`, says of other clips.

    Returns:
        Predictions with the columns part ("validation" or "test") and statistics: "source" as the embeddings are, and
        of the test clips also "target", with each target corpus's own mean and deviation, see `aligned`.
    """
    source, validation, test = (embeddings[part.index] for part in (split.train, split.validation, split.test))
    model = probe(source, split.train["emotion"])
    moved, known = aligned(test, split.test, test, split.test, Statistics.of(source))
    columns = [EMOTIONS.index(name) for name in model.classes_]
    tables = []
    for part, statistics, clips, vectors in (
        ("validation", "source", split.validation, validation),
        ("test", "source", split.test, test),
        ("test", "target", split.test[known], moved[known]),
    ):
        shares = np.zeros((len(clips), len(EMOTIONS)))
        if len(clips):
            shares[:, columns] = model.predict_proba(vectors)
        tables.append(prediction_table(clips, shares).assign(part=part, statistics=statistics))
    return pd.concat(tables, ignore_index=True)


def names(clips: pd.DataFrame, embeddings: np.ndarray) -> list[dict]:
    """Accuracy of naming CREMA-D's speakers, sentences crossed, and its sentences, speakers crossed."""
    sentence = clips["utterance_id"].str.extract(_SENTENCE, expand=False)
    rows = sentence.notna().to_numpy()
    if not rows.any():
        return []
    sentence, speaker = sentence[rows], clips["speaker"][rows]
    later = pd.Series(pd.factorize(sentence, sort=True)[0] % 4 == 3, sentence.index)  # three of twelve sentences
    answers = []
    for measure, truth, held_out in (
        ("speaker", speaker, later),
        ("sentence", sentence, clips["fold"][rows] == clips["fold"][rows].min()),
    ):
        train, test = truth[~held_out], truth[held_out]
        if test.empty or train.nunique() < 2:
            continue
        guess = probe(embeddings[train.index], train).predict(embeddings[test.index])
        answers.append(_row(measure, SOURCE_LANGUAGE, (guess == test.to_numpy(object)).mean(), len(test)))
    return answers


def geometry(clips: pd.DataFrame, embeddings: np.ndarray) -> list[dict]:
    """How far each language lies from English, and whether its emotions point the same way.

    Dimensions are measured in deviations of English, as the probe hears them. An emotion's vector is its mean less the
    mean of the corpus; a language's is the mean over its corpora.
    """
    english = embeddings[(clips["language"] == SOURCE_LANGUAGE).to_numpy()]
    table = pd.DataFrame((embeddings - english.mean(0)) / english.std(0).clip(min=1e-6))
    table.index = pd.MultiIndex.from_frame(clips[["language", "corpus", "emotion"]])
    corpus_mean = table.groupby(["language", "corpus"]).mean()
    vectors = table.groupby(["language", "corpus", "emotion"]).mean().sub(corpus_mean)
    vectors = vectors.groupby(["language", "emotion"]).mean()
    mean = table.groupby("language").mean()
    own = vectors.loc[SOURCE_LANGUAGE]
    length = np.linalg.norm(own, axis=1).mean()
    answers = []
    for language in mean.index.drop(SOURCE_LANGUAGE):
        theirs = vectors.loc[language]
        shared = theirs.index.intersection(own.index)
        a, b = own.loc[shared].to_numpy(), theirs.loc[shared].to_numpy()
        cosine = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
        count = int((clips["language"] == language).sum())
        distance = np.linalg.norm(mean.loc[language] - mean.loc[SOURCE_LANGUAGE]) / length
        answers += [_row("distance", language, distance, count), _row("agreement", language, cosine.mean(), count)]
    return answers


def probe(embeddings: np.ndarray, truth: pd.Series) -> Pipeline:
    """Logistic regression on standardized embeddings, its classes weighed alike."""
    model = linear_probe(STRENGTH, balanced=True, most_steps=1000)
    return model.fit(embeddings, truth.to_numpy(object))


def _row(measure: str, language: str, value: float, clips: int) -> dict:
    return {"measure": measure, "language": language, "statistics": "source", "value": float(value), "clips": clips}
