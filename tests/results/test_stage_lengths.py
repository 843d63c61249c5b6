"""What stage 1 brings before stages 2 of several lengths: the stored scores' differences, seed by seed."""

import pytest

from sernb.evaluation.predictions import scores
from sernb.results import report
from sernb.results.stage_lengths import PAIRS, gain_by_steps, length_sentence


@pytest.fixture(scope="module")
def gains():
    return gain_by_steps()


def test_a_gain_is_the_difference_of_two_stored_scores(gains):
    (without, after) = PAIRS[1]
    own, base = (
        scores(run.variant("statistics").query("part == 'test' and language == 'bn'"))["macro_f1"]
        for run in (report.stored(after)[1], report.stored(without)[1])
    )
    row = gains.query("steps == 240 and statistics == 'target' and language == 'bn' and seed == 1")
    assert row["gain"].item() == pytest.approx(own - base)


def test_every_length_has_both_statistics_and_every_seed(gains):
    counts = gains.groupby(["steps", "statistics", "language"]).size().unstack("language")
    assert list(counts.index.get_level_values("steps").unique()) == [120, 240, 480]
    assert (counts.loc[480] == 10).all(axis=None) and (counts.loc[[120, 240]] == 2).all(axis=None)


def test_the_sentence_names_the_shortest_and_the_longest(gains):
    plain = gains.query("statistics == 'source' and language == 'bn'").groupby("steps")["gain"].mean()
    said = length_sentence(gains)
    assert f"{plain[120]:+.3f} and {plain[480]:+.3f} in Bangla" in said
    assert "a stage 2 of 120 steps and before one of 480" in said and "(means of 2 and of 10 seeds)" in said


def test_nothing_stored_is_nothing_said(tmp_path):
    assert gain_by_steps(tmp_path).empty
