"""Pictures to be moved by hand, in a browser: opened from a folder, without a server, on a desk and on a telephone."""

import pytest
from browsing import SIZES, barriers, overflow

from sernb.figures import widgets
from sernb.figures.widgets.shift import shift_data


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_of_them_fit_are_readable_and_hold_no_barrier(opened, every, size, scheme):
    page = opened(*every.values(), size=size, color_scheme=scheme)
    assert page.locator(".sernb-still").count() == 0
    assert overflow(page) == ""
    assert barriers(page) == []
    letters = page.evaluate(
        """() => [...document.querySelectorAll(".sernb-live *")]
            .filter((e) => [...e.childNodes].some((n) => n.nodeType == 3 && n.data.trim()))
            .map((e) => parseFloat(getComputedStyle(e).fontSize))"""
    )
    assert min(letters) >= 11


def test_without_scripts_the_still_picture_and_its_words_are_there(browser, lay, every):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(lay(*every.values()))
    for image in page.locator(".sernb-still img").all():
        assert image.bounding_box()["height"] > 100 and len(image.get_attribute("alt")) > 60
    page.context.close()


def test_copies_that_are_hidden_at_first_are_drawn_when_shown_each_with_its_own_data(opened, frozen):
    copies = [widgets.shift(*frozen, language) for language in ("ur", "de")]
    page = opened(*copies, wrap='<div class="edition" style="display: none">{}</div>')
    assert page.locator(".sernb-live svg path").count() == 0 or not page.locator(".sernb-live svg").first.is_visible()
    page.evaluate("document.querySelectorAll('.edition').forEach((one) => (one.style.display = ''))")
    page.wait_for_function("document.querySelectorAll('.sernb-chart svg circle').length == 2")
    first, second = page.locator('[data-figure="macro_f1"]').all_inner_texts()
    assert first == f"{shift_data(*frozen, 'ur')['macro_f1'][0]:.3f}"
    assert second == f"{shift_data(*frozen, 'de')['macro_f1'][0]:.3f}"


def test_a_caption_is_one_that_the_book_numbers(every):
    from sernb.book.notebooks import FIGURE

    for one in every.values():
        (found,) = FIGURE.findall(one._repr_html_()) or [None]
        assert found is not None and one._repr_html_().count("<figcaption>") == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda frozen, tables: widgets.shift(*frozen, "bn"),
        lambda frozen, tables: widgets.redraw(tables, "bn"),
        lambda frozen, tables: widgets.results(tables, "bn"),
        lambda frozen, tables: widgets.wrong_names(tables["baseline"], None, "bn"),
    ],
)
def test_a_language_without_clips_is_named(frozen, tables, make):
    with pytest.raises(ValueError, match="clip of Bangla"):
        make(frozen, tables)
