"""Over which clips the target's statistics are taken, and what they do to embeddings."""

import numpy as np
import pandas as pd
import pytest

from sernb.data.folds import Split
from sernb.models.statistics import Statistics, recentred
from sernb.training.target_statistics import CLIPS, aligned, sample, statistics_pool


def test_statistics_come_from_other_folds_and_match_the_source(clips):
    generator = np.random.default_rng(0)
    table = clips(corpus=["a"] * 40 + ["b"] * 20).assign(fold=[0] * 20 + [1] * 20 + [0] * 10 + [1] * 10)
    pool = generator.normal(3, 5, (60, 4))
    source = generator.normal(-1, 2, (200, 4))
    moved, known = aligned(pool, table, pool, table, Statistics.of(source))
    assert known.all()
    for corpus, fold in (("a", 0), ("a", 1), ("b", 0), ("b", 1)):
        here = ((table["corpus"] == corpus) & (table["fold"] == fold)).to_numpy()
        others = ((table["corpus"] == corpus) & (table["fold"] != fold)).to_numpy()
        for row in np.flatnonzero(here):  # one clip, one dimension at a time
            for dimension in range(4):
                mean, deviation = np.mean(pool[others, dimension]), np.std(pool[others, dimension])
                z = (pool[row, dimension] - mean) / deviation
                expected = z * np.std(source[:, dimension]) + np.mean(source[:, dimension])
                assert moved[row, dimension] == pytest.approx(expected)


def test_a_speakers_own_fold_has_no_say_in_his_statistics(clips):
    generator = np.random.default_rng(0)
    table = clips(corpus=["a"] * 40).assign(fold=[0] * 20 + [1] * 20)
    pool, source = generator.normal(size=(40, 4)), generator.normal(size=(50, 4))
    moved, _ = aligned(pool[:1], table[:1], pool, table, Statistics.of(source))
    disturbed = pool.copy()
    disturbed[1:20] += 100
    np.testing.assert_array_equal(moved, aligned(pool[:1], table[:1], disturbed, table, Statistics.of(source))[0])


def test_a_corpus_of_one_language_has_the_statistics_of_the_whole_corpus_to_the_last_bit(clips):
    """So predictions stored before languages were told apart stay what they are."""
    rows = 3 * CLIPS
    table = clips(corpus=["a"] * rows + ["b"] * rows, language=["ur"] * rows + ["de"] * rows)
    table = table.assign(fold=np.arange(2 * rows) % 5)
    pool, source = np.random.default_rng(0).normal(3, 5, (2 * rows, 4)), np.random.default_rng(1).normal(size=(200, 4))
    expected = pool.copy()
    place = pd.util.hash_array(table["utterance_id"].to_numpy(object))
    for corpus, fold in table.groupby(["corpus", "fold"]).groups:
        others = np.flatnonzero((table["corpus"] == corpus) & (table["fold"] != fold))
        own = pool[others[np.argsort(place[others])][:CLIPS]]
        here = ((table["corpus"] == corpus) & (table["fold"] == fold)).to_numpy()
        expected[here] = recentred(pool[here], Statistics.of(own), Statistics.of(source))
    np.testing.assert_array_equal(aligned(pool, table, pool, table, Statistics.of(source))[0], expected)


def test_a_corpus_of_several_languages_has_statistics_for_each(clips):
    generator = np.random.default_rng(0)
    table = clips(corpus=["a"] * 80, language=["ur"] * 40 + ["de"] * 40).assign(fold=np.arange(80) % 2)
    pool, source = generator.normal(size=(80, 4)), generator.normal(size=(50, 4))
    moved, _ = aligned(pool, table, pool, table, Statistics.of(source))
    pool[40:] += 100  # a shift of one language's own is taken out, and moves no other
    again, _ = aligned(pool, table, pool, table, Statistics.of(source))
    np.testing.assert_array_equal(again[:40], moved[:40])
    np.testing.assert_allclose(again[40:], moved[40:])


def test_clips_of_a_corpus_with_a_single_fold_have_no_statistics(clips):
    table = clips(corpus=["a"] * 4 + ["b"] * 4).assign(fold=[0, 0, 1, 1] + [0] * 4)
    embeddings = np.random.default_rng(0).normal(size=(8, 3))
    moved, known = aligned(embeddings, table, embeddings, table, Statistics.of(embeddings))
    assert known.tolist() == [True] * 4 + [False] * 4
    np.testing.assert_array_equal(moved[4:], embeddings[4:])


def test_statistics_look_at_a_few_clips_of_each_corpus(clips):
    table = clips(corpus=["a"] * (CLIPS + 50) + ["b"] * 7)
    counts = sample(table)["corpus"].value_counts()
    assert counts.to_dict() == {"a": CLIPS, "b": 7}
    again = sample(table.sample(frac=1, random_state=1))
    assert set(sample(table)["utterance_id"]) == set(again["utterance_id"])


def test_every_recipe_takes_its_statistics_over_the_same_clips(clips):
    """The baseline judges all folds at once, BYOL one at a time, each among speech that others don't see."""
    folds = np.arange(600) % 5
    emotions = np.where(np.arange(600) % 3 == 0, None, "happy")
    target = clips(corpus=["a"] * 600, speaker=[f"s{fold}" for fold in folds], emotion=emotions).assign(fold=folds)
    labelled = target[target["emotion"].notna()]
    english = clips(utterance_id=["e/0", "e/1"], corpus=["e"] * 2, speaker=["x", "y"], audio_hash=["x", "y"])
    whole = Split(english[:1], english[1:], labelled, target=target)
    apart = Split(english[:1], english[1:], labelled[labelled["fold"] == 2], target=target)
    used = []
    for split in (whole, apart):
        pool = statistics_pool(split)
        used.append(sample(pool[pool["fold"] != 2])["utterance_id"].tolist())
        assert pool["emotion"].isna().any()
    assert used[0] == used[1] and len(used[0]) == CLIPS
