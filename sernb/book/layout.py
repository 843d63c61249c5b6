"""The book as jupyter-book renders it: one page per chapter, of what was executed per language, and what pages need."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import nbformat
import yaml
from jupyter_book.config import get_default_sphinx_config

from sernb.book import media
from sernb.book.merge import merge
from sernb.book.notebooks import drop_widgets, forget_machine, merge_parameters, name_solutions, number_figures
from sernb.book.social_card import social_card

ROOT = Path(__file__).parents[2]
STAGE = Path("_build/source")
DOWNLOADS = "downloads"  # of the staged book: what its pages were made from
MATHJAX = ("startup.js", "core.js", "input", "output/chtml.js", "output/chtml", "a11y/assistive-mml.js")  # see math.js
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

    Args:
        executed: folder of executed notebooks, LANGUAGE/CHAPTER.ipynb.
        languages: ISO 639-1 codes; pages show the first until their reader chooses another.
        root: of the project.
        place: where the book is public.

    Raises:
        MergeError: a chapter changed between its executions.
    """
    folder = root / STAGE
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "book", folder / "book", ignore=shutil.ignore_patterns("*.ipynb", "*.md", "runs"))
    for chapter in chapters(root):
        _lay(chapter, {language: executed / language / chapter.name for language in languages}, folder)
    for page in shared_pages(root):
        if page.suffix == ".ipynb":
            _lay(page, {languages[0]: executed / languages[0] / page.name}, folder)
        else:
            shutil.copy(page, folder / "book")
    for file in (root / "_toc.yml", *root.glob("ARCHITECTURE.md")):  # a page includes the second
        shutil.copy(file, folder)
    config = yaml.safe_load((root / "_config.yml").read_text())
    static = folder / "book" / "_static"
    _copy_mathjax(static / "mathjax")
    social_card(static / "card.png", config["title"], "An executable book")
    (folder / "_config.yml").write_text(yaml.safe_dump(_configured(config, place), sort_keys=False))
    return folder


def _toc(root: Path) -> dict:
    return yaml.safe_load((root / "_toc.yml").read_text())


def _lay(source: Path, executed: dict[str, Path], folder: Path) -> None:
    """Write a page from its executions, its pictures and sounds beside it, and for download what it was made from."""
    notebooks = {language: nbformat.read(path, as_version=4) for language, path in executed.items()}
    for notebook in notebooks.values():
        forget_machine(notebook)
        drop_widgets(notebook)
        merge_parameters(notebook)
        name_solutions(notebook)
    number_figures(list(notebooks.values()))
    page = merge(source.stem, notebooks)
    media.take_out(page, folder / "extra" / media.FOLDER, f"../{media.FOLDER}")
    nbformat.write(page, folder / "book" / source.name)
    downloads = folder / DOWNLOADS / "book"
    downloads.mkdir(parents=True, exist_ok=True)
    for file in (source, source.with_suffix(".md")):
        shutil.copy(file, downloads)


def _copy_mathjax(folder: Path) -> None:
    """MathJax from the package that ships it: only the scripts and the fonts that pages may load."""
    shipped = Path(str(files("sphinx-mathjax-offline"))) / "static" / "mathjax"
    for part in MATHJAX:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if (shipped / part).is_dir():
            shutil.copytree(shipped / part, folder / part)
        else:
            shutil.copy(shipped / part, folder / part)


def _configured(config: dict, place: Place) -> dict:
    """_config.yml for pages that were executed before, need no network, and link to where the book is public."""
    config["execute"] = {"execute_notebooks": "off"}
    config["html"] |= {"baseurl": place.address}
    sphinx = config["sphinx"]["config"]
    sphinx |= {"mathjax_path": "math.js", "html_extra_path": ["extra"], "ogp_site_url": place.address}
    sphinx["nb_ipywidgets_js"] = {}  # pages show no widget, and its scripts come from the network
    sphinx["html_context"] = {"default_mode": "auto"}  # light or dark as the reader's machine is
    known = [*get_default_sphinx_config()["extensions"], *config["sphinx"].pop("extra_extensions", [])]
    added = ["sphinxcontrib.bibtex", "sernb.book.sphinx_extension", "sphinxext.opengraph"]
    sphinx["extensions"] = [name for name in dict.fromkeys(known + added) if name not in ONLINE_ONLY]
    config["repository"] = {"url": place.repository, "branch": place.branch}
    if place.repository:
        config["html"] |= {f"use_{link}_button": True for link in ("repository", "edit_page", "issues")}
        config["launch_buttons"] = {"notebook_interface": "jupyterlab", "binderhub_url": "https://mybinder.org"}
        if "//github.com/" in place.repository:
            config["launch_buttons"]["colab_url"] = "https://colab.research.google.com"
    return config
