"""What chapters say that a loss does, it does in the small models that show it, whatever the seed."""

import pytest
import torch

from sernb.experiments.simulations import NETWORKS, POOLS, agree_without_negatives, attract_speakers

BOTH, ONE, NONE = POOLS
AS_IT_IS, NO_PREDICTOR, NO_STOP = NETWORKS


@pytest.mark.parametrize("seed", range(3))
def test_emotion_fades_where_speakers_act_every_emotion_and_stays_where_each_acts_one(seed):
    course, clips = attract_speakers(seed)
    start, end = (course[course["step"] == step].set_index("pool")["emotion"] for step in (0, course["step"].max()))
    assert start.nunique() == 1
    assert end[BOTH] < end[NONE] < end[ONE] and end[BOTH] < 0.2 * start[BOTH] and end[ONE] > 0.5 * start[ONE]
    high = clips[clips["emotion"] == "angry"].groupby("pool")["y"].mean()
    low = clips[clips["emotion"] == "sad"].groupby("pool")["y"].mean()
    apart = high - low  # what is drawn tells what is measured
    assert apart[BOTH] < apart[NONE] < apart[ONE] and apart["before training"] > 1


@pytest.mark.parametrize("seed", range(3))
def test_projections_collapse_without_the_predictor_or_the_stop_gradient_and_the_loss_likes_it(seed):
    course = agree_without_negatives(seed)
    end = course[course["step"] == course["step"].max()].set_index("networks")
    start = course[course["step"] == 0].set_index("networks")["variance"]
    assert end.loc[AS_IT_IS, "variance"] > 0.8 * start[AS_IT_IS]
    for without in (NO_PREDICTOR, NO_STOP):
        assert end.loc[without, "variance"] < 0.6 * start[without]
        assert end.loc[without, "loss"] < end.loc[AS_IT_IS, "loss"]


def test_a_seed_gives_one_result_and_leaves_the_random_state_and_the_threads_alone():
    torch.manual_seed(3)
    drawn, threads = torch.rand(1), torch.get_num_threads()
    torch.manual_seed(3)
    first = attract_speakers(1)[0], agree_without_negatives(1, steps=5)
    assert torch.rand(1) == drawn and torch.get_num_threads() == threads
    again = attract_speakers(1)[0], agree_without_negatives(1, steps=5)
    for one, other in zip(first, again, strict=True):
        assert one.equals(other)
