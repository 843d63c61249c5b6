"""A method against the baseline: the same clips, seed by seed."""

import json

import numpy as np
import pandas as pd
import pytest

from sernb.evaluation.comparison import against, confusion_difference, gains, pooled, same_clips
from sernb.evaluation.predictions import PROBABILITIES
from sernb.figures.plots_methods import confusion_difference as draw
from sernb.figures.plots_methods import neighbours, plane
from sernb.labels import EMOTIONS
from sernb.runs import CONFIG_FILE, PREDICTIONS_FILE, Run


@pytest.fixture
def make(tmp_path):
    def run(name: str, seed: int, clips: range, wrong: set[int]) -> Run:
        folder = tmp_path / name
        folder.mkdir()
        (folder / CONFIG_FILE).write_text(json.dumps({"recipe": "x", "config": {"seed": seed}, "inputs": {}}))
        truth = [clip % 4 for clip in clips]
        guess = [(label + (clip in wrong)) % 4 for clip, label in zip(clips, truth, strict=True)]
        table = pd.DataFrame(np.eye(4)[guess], columns=PROBABILITIES).assign(
            utterance_id=[f"u{clip}" for clip in clips],
            corpus="c",
            language="ur",
            speaker="s",
            gender=None,
            emotion=[EMOTIONS[label] for label in truth],
            part="test",
        )
        validation = table.assign(part="validation")
        pd.concat([table, validation]).to_parquet(folder / PREDICTIONS_FILE, index=False)
        return Run(folder)

    return run


def test_folds_of_a_seed_are_pooled_and_the_baseline_is_scored_on_their_clips(make):
    baseline = [make("b0", 0, range(12), {0, 1, 2, 3, 8, 9}), make("b1", 1, range(12), {8})]
    method = [make("m0", 0, range(4), {0}), make("m1", 0, range(4, 8), set()), make("m2", 1, range(8), set())]
    assert len(pooled(method)) == 16
    compared = against(baseline, method).set_index(["who", "seed"])["accuracy"]
    assert compared["baseline", 0] == 0.5 and compared["method", 0] == 7 / 8
    assert compared["baseline", 1] == compared["method", 1] == 1.0
    (row,) = gains(against(baseline, method)).to_dict("records")
    assert row["accuracy_gain"] == pytest.approx(0.1875) and row["seeds"] == 2
    assert row["accuracy_std"] == pytest.approx(np.std([0.375, 0.0], ddof=1))


def test_a_clip_or_seed_only_one_of_them_judged_is_refused(make):
    baseline, method = make("b", 0, range(4), set()), make("m", 0, range(8), set())
    with pytest.raises(ValueError, match="4 of 8 clips"):
        same_clips(pooled([baseline]), pooled([method]))
    with pytest.raises(ValueError, match="same seed"):
        against([baseline], [make("other seed", 3, range(4), set())])


def test_the_difference_of_confusions_is_in_points_and_its_rows_add_up_to_none(make):
    baseline, method = make("b", 0, range(8), {0}), make("m", 0, range(8), set())
    points = confusion_difference([baseline], [method], "ur")
    assert points.loc[EMOTIONS[0]].tolist() == [50, -50, 0, 0]
    np.testing.assert_allclose(points.sum(axis=1), 0)
    assert {text.get_text() for text in draw(points).texts} == {"+50", "-50", "+0"}


def test_neighbours_of_one_cluster_stay_together_in_the_plane():
    generator = np.random.default_rng(0)
    centres = np.eye(8)[:3]
    label = pd.Series(np.repeat(["angry", "happy", "sad"], 20), name="emotion")
    points = plane(np.repeat(centres, 20, axis=0) + 0.01 * generator.normal(size=(60, 8)))
    means = np.stack([points[label == name].mean(0) for name in ("angry", "happy", "sad")])
    nearest = np.linalg.norm(points[:, None] - means, axis=2).argmin(1)
    assert (nearest == np.repeat(np.arange(3), 20)).all()
    legend = neighbours(points, label).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["angry", "happy", "sad"]
