"""The student version: no solution in it, room for an answer where one was, and everything else as it is."""

import ast
import symtable

import jupytext
import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from sernb.book.layout import chapters
from sernb.cli import app
from sernb.teaching.answers import judge
from sernb.teaching.exercises import EXERCISES
from sernb.teaching.student import SOLUTION, skeletons, without_solutions, write_student


def solved(cell) -> bool:
    return SOLUTION in cell.metadata.get("tags", [])


def test_solutions_go_and_one_cell_waits_for_each_answer():
    tags = {"tags": [SOLUTION, "hide-cell"]}
    book = new_notebook(
        cells=[
            new_markdown_cell("### 1. Do it"),
            new_code_cell("def uar(a, b):\n    return SECRET\n\n\nprint(check(uar))", metadata=tags),
            new_markdown_cell("because SECRET", metadata=tags),
            new_code_cell("plot(SECRET)", metadata=tags),
            new_markdown_cell("### 2. And this"),
            new_code_cell("SECRET", metadata=tags),
            new_code_cell("kept", execution_count=3, outputs=[nbformat.v4.new_output("stream", text="old")]),
        ]
    )
    student = without_solutions(book)
    assert "SECRET" not in nbformat.writes(student) and "old" not in nbformat.writes(student)
    assert [cell.source for cell in student.cells] == [
        "### 1. Do it",
        "# Your answer.\n# print(check(uar))",
        "### 2. And this",
        "# Your answer.",
        "kept",
    ]
    assert "SECRET" in nbformat.writes(book) and book.cells[-1].outputs  # the book itself stays as it is


def test_the_command_writes_every_chapter_and_skeletons_that_are_all_open(tmp_path):
    out = tmp_path / "student"
    outcome = CliRunner().invoke(app, ["student", "--out", str(out)])
    assert outcome.exit_code == 0, outcome.output
    for chapter in chapters():
        original = nbformat.read(chapter, as_version=4)
        notebook = nbformat.read(out / chapter.name, as_version=4)
        text = jupytext.read(out / f"{chapter.stem}.md")
        assert [cell.source for cell in text.cells] == [cell.source for cell in notebook.cells]
        assert not any(map(solved, notebook.cells))
        for cell in filter(solved, original.cells):
            assert cell.source not in (out / f"{chapter.stem}.md").read_text()
    verdicts = judge(out / "answers.py")
    assert {verdict.outcome for verdict in verdicts} == {"open"} and len(verdicts) == len(EXERCISES)

    again = CliRunner().invoke(app, ["student", "--out", str(out)])
    assert isinstance(again.exception, FileExistsError)  # answers.py may be somebody's work


def test_a_missing_chapter_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.ipynb"):
        write_student([tmp_path / "none.ipynb"], tmp_path / "out")


def test_skeletons_carry_the_task_and_the_signature():
    source = skeletons([EXERCISES["nt_xent"]])
    (function,) = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert [argument.arg for argument in function.args.args] == ["embeddings", "speakers", "temperature"]
    assert ast.get_docstring(function) == EXERCISES["nt_xent"].task


@pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)
def test_no_other_cell_needs_what_a_solution_makes(chapter):
    cells = [cell for cell in nbformat.read(chapter, as_version=4).cells if cell.cell_type == "code"]
    made, secret = set(), set()
    for cell in cells:
        source = TransformerManager().transform_cell(cell.source)  # magics are no Python
        table = symtable.symtable(source, chapter.name, "exec")
        names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
        if solved(cell):
            secret |= names - made
        else:
            used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)} - names - made
            assert not used & secret, f"{chapter.stem}: only a solution makes {used & secret}"
            made |= names
            secret -= names
