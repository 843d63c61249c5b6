"""The bootstrap: against a loop over redrawn clips, beside Student's interval, and stable."""

import numpy as np
import pandas as pd
import pytest
from judgements import judged

from sernb.evaluation import bootstrap as module
from sernb.evaluation.bootstrap import RESAMPLES, bootstrap
from sernb.evaluation.counts import SCORES, Counts, macro_f1
from sernb.evaluation.predictions import scores
from sernb.evaluation.uncertainty import difference

WEIGHTS = {"method": 1, "baseline": -1}


def pair(seeds=4, speakers=12, folds=1):
    return {
        name: judged(np.random.default_rng(number), speakers, seeds, right, folds=folds * number or 1, run=name)
        for number, (name, right) in enumerate((("baseline", 0.5), ("method", 0.6)))
    }


def test_redraws_score_what_a_loop_over_drawn_speakers_and_runs_scores(monkeypatch):
    table = judged(np.random.default_rng(0), run="r")
    counts, drawn = Counts.of({"all": table}), []

    def draw(generator, size, resamples):
        drawn.append(np.random.default_rng(len(drawn)).multinomial(size, np.full(size, 1 / size), resamples))
        return drawn[-1]

    monkeypatch.setattr(module, "_draw", draw)
    pools = module.pools_of(counts, {"all": 1})
    assert [len(pool) for pool in pools] == [3]
    found = module._redrawn(counts, {"all": 1}, {"uar": SCORES["uar"]}, None, 10, [np.arange(6)], pools)["uar"]
    speakers, runs = drawn
    for number in range(10):
        total = clips = 0
        for seed in range(3):
            rows = [own for _, own in table[table["seed"] == seed].groupby("speaker")]
            repeated = [rows[one] for one in range(6) for _ in range(speakers[number, one] * runs[number, seed])]
            if repeated:
                judged_again = pd.concat(repeated)
                total += scores(judged_again)["uar"] * len(judged_again)
                clips += len(judged_again)
        assert found[number] == pytest.approx(total / clips)


def test_it_agrees_with_students_interval_and_asks_for_as_many_speakers():
    tables = pair()
    (drawn,) = bootstrap(Counts.of(tables), WEIGHTS, {"macro_f1": macro_f1}, 2000).to_dict("records")
    student = difference(tables["method"], tables["baseline"]).set_index("metric").loc["macro_f1"]
    widths = drawn["high"] - drawn["low"], student["high"] - student["low"]
    assert 0.8 < widths[0] / widths[1] < 1.4
    few = bootstrap(Counts.of(pair(speakers=4)), WEIGHTS, resamples=50)
    assert few[["low", "high"]].isna().all(axis=None)


def test_a_run_alone_with_its_speakers_is_not_redrawn():
    counts = Counts.of(pair(seeds=1, folds=3))
    assert module.pools_of(counts, WEIGHTS) == []
    assert [len(pool) for pool in module.pools_of(Counts.of(pair(seeds=2, folds=3)), WEIGHTS)] == [2, 2, 2, 2]


def test_a_bound_is_stable_to_two_thousandths():
    counts = Counts.of(pair())
    bounds = [
        bootstrap(counts, WEIGHTS, {"macro_f1": macro_f1}, RESAMPLES // 2, seed=seed).iloc[0][["low", "high"]]
        for seed in range(3)
    ]
    # half as many redraws move by a factor of 1.4 more
    assert np.ptp(np.array(bounds, float), axis=0).max() < 0.002 * 1.4 * 1.5
