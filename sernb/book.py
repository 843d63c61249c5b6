"""The book: chapters run by papermill for each language, then rendered by jupyter-book."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbformat
import papermill
import yaml
from tqdm.auto import tqdm

from sernb.study import language_name

LANGUAGES = ("ur", "de", "bn")
ROOT = Path(__file__).parents[1]
STAGE = Path("_build/source")


class ChapterError(Exception):
    """A chapter stopped with an error; the message says which, and where its executed notebook lies."""


def chapters(root: Path = ROOT) -> list[Path]:
    """The book's notebooks in reading order, the introduction first, as _toc.yml names them."""
    toc = yaml.safe_load((root / "_toc.yml").read_text())
    names = [toc["root"], *(entry["file"] for entry in toc["chapters"])]
    return [root / f"{name}.ipynb" for name in names]


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
    try:
        papermill.execute_notebook(chapter, out, parameters=parameters, progress_bar=False)
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

    The first language goes first alone: what it trains, the others find in the run store.

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
    total = len(notebooks) * len(languages)
    with tqdm(total=total, desc="chapters", unit="chapter", disable=not progress) as bar:
        for group in (languages[:1], languages[1:]):
            with ProcessPoolExecutor(jobs) as pool:
                tasks = {
                    pool.submit(
                        run_chapter, chapter, out / language / chapter.name, {**parameters, "language": language}
                    ): f"{language}/{chapter.stem}"
                    for language in group
                    for chapter in notebooks
                }
                for task in as_completed(tasks):
                    bar.set_postfix_str(tasks[task])
                    bar.update()
                    if task.exception() is None:
                        done.append(task.result())
                    else:
                        failures.append(str(task.exception()))
    if failures:
        raise ChapterError("\n".join(failures))
    return done


def stage(executed: Path, languages: Sequence[str], root: Path = ROOT) -> Path:
    """Lay out what jupyter-book renders: the executed chapters, a part of the book for each language.

    The first language keeps the chapters' own addresses; the others' lie one folder deeper.
    """
    folder = root / STAGE
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "book", folder / "book", ignore=shutil.ignore_patterns("*.ipynb", "*.md", "runs"))
    introduction, *others = chapters(root)
    parts = []
    for language in languages:
        place = "book" if language == languages[0] else f"book/{language}"
        files = []
        for chapter in (introduction, *others) if language == languages[0] else others:
            notebook = nbformat.read(executed / language / chapter.name, as_version=4)
            if chapter != introduction:
                name_language(notebook, language)
                files.append({"file": f"{place}/{chapter.stem}"})
            (folder / place).mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, folder / place / chapter.name)
        parts.append({"caption": language_name(language), "chapters": files})
    toc = {"format": "jb-book", "root": f"book/{introduction.stem}", "parts": parts}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    config = yaml.safe_load((root / "_config.yml").read_text())
    config["execute"] = {"execute_notebooks": "off"}
    (folder / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    return folder


def name_language(notebook: nbformat.NotebookNode, language: str) -> None:
    """Append the language to a chapter's title, so that a reader sees which edition the page is."""
    title = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    heading, rest = (title.source + "\n").split("\n", 1)
    title.source = f"{heading}: {language_name(language)}\n{rest}".rstrip()


def render(folder: Path, root: Path = ROOT) -> Path:
    """Render a staged book to _build/html, warnings as errors; returns the front page.

    Raises:
        subprocess.CalledProcessError: jupyter-book found something to complain about.
    """
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(folder), "--path-output", str(root)]
    subprocess.run([*command, "--all", "-W", "--keep-going", "-q"], check=True)
    return root / "_build" / "html" / "index.html"


def build(languages: Sequence[str] = LANGUAGES, jobs: int | None = None, root: Path = ROOT) -> Path:
    """Execute every chapter on the demo corpus for each language, and render the book.

    Args:
        languages: ISO 639-1 codes, the first at the chapters' own addresses.
        jobs: chapters executed at a time; None for one a core.
        root: of the project.
    """
    executed = root / "_build" / "executed"
    cores = os.cpu_count() or 1
    jobs = jobs or cores
    os.environ["OMP_NUM_THREADS"] = str(max(1, cores // jobs))  # threads beyond the cores only wait for each other
    os.environ["TQDM_DISABLE"] = "1"  # a page read later has no use for a progress bar
    os.chdir(root)  # the pages show where runs are kept: relative to the project, not to this machine
    run_chapters(chapters(root), languages, executed, {"runs": "_build/runs"}, jobs)
    return render(stage(executed, languages, root), root)
