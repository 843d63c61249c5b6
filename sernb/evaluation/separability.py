"""How well the classes lie apart in embeddings, in numbers: a t-SNE picture alone proves nothing."""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score, silhouette_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from sernb.evaluation.bias import right_by_speaker_alone
from sernb.evaluation.probe import linear_probe
from sernb.runs import Run

NEIGHBOURS = 10
CONFOUNDED = 0.8


def separability(embeddings: np.ndarray, clips: pd.DataFrame) -> dict[str, float]:
    """Silhouette, nearest-neighbour accuracy and linear-probe accuracy of the emotion classes.

    No speaker helps to judge himself: his own clips are no neighbours of his, and the probe is fitted on others.

    Args:
        embeddings: shape (clips, width).
        clips: columns utterance_id, emotion and speaker.

    Returns:
        silhouette: -1 to 1 by cosine distance, 0 where classes lie in each other;
        neighbours: share of clips whose class is the most frequent among the NEIGHBOURS nearest clips of others;
        probe, probe_macro_f1: accuracy and macro-F1 of logistic regression over speaker-disjoint folds. The probe is
        taught the target's labels: it says what the embedding holds, not what the model would answer.

        NaN with one class or one speaker; neighbours and probe also where who speaks tells the class of more than
        CONFOUNDED of the clips (see `bias.right_by_speaker_alone`): the other speakers then speak other classes.
    """
    truth = clips["emotion"].to_numpy(object)
    speaker = clips["speaker"].fillna("unknown").to_numpy(object)
    figures = dict.fromkeys(("silhouette", "neighbours", "probe", "probe_macro_f1"), np.nan)
    speakers = len(set(speaker))
    if len(set(truth)) < 2 or speakers < 2:
        return figures
    embeddings = np.asarray(embeddings, np.float32)
    figures["silhouette"] = float(silhouette_score(embeddings, truth, metric="cosine"))
    if right_by_speaker_alone(clips) > CONFOUNDED:
        return figures
    figures["neighbours"] = float((nearest_class(embeddings, truth, speaker) == truth).mean())
    probe = linear_probe(most_steps=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the probe compares embeddings, to the last digit or not
        warnings.filterwarnings("ignore", message="The number of unique classes")
        named = cross_val_predict(probe, embeddings, truth, groups=speaker, cv=GroupKFold(min(5, speakers)))
    figures["probe"] = float((named == truth).mean())
    figures["probe_macro_f1"] = float(f1_score(truth, named, average="macro", zero_division=0))
    return figures


def nearest_class(embeddings: np.ndarray, truth: np.ndarray, speaker: np.ndarray) -> np.ndarray:
    """The most frequent class among the nearest clips of other speakers by cosine similarity, shape (clips,)."""
    unit = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    similarity = unit @ unit.T
    similarity[speaker[:, None] == speaker[None]] = -np.inf
    count = min(NEIGHBOURS, int((similarity > -np.inf).sum(1).min()))
    nearest = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
    classes, number = np.unique(truth, return_inverse=True)
    votes = np.zeros((len(truth), len(classes)))
    weights = 2 + np.take_along_axis(similarity, nearest, 1)  # among equally many votes the nearer ones win
    np.add.at(votes, (np.arange(len(truth))[:, None], number[nearest]), 1 + 1e-3 * weights)
    return classes[votes.argmax(1)]


def matched(methods: Mapping[str, list[Run]], language: str) -> list[dict[str, tuple[np.ndarray, pd.DataFrame]]]:
    """Embeddings of the same clips under each method, one entry for each seed and set of clips all of them judged.

    Args:
        methods: method -> runs; those without stored embeddings take no part.
        language: ISO 639-1.

    Returns:
        Method -> embeddings, shape (clips, width), and the clips' rows of the run's predictions.
    """
    runs = [(method, run.seed, run) for method, own in methods.items() for run in own if run.has_embeddings]
    clips = {}
    for *_, run in runs:
        table = run.predictions
        stored = table["utterance_id"].isin(run.embeddings.index)
        clips[run.name] = table[stored & (table["part"] == "test") & (table["language"] == language)]
    wanted = {(seed, frozenset(clips[run.name]["utterance_id"])) for _, seed, run in runs if len(clips[run.name])}
    found = []
    for seed, names in sorted(wanted, key=lambda pair: (pair[0], sorted(pair[1]))):
        entry = {}
        for method, own_seed, run in runs:
            table = clips[run.name]
            if own_seed == seed and names <= set(table["utterance_id"]):
                chosen = table[table["utterance_id"].isin(names)].sort_values("utterance_id", ignore_index=True)
                entry[method] = (run.embeddings.loc[chosen["utterance_id"]].to_numpy(np.float32), chosen)
        if entry.keys() == set(methods):
            found.append(entry)
    return found


def separability_table(methods: Mapping[str, list[Run]], language: str) -> pd.DataFrame:
    """`separability` of each method, the mean over what `matched` finds; empty where that is nothing."""
    entries = matched(methods, language)
    rows = [{"method": method, **separability(*pair)} for entry in entries for method, pair in entry.items()]
    if not rows:
        return pd.DataFrame()
    return pd.DataFrame(rows).groupby("method", sort=False).mean().reset_index().assign(sets=len(entries))
