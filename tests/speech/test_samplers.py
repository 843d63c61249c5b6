"""Batches: balanced, reproducible, and the same after an interruption."""

import time
from collections import Counter

import numpy as np
import pytest

from sernb.speech.samplers import Batches, class_balanced, shared_out
from sernb.speech.speaker_batches import enough_clips, enough_speakers, paired, speaker_balanced

LABELS = np.array(["angry"] * 50 + ["happy"] * 5 + ["neutral"] * 2 + ["sad"] * 30)


def test_every_batch_has_equally_many_clips_of_each_class():
    for batch in Batches(class_balanced(LABELS, 16), seed=0, start=0, stop=20):
        clips = [clip for clip, _ in batch]
        assert Counter(LABELS[clips]) == dict.fromkeys(("angry", "happy", "neutral", "sad"), 4)


def test_a_class_with_enough_clips_is_drawn_without_replacement():
    draw = class_balanced(LABELS, 16)
    for seed in range(20):
        clips = draw(np.random.default_rng(seed))
        plenty = clips[LABELS[clips] != "neutral"]
        assert len(set(plenty.tolist())) == len(plenty)


def test_steps_do_not_depend_on_where_the_run_started():
    draw = class_balanced(LABELS, 8)
    whole = list(Batches(draw, seed=3, start=0, stop=10))
    rest = list(Batches(draw, seed=3, start=6, stop=10))
    assert whole[6:] == rest
    assert whole != list(Batches(draw, seed=4, start=0, stop=10))


def test_a_batch_that_cannot_be_shared_out_is_refused():
    with pytest.raises(ValueError, match="multiple of the 4 classes"):
        class_balanced(LABELS, 18)


SPEAKERS = np.repeat([f"s{number:02d}" for number in range(20)], np.arange(4, 24))
GENDERS = np.where(SPEAKERS < "s06", "female", "male")


def test_speaker_batches_hold_sixteen_speakers_with_four_clips_each_and_no_clip_twice():
    for batch in Batches(speaker_balanced(SPEAKERS, 64, 4), seed=0, start=0, stop=30):
        clips = [clip for clip, _ in batch]
        assert len(set(clips)) == 64
        counts = Counter(SPEAKERS[clips].tolist())
        assert len(counts) == 16 and set(counts.values()) == {4}


def test_speaker_batches_follow_from_seed_and_step():
    draw = speaker_balanced(SPEAKERS, 32, 4)
    whole = list(Batches(draw, seed=1, start=0, stop=8))
    assert list(Batches(draw, seed=1, start=5, stop=8)) == whole[5:]
    assert list(Batches(draw, seed=2, start=0, stop=8)) != whole


def test_every_speaker_and_every_clip_of_one_comes_up_about_equally_often():
    draw = speaker_balanced(SPEAKERS, 32, 4)
    clips = np.concatenate([draw(np.random.default_rng(seed)) for seed in range(1500)])
    speakers = np.array(list(Counter(SPEAKERS[clips].tolist()).values())) / (1500 * 4 * 8 / 20)
    assert len(speakers) == 20 and abs(speakers - 1).max() < 0.15
    last = np.array(list(Counter(clips[SPEAKERS[clips] == "s19"].tolist()).values()))
    assert len(last) == 23 and abs(last / last.mean() - 1).max() < 0.3


def test_gender_balance_draws_as_many_women_as_men():
    draw = speaker_balanced(SPEAKERS, 32, 4, GENDERS)
    for seed in range(20):
        clips = draw(np.random.default_rng(seed))
        assert Counter(GENDERS[clips].tolist()) == {"female": 16, "male": 16}
    plain = speaker_balanced(SPEAKERS, 32, 4)
    assert any((GENDERS[plain(np.random.default_rng(seed))] == "female").sum() != 16 for seed in range(20))


