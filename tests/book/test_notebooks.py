"""Executed notebooks on their way to a page: parameters, figures, what depends on the language, pictures as files."""

import base64
import io
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from notebooks_by_hand import notebook
from PIL import Image

from sernb.book.media import take_out
from sernb.book.merge import MergeError, merge
from sernb.book.notebooks import WIDGET, drop_widgets, forget_machine, merge_parameters, name_solutions, number_figures


def test_the_button_of_a_folded_solution_says_so():
    book = notebook("### 1. Do it", ("answer = 1", ["solution", "hide-cell"], ""), ("other = 2", ["hide-cell"], ""))
    name_solutions(book)
    prompts = [cell.metadata.get("mystnb", {}).get("code_prompt_show") for cell in book.cells]
    assert prompts == [None, "Show the solution", None]


def test_figures_are_numbered_and_links_to_them_take_the_number():
    def figure(name, caption):
        legend = f"<figcaption>{caption}</figcaption>" if caption else ""
        anchor = f' id="{name}"' if name else ""
        return f'<figure class="sernb-figure"{anchor}><img>{legend}</figure>'

    book = notebook(
        'See <a href="#fig-b">Figure</a> and <a href="#fig-none">Figure</a>.',
        ("", [], figure("fig-a", "First")),
        ("", [], figure("", "")),
        ("", [], figure("fig-b", "Second") + figure("", "Third")),
    )
    number_figures([book])
    shown = "".join(output.data["text/html"] for cell in book.cells[1:] for output in cell.outputs)
    assert re.findall(r"<b>(.*?)</b> (\w+)", shown) == [
        ("Figure 1:", "First"),
        ("Figure 2:", "Second"),
        ("Figure 3:", "Third"),
    ]
    assert book.cells[0].source == 'See <a href="#fig-b">Figure 2</a> and <a href="#fig-none">Figure</a>.'


def test_parameters_are_shown_where_their_defaults_were():
    defaults = 'language = "ur"  # which\nseed = 0\nruns = "runs"  # where'
    book = notebook(
        (defaults, ["parameters"], ""),
        ('# Parameters\nlanguage = "de"\nseed = 3\nruns = "/tmp/x"', ["injected-parameters"], ""),
    )
    book.metadata["papermill"] = {"input_path": "/somewhere"}
    merge_parameters(book)
    forget_machine(book)
    assert [cell.source for cell in book.cells] == ['language = "ur"  # which\nseed = 3\nruns = "runs"  # where']
    assert "papermill" not in book.metadata


def test_progress_bars_are_dropped_and_what_stands_beside_them_stays():
    book = notebook(("train()", [], "done"))
    bar = nbformat.v4.new_output("display_data", {WIDGET: {"model_id": "1"}, "text/plain": "training:   0%|  | 0/80"})
    book.cells[0].outputs.insert(0, bar)
    book.metadata["widgets"] = {}
    drop_widgets(book)
    assert (
        len(book.cells[0].outputs) == 1 and "0/80" not in str(book.cells[0].outputs) and "widgets" not in book.metadata
    )


def test_a_figure_has_one_number_in_all_languages_also_after_one_that_some_lack():
    def figure(name):
        return f'<figure class="sernb-figure" id="{name}"><img><figcaption>{name}</figcaption></figure>'

    link = '<a href="#last">Figure</a>'
    books = [
        notebook(("", [], figure("first") + figure("second")), ("", [], figure("last")), link),
        notebook(("", [], figure("second")), ("", [], figure("last")), link),
    ]
    number_figures(books)
    for book, numbers in zip(books, (["1", "2", "3"], ["2", "3"]), strict=True):
        shown = "".join(output.data["text/html"] for cell in book.cells[:2] for output in cell.outputs)
        assert re.findall(r"Figure (\d)", shown) == numbers
        assert book.cells[2].source == '<a href="#last">Figure 3</a>'


def said(*outputs) -> nbformat.NotebookNode:
    """A notebook of a cell with these outputs: HTML, or output nodes."""
    book = notebook(("run()", [], ""))
    book.cells[0].outputs = [
        nbformat.v4.new_output("display_data", {"text/html": one}) if isinstance(one, str) else one for one in outputs
    ]
    return book


