"""Self-check questions."""

import re

import pytest

from sernb.teaching.selfcheck import question


def test_answers_are_sorted_and_each_says_why():
    html = question("How many?", {7: "three and four"}, {120: "all others", 8: "counts itself"}).data
    assert re.findall("<summary>(.*?)</summary>", html) == ["7", "8", "120"]
    assert re.findall('<details class="(.*?)">', html) == ["sernb-right", "sernb-no", "sernb-no"]
    assert html.index("three and four") < html.index("counts itself")


def test_words_are_sorted_by_the_alphabet_and_escaped():
    html = question("Why <b>?", {"b < a": "x"}, {"Z": "y", "a": "z"}).data
    assert re.findall("<summary>(.*?)</summary>", html) == ["a", "b &lt; a", "Z"]
    assert "Why &lt;b&gt;?" in html


@pytest.mark.parametrize(
    ("right", "wrong"), [({}, {1: "a"}), ({1: "a", 2: "b"}, {3: "c"}), ({1: "a"}, {}), ({1: "a"}, {1: "b"})]
)
def test_a_question_that_makes_no_sense_is_refused(right, wrong):
    with pytest.raises(ValueError, match="needs one right|both right and wrong"):
        question("?", right, wrong)
