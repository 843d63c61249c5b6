"""Names and cells made to do harm are shown as they are: never rendered, never run, never steering a terminal."""

from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from stored import answers, store
from typer.testing import CliRunner

from sernb.book import display
from sernb.cli import app, main
from sernb.data.escape import cell, markdown, printable
from sernb.evaluation.model_card import model_card
from sernb.figures import plots, plots_methods
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.runs import Run

MARKUP = "<script>alert(1)</script>|[x](javascript:alert(1))|**b**|`c`|{eval-rst}|[red]r[/red]|\x1b[2J|=1+1"


def test_markup_is_shown_not_rendered(tmp_path: Path, noise):
    folder = tmp_path / "corpora" / "mine"
    for name in ("a.wav", "b.wav"):
        noise(folder / name)
    (folder / "b.wav").write_bytes((folder / "a.wav").read_bytes())
    quoted = MARKUP.replace('"', '""')
    (folder / "corpus.csv").write_text(f'path,speaker,emotion\na.wav,"{quoted}","{quoted}"\nb.wav,"{quoted}",sad\n')
    printed = CliRunner().invoke(app, ["harmonize", str(tmp_path / "corpora"), "--out", str(tmp_path / "out")])
    assert printed.exit_code == 0, printed.exception
    printed = CliRunner().invoke(app, ["audit", str(tmp_path / "out")])
    assert "\x1b[2J" not in printed.output
    assert "[red]" in printed.output.replace("\n", "").replace(" ", "")
    page = (tmp_path / "out" / "card.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page
    card = (tmp_path / "out" / "card.md").read_text()
    assert "\x1b" not in card + page
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(card)
    assert "alert(1)" in rendered and "<table>" in rendered
    for dangerous in ("<script", "<a ", "<strong", "<code"):
        assert dangerous not in rendered


@given(st.text(max_size=60))
@example(MARKUP)
@settings(max_examples=100, deadline=None)
def test_escaped_text_is_inert(text: str):
    assert printable(text).isprintable()
    shown = markdown(text)
    for place, character in enumerate(shown):
        if character in "<>|`*_[]{}$&!#~":
            before = shown[:place]
            assert (len(before) - len(before.rstrip("\\"))) % 2 == 1  # each is escaped, and its escape is not
    assert not str(cell(text)).startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "a\n=1", "a\r\n@b", "\n-1", "＝1"])
def test_no_line_of_a_cell_is_a_formula(text: str):
    for line in str(cell(text)).splitlines():
        assert not line.startswith(("=", "+", "-", "@", "\t", "＝"))
    assert str(cell(text)).replace("'", "") == text


def test_predictions_as_csv_are_no_formulas(tmp_path: Path, noise, monkeypatch):
    EmotionClassifier(WhisperEncoder("random-1x32", 1.0)).save_pretrained(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    for name in ("=cmd().wav", "a\n=cmd().wav"):
        noise(tmp_path / name)
    printed = CliRunner().invoke(app, ["predict", "model", "./=cmd().wav", "=cmd().wav", "a\n=cmd().wav"])
    files = pd.read_csv(StringIO(printed.stdout))["file"]
    assert files[1] == "'=cmd().wav" and files[2] == "a\n'=cmd().wav"


def test_a_model_card_shows_names_as_text(tmp_path: Path):
    table = answers(np.random.default_rng(0), corpus="<img src=x onerror=alert(1)>", speakers=4)
    made = store(tmp_path / "runs" / "a", 0, table, recipe="<b>&**x**", encoder="[a](b)<script>")
    folder = made.folder.with_name("<script>alert(1)</script>\x1b[2J".replace("/", "-"))
    made.folder.rename(folder)
    card = model_card(Run(folder))
    assert "\x1b" not in card.content
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(card.text)
    assert "<table>" in rendered
    for dangerous in ("<script", "<img", "<b>", "<a ", "<strong"):
        assert dangerous not in rendered
    assert yaml.safe_load(card.content.split("---")[1])["library_name"] == "sernb"


def test_names_in_figures_are_no_formulas():
    name = "$x^{$"
    table = pd.DataFrame({"emotion": ["sad", "angry"], "gender": ["male", None], "duration_s": [1.0, 2.0]})
    table = table.assign(corpus=[name, f"{name}2"], macro_f1=0.5, fold=[0, 1], value=0.5, low=0.4, high=0.6)
    for drawn in (
        plots.scores(table, "corpus", "corpus"),
        plots.intervals(table, "corpus", "corpus"),
        plots.durations(table),
        plots.classes(table),
        plots.speakers_over_folds(table["corpus"], table["fold"].to_numpy()),
        plots_methods.neighbours(np.zeros((2, 2)), table["corpus"]),
    ):
        drawn.set_title(name)
        assert "<img" in display.figure(drawn, alt="names").data


def test_an_error_is_one_line_that_steers_no_terminal(monkeypatch, tmp_path: Path):
    monkeypatch.setattr("sys.argv", ["sernb", "predict", str(tmp_path / "\x1b[2J\nx"), "a.wav"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert str(ended.value).startswith("sernb: ") and str(ended.value).isprintable()