def test_what_is_left_of_a_batch_of_speakers_goes_to_each_stratum_in_turn():
    draw = speaker_balanced(SPEAKERS, 20, 4, GENDERS)
    women = [(GENDERS[draw(np.random.default_rng(seed))] == "female").sum() // 4 for seed in range(60)]
    assert set(women) == {2, 3}


def test_a_batch_of_one_stratum_mixes_none():
    draw = speaker_balanced(SPEAKERS, 24, 4, GENDERS, one_stratum=True)
    kinds = [set(GENDERS[draw(np.random.default_rng(seed))]) for seed in range(60)]
    assert all(len(kind) == 1 for kind in kinds) and {next(iter(kind)) for kind in kinds} == {"female", "male"}
    with pytest.raises(ValueError, match="6 female, 14 male"):
        speaker_balanced(SPEAKERS, 96, 4, GENDERS, one_stratum=True)


def test_a_class_is_shared_out_over_its_corpora_however_large():
    labels = np.repeat(["angry", "sad"], 60)
    corpora = np.array(["large"] * 50 + ["small"] * 10 + ["large"] * 60)
    clips = class_balanced(labels, 16, corpora)(np.random.default_rng(0))
    assert Counter(zip(labels[clips], corpora[clips], strict=True)) == {
        ("angry", "large"): 4,
        ("angry", "small"): 4,
        ("sad", "large"): 8,
    }


def test_pairs_of_a_speaker_share_their_emotion_or_rarely_do(clips):
    emotions = (["happy"] * 4 + ["sad"] * 4) * 3 + ["angry"] * 4
    table = clips(speaker=["a"] * 8 + ["b"] * 8 + ["c"] * 8 + ["d"] * 4, emotion=emotions)
    same, voices, spread = paired(table, 4, "same-emotion")
    draw = speaker_balanced(voices, 8, 4, spread=spread)
    for seed in range(20):
        chosen = same.iloc[draw(np.random.default_rng(seed))]
        assert (chosen.groupby(voices[draw(np.random.default_rng(seed))])["emotion"].nunique() == 1).all()
    mixed, voices, spread = paired(table, 4, "mixed-emotion")
    assert set(mixed["speaker"]) == {"a", "b", "c"}
    chosen = mixed.iloc[speaker_balanced(voices, 8, 4, spread=spread)(np.random.default_rng(0))]
    assert chosen.groupby(["speaker", "emotion"]).size().tolist() == [2, 2, 2, 2]


def test_languages_with_too_few_speakers_leave_their_share_to_others(clips):
    speakers = [f"ur{n}" for n in range(6)] + [f"bn{n}" for n in range(9)] + ["de0", "de1"]
    table = clips(speaker=speakers, language=[name[:2] for name in speakers])
    assert set(enough_speakers(table, 32, 4)["language"]) == {"ur", "bn"}
    assert set(enough_speakers(table, 16, 4)["language"]) == {"ur", "bn", "de"}


def test_speakers_with_too_few_clips_and_unknown_ones_are_left_out_and_reported(clips):
    speaker = ["a"] * 4 + ["b"] * 3 + [None] * 5 + ["c"] * 6
    kept, left_out = enough_clips(clips(speaker=speaker), 4)
    assert kept["speaker"].tolist() == ["a"] * 4 + ["c"] * 6
    assert left_out.fillna("unknown").to_dict("list") == {
        "corpus": ["c", "c"],
        "speaker": ["b", "unknown"],
        "clips": [3, 5],
    }


@pytest.mark.parametrize(
    ("size", "each", "genders", "problem"),
    [
        (30, 4, None, "not two or more times"),
        (4, 4, None, "not two or more times"),
        (16, 8, None, "fewer than 8 clips: s00, s01, s02"),
        (96, 4, None, "choose a smaller batch"),
        (64, 4, GENDERS, "there are 6 female, 14 male to learn from: choose a smaller batch, at most 48 clips"),
    ],
)
def test_batches_the_speakers_cannot_fill_are_refused(size, each, genders, problem):
    with pytest.raises(ValueError, match=problem):
        speaker_balanced(SPEAKERS, size, each, genders)


def test_a_speaker_batch_costs_the_same_whatever_the_corpus():
    """Measured by the random numbers drawn: a walk over the corpus or over a speaker would need more of them."""

    class Counting(np.random.Generator):
        drawn = 0

        def integers(self, *args, **options):
            result = super().integers(*args, **options)
            self.drawn += np.size(result)
            return result

        def permutation(self, values, **options):
            self.drawn += len(values)
            return super().permutation(values, **options)

        def choice(self, *args, **options):
            raise AssertionError("choice without replacement walks over everything it chooses from")

    drawn = []
    for speakers, clips in ((200, 100), (2_000, 500)):
        generator = Counting(np.random.PCG64(0))
        draw = speaker_balanced(np.repeat(np.arange(speakers), clips), 64, 4)
        started = time.perf_counter()
        for _ in range(20):
            draw(generator)
        assert time.perf_counter() - started < 1
        drawn.append(generator.drawn)
    assert drawn[1] <= 1.1 * drawn[0]


def test_sources_are_drawn_from_equally_however_large():
    sources = [np.arange(1000), np.arange(1000, 1020), np.arange(1020, 1022)]
    clips = shared_out(sources, 12)(np.random.default_rng(0))
    assert [np.isin(clips, source).sum() for source in sources] == [4, 4, 4]
    assert len(set(clips[:8].tolist())) == 8
    with pytest.raises(ValueError, match="3 sources"):
        shared_out(sources, 2)
    with pytest.raises(ValueError, match="without a clip"):
        shared_out([np.arange(3), np.arange(0)], 4)


def test_what_is_left_of_a_batch_goes_to_each_source_equally_often():
    sources = [np.arange(100), np.arange(100, 200), np.arange(200, 300)]
    drawn = np.array([shared_out(sources, 16)(np.random.default_rng(seed)) // 100 for seed in range(600)])
    counts = np.stack([(drawn == source).sum(axis=1) for source in range(3)], axis=1)
    assert set(map(tuple, np.sort(counts).tolist())) == {(5, 5, 6)}
    assert abs(counts.mean(axis=0) - 16 / 3).max() < 0.06
