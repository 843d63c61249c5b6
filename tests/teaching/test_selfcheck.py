"""Self-check questions."""

import inspect
import re
from pathlib import Path
from types import FunctionType, SimpleNamespace

import pytest

from sernb.teaching import questions
from sernb.teaching.selfcheck import question

BOOK = Path(__file__).parents[2] / "book"
ASKED = [
    one for one in vars(questions).values() if isinstance(one, FunctionType) and one.__module__ == questions.__name__
]


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


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
def test_every_question_of_a_chapter_has_one_right_answer_and_a_chapter_that_asks_it(ask):
    needs_runs = [p for p in inspect.signature(ask).parameters.values() if p.default is inspect.Parameter.empty]
    if not needs_runs:
        assert ask().data.count('class="sernb-right"') == 1
    pages = [path.read_text() for path in BOOK.glob("*.md")]
    assert sum(f"questions.{ask.__name__}(" in page for page in pages) == 1


def test_what_differs_names_what_does():
    same = {"config": {"epochs": 2, "seed": 0}, "inputs": {"data": "a", "weights": "b"}}
    run, baseline = (
        SimpleNamespace(config=same),
        SimpleNamespace(config=same | {"inputs": {"data": "a", "weights": "c"}}),
    )
    html = questions.what_differs(run, baseline).data
    assert "Settings that differ: none." in html and "those of weights differ" in html
