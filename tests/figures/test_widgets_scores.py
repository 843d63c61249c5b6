"""The shift, redraws and results: what the page computes is what the package computes, and controls move it."""

import pytest

from sernb.evaluation.bootstrap import bootstrap
from sernb.evaluation.comparison import scored_rounds
from sernb.evaluation.counts import SCORES, Counts
from sernb.evaluation.predictions import scores_by
from sernb.experiments.layers import taught_in_english
from sernb.figures import widgets
from sernb.figures.widgets.shift import shift_data


def test_the_shift_slider_moves_cloud_scores_and_confusions_as_the_package_computes_them(opened, frozen, every, figure):
    page = opened(every["shift"])
    before, after = shift_data(*frozen, "ur")["macro_f1"]
    assert after > before + 0.1
    cloud = page.locator(".sernb-chart svg").first
    drawn = cloud.inner_html()
    assert figure(page, "macro_f1") == f"{before:.3f}"
    page.locator("input[type=range]").press("End")
    page.wait_for_function("(old) => document.querySelector('.sernb-chart svg').innerHTML != old", arg=drawn)
    assert figure(page, "macro_f1") == f"{after:.3f}"
    assert page.locator("input[type=range]").get_attribute("aria-valuetext") == "Urdu's own"
    assert sum(map(int, page.locator("td.cell").all_inner_texts())) == 80
    page.wait_for_function(
        "(said) => document.querySelector('[aria-live]').textContent.includes(said)", arg=f"{after:.3f}"
    )


def test_both_ends_of_the_shift_are_what_the_probe_scores(opened, frozen, every):
    page = opened(every["shift"])
    clips, embeddings = frozen
    scored = scores_by(taught_in_english(clips, embeddings).query("part == 'test'"), "language", "statistics")
    for share, statistics in ((0, "source"), (1, "target")):
        expected = scored.set_index(["language", "statistics"]).loc[("ur", statistics), "macro_f1"]
        told = page.evaluate("([data, share]) => sernbWidgets.judgeShift(data, share)", [every["shift"].data, share])
        assert told == pytest.approx(expected)


def test_with_reduced_motion_the_slide_is_at_its_end_at_once(opened, every):
    page = opened(every["shift"], reduced_motion="reduce")
    page.get_by_role("button", name="Slide").press("Enter")
    assert page.locator("input[type=range]").input_value() == "100"


def test_redraws_converge_to_the_packages_interval(opened, every, tables):
    page = opened(every["redraw"])
    data = every["redraw"].data
    own = {name: table[table["language"] == "ur"] for name, table in tables.items()}
    counts = Counts.of(own)
    for number, weights in enumerate([{"baseline": 1}, {"contrastive": 1}, {"contrastive": 1, "baseline": -1}]):
        assert data["options"][number]["weights"] == weights
        drawn = bootstrap(counts, weights, resamples=8000).set_index("metric")
        for metric in SCORES:
            value = page.evaluate("([d, n, m]) => sernbWidgets.redrawScore(d, n, m)", [data, number, metric])
            assert value == pytest.approx(data["options"][number]["metrics"][metric]["value"], abs=1e-9)
        bounds = page.evaluate("([d, n]) => sernbWidgets.redrawInterval(d, n, 'macro_f1', 6000, 3)", [data, number])
        assert bounds == pytest.approx(drawn.loc["macro_f1", ["low", "high"]].tolist(), abs=0.012)


def test_the_redraw_button_builds_a_histogram_up(opened, every, figure):
    page = opened(every["redraw"], reduced_motion="reduce")
    page.get_by_role("button", name="Redraw once").click()
    assert figure(page, "count") == "1"
    page.get_by_role("button", name="Redraw 1000 times").press("Enter")
    assert figure(page, "count") == "1001"
    low, high = map(float, figure(page, "interval").split(" to "))
    known = every["redraw"].data["options"][0]["metrics"]["macro_f1"]
    assert [low, high] == pytest.approx([known["low"], known["high"]], abs=0.04)
    page.wait_for_function("[...document.querySelectorAll('rect.bin')].some((bar) => bar.getAttribute('height') > 50)")
    page.get_by_label("What is judged").select_option(label="contrastive less baseline")
    assert figure(page, "count") == "0"


def test_points_of_the_results_are_the_packages_scores(opened, every, tables):
    page = opened(every["results"])
    for gender in ("all", "female"):
        rows = tables["contrastive"] if gender == "all" else tables["contrastive"].query("gender == 'female'")
        expected = scored_rounds(rows[rows["language"] == "ur"])
        for metric in SCORES:
            found = page.evaluate(
                "([d, o]) => sernbWidgets.resultPoints(d, 'ur', 'contrastive', o)",
                [every["results"].data, {"gender": gender, "metric": metric, "by": "training"}],
            )
            assert [one["value"] for one in found] == pytest.approx(expected[metric].tolist())
            assert [one["clips"] for one in found] == expected["clips"].tolist()


def test_a_point_says_whose_it_is_and_arrows_lead_to_the_next(opened, every):
    page = opened(every["results"])
    assert page.locator("circle.point").count() == 6
    page.locator("circle.point").first.focus()
    detail = page.locator(".sernb-readout").last
    assert (
        detail.inner_text().startswith("baseline, seed 0: macro-F1 0.")
        and "64 clips of 8 speakers" in detail.inner_text()
    )
    page.keyboard.press("ArrowRight")
    assert detail.inner_text().startswith("baseline, seed 1")
    page.get_by_label("women").check()
    page.get_by_label("speaker", exact=True).check()
    page.wait_for_function("document.querySelectorAll('circle.point').length == 8")
    page.locator("circle.point").first.hover()
    assert "urdu/1 (woman): accuracy 0." in detail.inner_text()
    page.get_by_role("combobox", name="Language").select_option("de")
    page.wait_for_function("document.querySelector('circle.point').getAttribute('aria-label').includes('emodb')")


def test_too_few_speakers_are_not_redrawn(tables):
    few = {name: table[table["speaker"].isin(["urdu/0", "urdu/1"])] for name, table in tables.items()}
    with pytest.raises(ValueError, match="2 speakers are too few"):
        widgets.redraw(few, "ur", resamples=200)
