"""The leak cross_validated_shares, where the leak is built in and its size known."""

import numpy as np
import pandas as pd

from sernb.experiments.leak import (
    CARELESS,
    DISJOINT,
    LeakConfig,
    careless_folds,
    cross_validated_shares,
    measure_leak,
    over_corpora,
    over_deals,
)
from sernb.experiments.study import open_study
from sernb.labels import EMOTIONS


def test_a_probe_that_knows_only_voices_is_right_over_careless_folds_and_at_chance_over_disjoint_ones():
    rng = np.random.default_rng(0)
    speakers = np.repeat(np.arange(20), 10)
    emotion = np.asarray(EMOTIONS, object)[speakers % 4]  # each speaker has one emotion
    voices = rng.standard_normal((20, 64))
    embeddings = voices[speakers] + 0.1 * rng.standard_normal((200, 64))
    accuracy = {}
    for name, fold in (("careless", careless_folds(pd.Series(emotion))), ("disjoint", speakers // 4)):
        guess = np.asarray(EMOTIONS, object)[cross_validated_shares(embeddings, emotion, fold).argmax(1)]
        accuracy[name] = (guess == emotion).mean()
    assert accuracy["careless"] > 0.95
    assert accuracy["disjoint"] < 0.5


def test_probabilities_cover_a_class_the_training_folds_lack():
    emotion = np.array(["angry", "angry", "happy", "happy", "sad"], object)
    shares = cross_validated_shares(np.eye(5), emotion, np.array([0, 1, 0, 1, 2]))
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


def test_every_corpus_but_the_english_ones_is_dealt_by_itself(clips):
    truth = list(EMOTIONS) * 18
    rows = clips(
        utterance_id=[str(number) for number in range(72)],
        corpus=["a"] * 24 + ["b"] * 24 + ["c"] * 24,
        language=["en"] * 24 + ["ur"] * 24 + ["de"] * 24,
        speaker=[f"{number // 4}" for number in range(72)],
        emotion=truth,
        fold=[number // 12 % 2 for number in range(72)],
    )
    vectors = pd.get_dummies(pd.Series(truth)).to_numpy(float)
    judged = over_corpora(rows, vectors)
    assert set(judged["language"]) == {"ur", "de"} and len(judged) == 96
    alone = rows[rows["corpus"] == "b"]
    own = judged[judged["corpus"] == "b"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, over_deals(alone, vectors[alone.index]))
