"""Wrong names: they are wrong as said, the page scores what the package answers, and the lesson is what happens."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from sernb.figures import widgets
from sernb.figures.widgets.wrong_names import SHARES, WAYS, answers, named, wrong_names_data


@pytest.mark.parametrize("way", ["scattered", "one-sided"])
@pytest.mark.parametrize("share", [0.0, 0.35, 1.0])
def test_so_many_names_are_wrong_and_in_that_way(way, share):
    truth = np.random.default_rng(0).integers(0, 4, 400)
    away = (named(truth, way, share, np.random.default_rng(1)) - truth) % 4
    assert (away > 0).sum() == round(400 * share)
    kinds = np.bincount(away, minlength=4)[1:]
    if share:
        assert (kinds > 0).tolist() == ([True] * 3 if way == "scattered" else [True, False, False])


def test_a_head_answers_for_clips_that_it_did_not_learn_from():
    vectors = np.random.default_rng(0).normal(size=(40, 3))
    names = np.arange(40) % 4
    halves = [(np.arange(20), np.arange(20, 40)), (np.arange(20, 40), np.arange(20))]
    before = answers(vectors, names, halves)
    others = names.copy()
    others[20:] = (others[20:] + 1) % 4  # names of the second half, which the head of the first half learns
    after = answers(vectors, others, halves)
    np.testing.assert_array_equal(after[20:], before[20:])
    assert (after[:20] != before[:20]).any()


def test_the_page_scores_as_the_package_does(opened, every, one_run):
    page = opened(every["wrong_names"])
    data = wrong_names_data(*one_run, "ur")
    truth = list(data["emotion"])
    for way in WAYS:
        for at, said in enumerate(data["ways"][way]["answers"]):
            told = page.evaluate(
                "([d, way, at]) => sernbWidgets.judgeNames(d, way, at)", [every["wrong_names"].data, way, at]
            )
            assert told == pytest.approx(f1_score(truth, list(said), average="macro"))
    (own,) = data["ways"]["own"]["right"]
    assert own == pytest.approx(np.mean([a == b for a, b in zip(truth, data["ways"]["own"]["names"][0], strict=True)]))


def test_scattered_names_shorten_the_means_one_sided_ones_turn_them(opened, every):
    page = opened(every["wrong_names"])

    def means(way: str, share: int) -> np.ndarray:
        found = page.evaluate(
            "([d, way, at]) => sernbWidgets.nameMeans(d, way, at)",
            [every["wrong_names"].data, way, SHARES.index(share)],
        )
        return np.reshape(found, (4, 2))

    true = means("scattered", 0)
    along = {}
    for way in ("scattered", "one-sided"):
        moved = means(way, 50)
        along[way] = (moved * true).sum(1) / np.linalg.norm(moved, axis=1) / np.linalg.norm(true, axis=1)
        if way == "scattered":
            assert np.linalg.norm(moved, axis=1).sum() < 0.6 * np.linalg.norm(true, axis=1).sum()
    assert along["scattered"].mean() > 0.85 > along["one-sided"].mean() + 0.1


def test_a_head_bears_scattered_names_better_than_one_sided_ones(one_run):
    ways = wrong_names_data(*one_run, "ur")["ways"]
    at = SHARES.index(50)
    assert ways["scattered"]["right"][at] == ways["one-sided"]["right"][at] == 0.5
    assert ways["scattered"]["mean"][at] > max(0.5, ways["one-sided"]["mean"][at] + 0.1)


def test_slider_and_switch_move_the_picture(opened, every, figure):
    page = opened(every["wrong_names"])
    none = figure(page, "macro_f1")
    page.locator("input[type=range]").press("End")
    assert figure(page, "macro_f1") != none
    assert page.locator("input[type=range]").get_attribute("aria-valuetext") == f"{SHARES[-1]} %"
    page.get_by_role("radio", name="the model's own names").check()
    own = every["wrong_names"].data["ways"]["own"]
    assert figure(page, "macro_f1") == f"{own['mean'][0]:.3f}" and page.locator("input[type=range]").is_disabled()
    assert sum(map(int, page.locator("td.cell").all_inner_texts())) == 64
    assert page.locator("path.mean").count() == 4


def test_a_single_speaker_can_teach_nobody(one_run):
    judged, embeddings = one_run
    alone = judged[judged["speaker"] == judged["speaker"].iloc[0]]
    with pytest.raises(ValueError, match="Urdu: all clips are of one speaker"):
        widgets.wrong_names(alone, embeddings, "ur")
