"""The book: chapters run by papermill for each language, then rendered by jupyter-book."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

import papermill
from tqdm.auto import tqdm

from sernb.book.icons import keep_used_icons
from sernb.book.layout import DOWNLOADS, ROOT, Place, chapters, origin, shared_pages, stage
from sernb.book.pagecheck import check_pages

LANGUAGES = ("ur", "de", "bn")
EXECUTED = Path("_build/executed")
KERNEL_ARGUMENTS = [
    "--log-level=CRITICAL",  # else kernels warn of TCP, and of the interrupt that ends them
    "--InteractiveShellApp.ignore_cwd=True",  # a module in the current folder is not a chapter's
]


class ChapterError(Exception):
    """A chapter stopped with an error; the message says which, and where its executed notebook lies."""


def run_chapter(chapter: Path, out: Path, parameters: dict[str, object]) -> Path:
    """Execute one chapter with papermill.

    Args:
        chapter: a notebook with a cell tagged "parameters".
        out: the executed notebook to write.
        parameters: values for that cell.

    Raises:
        FileNotFoundError: no such chapter.
        ChapterError: a cell raised an error; `out` holds the notebook up to it.
    """
    if not chapter.exists():
        raise FileNotFoundError(f"{chapter}: no such chapter; give the path of a notebook in book/")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:  # a kernel's orderly end takes torch and its like two seconds, and there is nothing to put in order
        papermill.execute_notebook(
            chapter,
            out,
            parameters=parameters,
            progress_bar=False,
            extra_arguments=KERNEL_ARGUMENTS,
            shutdown_kernel="immediate",
        )
    except papermill.PapermillExecutionError as error:
        raise ChapterError(f"{chapter.stem} {parameters}: {error.ename}: {error.evalue} (see {out})") from error
    return out


def run_chapters(
    notebooks: Sequence[Path],
    languages: Sequence[str],
    out: Path,
    parameters: dict[str, object],
    jobs: int = 1,
    progress: bool = True,
) -> list[Path]:
    """Execute chapters for several languages; `out`/LANGUAGE/CHAPTER.ipynb each.

    A chapter waits for its first language: what that trains, the others find in the run store.

    Args:
        notebooks: chapters.
        languages: ISO 639-1 codes.
        out: folder of the executed notebooks.
        parameters: of every chapter, language aside.
        jobs: chapters executed at a time.
        progress: show a progress bar.

    Raises:
        ChapterError: a chapter failed; the others were executed all the same, and every failure is named.
    """
    done, failures = [], []
    languages = list(dict.fromkeys(languages))
    total = len(notebooks) * len(languages)
    with (
        tqdm(total=total, desc="chapters", unit="chapter", disable=not progress) as bar,
        ProcessPoolExecutor(jobs) as pool,
    ):

        def submit(chapter: Path, language: str) -> Future[Path]:
            given = {**parameters, "language": language}
            return pool.submit(run_chapter, chapter, out / language / chapter.name, given)

        first, others = languages[:1], languages[1:]
        running = {submit(chapter, one): (chapter, one, others) for one in first for chapter in notebooks}
        while running:
            for task in wait(running, return_when=FIRST_COMPLETED).done:
                chapter, language, waiting = running.pop(task)
                running.update({submit(chapter, other): (chapter, other, []) for other in waiting})
                bar.set_postfix_str(f"{language}/{chapter.stem}")
                bar.update()
                if task.exception() is None:
                    done.append(task.result())
                else:
                    failures.append(str(task.exception()))
    if failures:
        raise ChapterError("\n".join(failures))
    return done


def render(folder: Path, root: Path = ROOT) -> Path:
    """Render a staged book to _build/html, warnings as errors; returns the front page.

    Raises:
        subprocess.CalledProcessError: jupyter-book found something to complain about.
    """
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(folder), "--path-output", str(root)]
    subprocess.run([*command, "--all", "-W", "--keep-going", "-q"], check=True)
    html = root / "_build" / "html"
    keep_used_icons(html)
    shutil.copytree(folder / DOWNLOADS, html / "_sources", dirs_exist_ok=True)  # in place of the merged notebooks
    return html / "index.html"


def build(
    languages: Sequence[str] = LANGUAGES, jobs: int | None = None, root: Path = ROOT, place: Place | None = None
) -> Path:
    """Execute every chapter on the demo corpus for each language, render the book and check its pages.

    Args:
        languages: ISO 639-1 codes; pages show the first until their reader chooses another.
        jobs: chapters executed at a time; None for one a core.
        root: of the project.
        place: where the book is public; None for where git's "origin" is.

    Raises:
        ChapterError: a chapter failed.
        MergeError: a chapter changed while it was executed.
        subprocess.CalledProcessError: jupyter-book found something to complain about.
        PageError: a rendered page has a fault.
    """
    executed = root / EXECUTED
    cores = os.cpu_count() or 1
    jobs = jobs or cores
    os.environ["OMP_NUM_THREADS"] = str(max(1, cores // jobs))  # threads beyond the cores only wait for each other
    os.environ["TQDM_DISABLE"] = "1"  # a page read later has no use for a progress bar
    os.chdir(root)  # the pages show where runs are kept: relative to the project, not to this machine
    run_chapters(chapters(root), languages, executed, {"runs": "_build/runs"}, jobs)
    last = [page for page in shared_pages(root) if page.suffix == ".ipynb"]  # they tell what the chapters took
    run_chapters(last, languages[:1], executed, {"runs": "_build/runs"}, jobs)
    return finish(languages, root, place)


def finish(languages: Sequence[str] = LANGUAGES, root: Path = ROOT, place: Place | None = None) -> Path:
    """Render the book from chapters that `build` executed, and check its pages; arguments and errors as there.

    Raises:
        FileNotFoundError: one was not executed.
    """
    for executed in (root / EXECUTED / language / page.name for language in languages for page in chapters(root)):
        if not executed.exists():
            raise FileNotFoundError(f"{executed.relative_to(root)} is not executed; leave out --executed")
    front = render(stage(root / EXECUTED, languages, root, place or Place(origin(root))), root)
    check_pages(front.parent)
    return front
