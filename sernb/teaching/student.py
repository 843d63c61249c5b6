"""The book without its solutions, made from the book: what students are given can't drift from what is taught."""

import copy
import inspect
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import nbformat

from sernb.corpora.isolated import command
from sernb.teaching.exercises import EXERCISES, Exercise
from sernb.teaching.exercises.hints import HELP

SOLUTION = "solution"
ANSWERS = "answers.py"
_CHECKED = re.compile(r"^print\(check\(.*\)\)$", re.MULTILINE)


def without_solutions(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy without the cells tagged "solution" and without outputs.

    Where an exercise's solution was, one empty cell waits for the answer, with the check the solution was put to.
    """
    student, waiting = copy.deepcopy(notebook), False
    student.cells = []
    for cell in notebook.cells:
        cell = copy.deepcopy(cell)
        solved = SOLUTION in cell.metadata.get("tags", [])
        if solved and cell.cell_type == "code":
            checks = [f"# {call}" for call in _CHECKED.findall(cell.source)]
            if not waiting:
                student.cells.append(nbformat.v4.new_code_cell("# Your answer."))
            student.cells[-1].source = "\n".join([student.cells[-1].source, *checks])
        elif not solved:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            student.cells.append(cell)
        waiting = solved and (waiting or cell.cell_type == "code")
    return student


def write_student(chapters: Sequence[Path], out: Path) -> list[Path]:
    """Write the student version of the chapters, as notebooks and as text, and a file of skeletons to be filled in.

    Args:
        chapters: notebooks of the book.
        out: folder to write; a file of the same name that lies there is replaced, but never answers.py.

    Returns:
        What was written.

    Raises:
        FileNotFoundError: no such chapter.
        FileExistsError: `out` holds an answers.py, which may be somebody's work.
    """
    answers = out / ANSWERS
    if answers.exists():
        raise FileExistsError(f"{answers} may hold somebody's answers: move it away, or choose another folder")
    missing = [str(chapter) for chapter in chapters if not chapter.exists()]
    if missing:
        raise FileNotFoundError(f"no such chapter: {', '.join(missing)}; give notebooks of book/")
    out.mkdir(parents=True, exist_ok=True)
    notebooks = [out / chapter.name for chapter in chapters]
    for chapter, notebook in zip(chapters, notebooks, strict=True):
        nbformat.write(without_solutions(nbformat.read(chapter, as_version=4)), notebook)
    # in a process of its own: jupytext can't write Markdown where other packages have set up yaml before it
    subprocess.run(command("jupytext", "--quiet", "--to", "md:myst", *notebooks), check=True)
    answers.write_text(skeletons(list(EXERCISES.values())))
    return [*notebooks, *(notebook.with_suffix(".md") for notebook in notebooks), answers]


def skeletons(exercises: Sequence[Exercise]) -> str:
    """Source of a file with one function per exercise: its task as docstring, and a first line."""
    blocks = [
        '"""Answers to the exercises; `sernb check answers.py` judges what is written."""',
        "import numpy as np  # noqa",
    ]
    for exercise in exercises:
        task = exercise.task.replace("\n", "\n    ")
        start = HELP[exercise.name].starter
        body = f'    """{task}\n    """\n    {start}  # a start, to keep or to drop\n    raise NotImplementedError'
        signature = f"def {exercise.name}{inspect.signature(exercise.model)}:"
        blocks.append(f"# {exercise.chapter}\n{signature}\n{body}")
    lines = "\n\n\n".join(blocks).split("\n")
    return "\n".join(line.rstrip() for line in lines) + "\n"
