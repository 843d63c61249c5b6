"""Batches: balanced, reproducible, and the same after an interruption."""

from collections import Counter

import numpy as np
import pytest

from sernb.samplers import Batches, class_balanced

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
