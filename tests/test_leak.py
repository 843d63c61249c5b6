"""The leak probe, where the leak is built in and its size known."""

import numpy as np
import pandas as pd

from sernb.labels import EMOTIONS
from sernb.leak import CARELESS, DISJOINT, LeakConfig, careless_folds, measure_leak, probe
from sernb.study import open_study


def test_a_probe_that_knows_only_voices_is_right_over_careless_folds_and_at_chance_over_disjoint_ones():
    rng = np.random.default_rng(0)
    speakers = np.repeat(np.arange(20), 10)
    emotion = np.asarray(EMOTIONS, object)[speakers % 4]  # each speaker has one emotion
    voices = rng.standard_normal((20, 64))
    embeddings = voices[speakers] + 0.1 * rng.standard_normal((200, 64))
    accuracy = {}
    for name, fold in (("careless", careless_folds(pd.Series(emotion))), ("disjoint", speakers // 4)):
        guess = np.asarray(EMOTIONS, object)[probe(embeddings, emotion, fold).argmax(1)]
        accuracy[name] = (guess == emotion).mean()
    assert accuracy["careless"] > 0.95
    assert accuracy["disjoint"] < 0.5


def test_probabilities_cover_a_class_the_training_folds_lack():
    emotion = np.array(["angry", "angry", "happy", "happy", "sad"], object)
    shares = probe(np.eye(5), emotion, np.array([0, 1, 0, 1, 2]))
    np.testing.assert_allclose(shares.sum(1), 1)
    assert shares[4, EMOTIONS.index("sad")] == 0


def test_both_deals_judge_every_clip_once(tmp_path):
    study = open_study("de", runs=tmp_path, progress=False)
    run = measure_leak(LeakConfig(seconds=1.0), study.target, "random-1x32", study.store, progress=False)
    for part in (CARELESS, DISJOINT):
        rows = run.predictions[run.predictions["part"] == part]
        assert sorted(rows["utterance_id"]) == sorted(study.target["utterance_id"])
    disjoint = run.predictions[run.predictions["part"] == DISJOINT]
    assert (disjoint.groupby("speaker")["fold"].nunique() == 1).all()
