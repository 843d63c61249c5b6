"""A head taught by a model's own names: against a slow form of it, and on clouds of which the truth is known."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.statistics import Statistics, recentred
from sernb.models.whisper import WhisperEncoder
from sernb.training.self_training import Settings, most_probable, self_trained, taught_by_names, taught_classifier
from sernb.training.target_statistics import CLIPS, sample

DIRECTIONS = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], float)  # of the classes of a cloud


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def turned(degrees):
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def cloud(generator, clips, turn=0.0, shares=(0.25,) * 4):
    """Four classes in the corners of a square, which is turned; and each point's class."""
    truth = generator.choice(4, clips, p=shares)
    points = DIRECTIONS[truth] + generator.normal(0, 0.35, (clips, 2))
    return (points @ turned(turn).T).astype(np.float32), truth


def english(embeddings):
    """The head of a model that learnt the square as it stands."""
    return softmax(4 * embeddings @ DIRECTIONS.T)


def test_every_class_names_as_many_clips_its_most_probable_ones():
    shares = np.random.default_rng(0).dirichlet(np.ones(4), 37)
    places, names = most_probable(shares, 0.5)
    assert np.bincount(names).tolist() == [5] * 4  # half of 37, over four classes
    for number in range(4):
        chosen = places[names == number]
        assert sorted(chosen) == sorted(sorted(range(37), key=lambda clip: -shares[clip, number])[:5])


def test_a_class_that_is_never_the_most_probable_gets_its_clips_all_the_same():
    shares = np.tile([0.4, 0.3, 0.2, 0.1], (8, 1))
    assert np.bincount(most_probable(shares, 1.0)[1]).tolist() == [2] * 4
    assert np.bincount(most_probable(shares[:2], 0.1)[1]).tolist() == [1] * 4


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("rounds", [1, 3])
def test_as_a_slow_readable_form_has_it(clips, whole, rounds):
    generator = np.random.default_rng(1)
    table = clips(corpus=["a"] * 300 + ["b"] * 60).assign(fold=np.arange(360) % 3)
    embeddings, _ = cloud(generator, 360, turn=20)
    embeddings[300:] = 3 * embeddings[300:] + 5  # each corpus has statistics, and heads, of its own
    source, _ = cloud(generator, 500)
    settings = Settings(share=0.6, inverse_penalty=0.1, whole=whole, rounds=rounds)
    found = self_trained(embeddings, table, embeddings, table, Statistics.of(source), english, settings)
    for corpus in ("a", "b"):
        for fold in range(3):
            pool = table[(table["corpus"] == corpus) & (table["fold"] != fold)]
            if not whole:
                pool = sample(pool)
            assert len(pool) == (40 if corpus == "b" else 200 if whole else CLIPS)
            own = embeddings[pool.index].astype(float)
            mean, deviation = own.mean(0), own.std(0)
            shares = english((own - mean) / deviation * source.std(0) + source.mean(0))
            for _ in range(rounds):
                heard, names = [], []
                for number in range(4):
                    best = sorted(range(len(own)), key=lambda clip: -shares[clip, number])
                    for clip in best[: round(0.6 * len(own) / 4)]:
                        heard.append((own[clip] - mean) / deviation)
                        names.append(number)
                head = LogisticRegression(C=0.1, max_iter=1000).fit(heard, names)
                shares = head.predict_proba((own - mean) / deviation)
            here = ((table["corpus"] == corpus) & (table["fold"] == fold)).to_numpy()
            expected = head.predict_proba((embeddings[here] - mean) / deviation)
            np.testing.assert_allclose(found[here], expected, atol=1e-4)


@pytest.mark.parametrize("degrees", [30, -30])
def test_borders_follow_a_language_whose_emotions_lie_turned(clips, degrees):
    generator = np.random.default_rng(2)
    table = clips(corpus=["a"] * 600).assign(fold=np.arange(600) % 5)
    embeddings, truth = cloud(generator, 600, turn=degrees)
    source, _ = cloud(generator, 500)
    taught = self_trained(embeddings, table, embeddings, table, Statistics.of(source), english).argmax(1) == truth
    as_it_was = english(embeddings).argmax(1) == truth
    assert taught.mean() > as_it_was.mean() + 0.05


def test_a_speakers_own_fold_teaches_nothing(clips):
    generator = np.random.default_rng(3)
    table = clips(corpus=["a"] * 80).assign(fold=[0] * 40 + [1] * 40)
    pool, _ = cloud(generator, 80)
    source, _ = cloud(generator, 100)
    before = self_trained(pool[:1], table[:1], pool, table, Statistics.of(source), english)
    pool_of_others = pool.copy()
    pool_of_others[1:40] += 100
    np.testing.assert_array_equal(
        before, self_trained(pool[:1], table[:1], pool_of_others, table, Statistics.of(source), english)
    )


def test_where_no_other_fold_is_known_there_is_no_answer(clips):
    table = clips(corpus=["a"] * 4 + ["b"] * 4).assign(fold=[0, 0, 1, 1] + [0] * 4)
    embeddings, _ = cloud(np.random.default_rng(4), 8)
    found = self_trained(embeddings, table, embeddings, table, Statistics.of(embeddings), english)
    assert np.isfinite(found[:4]).all() and np.isnan(found[4:]).all()
    np.testing.assert_allclose(found[:4].sum(1), 1, rtol=1e-6)
    assert found.shape == (8, len(EMOTIONS))


def test_a_models_folder_can_hold_the_head_that_its_names_taught(tmp_path):
    generator = np.random.default_rng(5)
    model = EmotionClassifier(WhisperEncoder("random-1x32"), highest_hz=5000).eval()
    heard, others, english = (generator.normal(place, 2, (60, 32)).astype(np.float32) for place in (3, 3, -1))
    english[:, 0] = 7  # a dimension that never changes there
    source, settings = Statistics.of(english), Settings(inverse_penalty=0.1)
    taught, own = taught_classifier(model, heard, source, settings)
    taught.save_pretrained(tmp_path)
    found = EmotionClassifier.from_pretrained(tmp_path)
    names = model.judge(recentred(heard, own, source))
    head = taught_by_names(own.standard_scores(heard), names, settings)
    head.coef_[:, 0] = 0  # of which re-centred embeddings know nothing
    expected = head.predict_proba(own.standard_scores(others))
    assert np.ptp(expected, axis=0).min() > 0.3
    np.testing.assert_allclose(found.judge(recentred(others, own, source)), expected, atol=1e-4)
    assert found.log_mel.highest_hz == 5000
    assert all(
        torch.equal(one, two) for one, two in zip(model.encoder.parameters(), found.encoder.parameters(), strict=True)
    )