def printed(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def page_of(**books) -> tuple[list[str], BeautifulSoup]:
    """What every language sees without a switch, and the containers of the cell's outputs."""
    outputs = merge("chapter", books).cells[0].outputs
    html = [output.get("data", {}).get("text/html", output.get("text")) for output in outputs]
    return html, BeautifulSoup("".join(html), "html.parser")


def test_what_is_equal_stands_once_and_what_differs_in_a_container_per_language():
    html, page = page_of(
        ur=said("<p>same</p>", "<p>a</p>", printed("1 < 2"), "<p>end</p>"),
        de=said("<p>same</p>", "<p>b</p>", printed("2 < 3"), "<p>end</p>"),
    )
    assert html[0] == "<p>same</p>" and html[-1] == "<p>end</p>" and len(html) == 3
    first, second = page.select(".sernb-languages > .sernb-language")
    assert (first.name, first["data-lang"], first["data-name"]) == ("div", "ur", "Urdu")
    assert (second.name, second["data-lang"], second.summary.get_text()) == ("details", "de", "German")
    assert first.p.get_text() == "a" and first.pre.get_text() == "1 < 2" and second.pre.get_text() == "2 < 3"


def test_a_language_may_show_more_or_nothing():
    html, page = page_of(ur=said("<p>0</p>", "<p>9</p>"), de=said("<p>0</p>", "<p>1</p>", "<p>9</p>"))
    assert html[0] == "<p>0</p>" and html[-1] == "<p>9</p>"
    assert [part["data-lang"] for part in page.select(".sernb-language")] == ["de"]
    assert page_of(ur=said("<p>0</p>"))[0] == ["<p>0</p>"]  # a page of one language has no containers


def test_ids_are_unique_and_what_points_to_them_follows():
    _, page = page_of(
        ur=said('<p id="fig">a</p><a href="#fig">x</a><label for="fig">'),
        de=said('<p id="fig">b</p><a href="#fig">x</a><label for="fig"><b id="own">'),
        bn=said('<p id="fig">c</p><a href="#fig">x</a><label for="fig"><b id="own">'),
    )
    assert [tag["id"] for tag in page.find_all(id=True)] == ["fig", "fig-de", "own", "fig-bn", "own-bn"]
    assert [link["href"] for link in page.find_all("a")] == ["#fig", "#fig-de", "#fig-bn"]
    assert [label["for"] for label in page.find_all("label")] == ["fig", "fig-de", "fig-bn"]


def test_outputs_of_every_kind_are_shown_and_errors_stay_recognisable():
    outputs = [
        nbformat.v4.new_output("display_data", {"text/markdown": "* **bold**", "text/plain": "<Markdown>"}),
        nbformat.v4.new_output("execute_result", {"text/plain": "'<a>'"}),
        nbformat.v4.new_output("stream", name="stderr", text="a warning"),
    ]
    _, page = page_of(ur=said(*outputs), de=said(*outputs, printed("more")), bn=said())
    shown = page.select_one('[data-lang="de"]')
    assert shown.li.strong.get_text() == "bold" and shown.select_one(".stderr").get_text() == "a warning"
    assert "'<a>'" in shown.get_text() and "more" in shown.get_text()


def test_executions_of_different_texts_are_refused():
    with pytest.raises(MergeError, match="03-baseline: executed from different versions for ur, de"):
        merge("03-baseline", {"ur": notebook(("a", [], "")), "de": notebook(("b", [], ""))})


def test_pictures_and_sounds_become_files_that_wait_to_be_looked_at(tmp_path):
    def data(kind, content):
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"

    buffer = io.BytesIO()
    Image.new("RGB", (30, 20)).save(buffer, "PNG")
    light, dark = data("image/png", buffer.getvalue()), data("image/png", buffer.getvalue() + b"dark")
    book = said(
        f'<img alt="a &gt; b" style="width: 9px" src="{light}" data-dark="{dark}"><img alt="b" src="{light}">'
        f'<audio controls preload="none" src="{data("audio/mpeg", b"sound")}"></audio><img src="elsewhere.png">'
    )
    take_out(book, tmp_path / "files", "../files")
    page = BeautifulSoup(book.cells[0].outputs[0].data["text/html"], "html.parser")
    bright, night, alone, elsewhere = page.find_all("img")
    assert bright["class"] == ["only-light"] and night["class"] == ["only-dark"] and not alone.has_attr("class")
    for image in (bright, night, alone):
        assert (image["width"], image["height"], image["loading"]) == ("30", "20", "lazy")
        assert (tmp_path / "files" / image["src"].removeprefix("../files/")).exists()
    assert bright["alt"] == night["alt"] == "a > b" and bright["style"] == "width: 9px"
    assert bright["src"] == alone["src"] != night["src"] and elsewhere.attrs == {"src": "elsewhere.png"}
    assert (tmp_path / "files" / page.audio["src"].removeprefix("../files/")).read_bytes() == b"sound"
    assert "base64" not in str(page)
