"""The book as jupyter-book renders it: executed notebooks laid out in editions, one a language, with what they need."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import nbformat
import yaml
from jupyter_book.config import get_default_sphinx_config

from sernb.artwork import social_card
from sernb.editions import (
    forget_machine,
    merge_parameters,
    name_language,
    name_solutions,
    number_figures,
    relink,
)
from sernb.study import language_name

ROOT = Path(__file__).parents[1]
STAGE = Path("_build/source")
MATHJAX = "tex-chtml.js"
ONLINE_ONLY = ("sphinx_thebe", "sphinx.ext.intersphinx")  # of jupyter-book's extensions


@dataclass(frozen=True)
class Place:
    """Where the book is public, as far as it is: a book without a place has no link that leads there.

    Attributes:
        repository: "https://github.com/OWNER/NAME": pages link to it to launch, edit and report.
        branch: that these links mean.
        address: of the published book, for the preview others show of a link to it.
    """

    repository: str = ""
    branch: str = "main"
    address: str = ""


def origin(root: Path = ROOT) -> str:
    """The repository's public address, if its clone says one: git's "origin", where that is on GitHub or GitLab."""
    asked = subprocess.run(["git", "-C", root, "remote", "get-url", "origin"], capture_output=True, text=True)
    for host in ("github.com", "gitlab.com"):
        for start in (f"https://{host}/", f"git@{host}:"):
            if asked.stdout.startswith(start):
                return f"https://{host}/" + asked.stdout.strip().removeprefix(start).removesuffix(".git")
    return ""


def chapters(root: Path = ROOT) -> list[Path]:
    """The book's chapters in reading order, the introduction first: the first part of _toc.yml.

    Each is a notebook, and is executed once for each language.
    """
    toc = _toc(root)
    names = [toc["root"], *(entry["file"] for entry in toc["parts"][0]["chapters"])]
    return [root / f"{name}.ipynb" for name in names]


def shared_pages(root: Path = ROOT) -> list[Path]:
    """The pages that are the same whatever the language: the other parts of _toc.yml.

    A notebook among them is executed once, after the chapters; the rest are MyST Markdown.
    """
    names = [entry["file"] for part in _toc(root)["parts"][1:] for entry in part["chapters"]]
    notebooks = [root / f"{name}.ipynb" for name in names]
    return [notebook if notebook.exists() else notebook.with_suffix(".md") for notebook in notebooks]


def stage(executed: Path, languages: Sequence[str], root: Path = ROOT, place: Place = Place()) -> Path:
    """Lay out the book for jupyter-book; returns the folder.

    The first language keeps the chapters' own addresses; the others' lie one folder deeper.

    Args:
        executed: folder of executed notebooks, LANGUAGE/CHAPTER.ipynb.
        languages: ISO 639-1 codes.
        root: of the project.
        place: where the book is public.
    """
    folder = root / STAGE
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "book", folder / "book", ignore=shutil.ignore_patterns("*.ipynb", "*.md", "runs"))
    introduction, *others = chapters(root)
    shared = shared_pages(root)
    folders = {language: "." if language == languages[0] else language for language in languages}
    for page in (introduction, *(page for page in shared if page.suffix == ".ipynb")):
        _lay(_read(executed / languages[0] / page.name), page, folder, ".")
    for page in shared:
        if page.suffix == ".md":
            shutil.copy(page, folder / "book")
    parts = []
    for language, place_of in folders.items():
        for chapter in others:
            notebook = _read(executed / language / chapter.name)
            name_language(notebook, language, chapter.stem, folders)
            if place_of != ".":
                relink(notebook, [page.stem for page in (introduction, *shared)])
            _lay(notebook, chapter, folder, place_of)
        files = [{"file": str(Path("book", place_of, chapter.stem))} for chapter in others]
        parts.append({"caption": language_name(language), "chapters": files})
    toc = _toc(root)
    toc["parts"][:1] = parts
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
    config = yaml.safe_load((root / "_config.yml").read_text())
    static = folder / "book" / "_static"
    _copy_mathjax(static / "mathjax")
    social_card(static / "card.png", config["title"], "An executable book")
    (folder / "_config.yml").write_text(yaml.safe_dump(_configured(config, place), sort_keys=False))
    return folder


def _toc(root: Path) -> dict:
    return yaml.safe_load((root / "_toc.yml").read_text())


def _read(executed: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(executed, as_version=4)
    forget_machine(notebook)
    merge_parameters(notebook)
    number_figures(notebook)
    name_solutions(notebook)
    return notebook


def _lay(notebook: nbformat.NotebookNode, source: Path, folder: Path, place: str) -> None:
    """Write a page, and beside the page's download the text it was made from."""
    page = folder / "book" / place / source.name
    text = folder / "extra" / "_sources" / "book" / place / f"{source.stem}.md"
    for file in (page, text):
        file.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, page)
    shutil.copy(source.with_suffix(".md"), text)


def _copy_mathjax(folder: Path) -> None:
    """MathJax from the package that ships it: only the script and the fonts that pages load."""
    shipped = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    fonts = Path("output/chtml/fonts/woff-v2")
    shutil.copytree(shipped / fonts, folder / fonts)
    shutil.copy(shipped / MATHJAX, folder)


def _configured(config: dict, place: Place) -> dict:
    """_config.yml for pages that were executed before, need no network, and link to where the book is public."""
    config["execute"] = {"execute_notebooks": "off"}
    config["html"] |= {"baseurl": place.address}
    sphinx = config["sphinx"]["config"]
    sphinx |= {"mathjax_path": f"mathjax/{MATHJAX}", "html_extra_path": ["extra"], "ogp_site_url": place.address}
    sphinx["nb_ipywidgets_js"] = {}  # pages show no widget, and its scripts come from the network
    sphinx["html_context"] = {"default_mode": "auto"}  # light or dark as the reader's machine is
    known = [*get_default_sphinx_config()["extensions"], *config["sphinx"].pop("extra_extensions", [])]
    added = ["sphinxcontrib.bibtex", "sernb.pages", "sphinxext.opengraph"]
    sphinx["extensions"] = [name for name in dict.fromkeys(known + added) if name not in ONLINE_ONLY]
    config["repository"] = {"url": place.repository, "branch": place.branch}
    if place.repository:
        config["html"] |= {f"use_{link}_button": True for link in ("repository", "edit_page", "issues")}
        config["launch_buttons"] = {"notebook_interface": "jupyterlab", "binderhub_url": "https://mybinder.org"}
        if "//github.com/" in place.repository:
            config["launch_buttons"]["colab_url"] = "https://colab.research.google.com"
    return config
