"""A folder to start from with a language of one's own: a table to fill, a README, a notebook."""

from importlib.resources import files
from pathlib import Path

import jupytext

from sernb.corpora.plaincsv import TABLE
from sernb.corpora.tables import language as code_of
from sernb.languages import language_name
from sernb.teaching.example_corpus import LANGUAGE, NEW, OWN, make_example

HEADER = "path,speaker,gender,emotion,language\n"
README, NOTEBOOK = "README.md", "your-language.ipynb"


def write_template(folder: Path, language: str | None = None, example: bool = False) -> list[Path]:
    """Write the starter folder.

    Args:
        folder: a new or empty one.
        language: ISO 639-1 code or English name of the language.
        example: put the made-up Swahili corpus and the demo corpus's English into it, so that everything runs at once.

    Returns:
        The files to begin with: README, notebook, table.

    Raises:
        FileExistsError: `folder` holds something already.
        ValueError: no language, or the example in another than its own.
        EspeakError: the example can't be spoken; the message says the remedy.
    """
    if example and code_of(language or LANGUAGE) != LANGUAGE:
        raise ValueError(f"the example is in {language_name(LANGUAGE)}: leave the language out, or the example")
    if not example and not language:
        raise ValueError("which language? Give its code or name, such as --language am, or ask for --example")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} holds something already; give a new folder")
    code = code_of(language or LANGUAGE)
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / "corpora" / OWN
    if example:
        make_example(folder)
    else:
        (own / "clips").mkdir(parents=True)
        (folder / NEW).mkdir()
        (own / TABLE).write_text(HEADER)
    starter = files("sernb.teaching") / "starter"
    (folder / README).write_text(_filled((starter / README).read_text(), code))
    notebook = jupytext.reads(_filled((starter / "your-language.md").read_text(), code), fmt="md:myst")
    jupytext.write(notebook, folder / NOTEBOOK)
    return [folder / README, folder / NOTEBOOK, own / TABLE]


def _filled(text: str, code: str) -> str:
    return text.replace("LANGUAGE_NAME", language_name(code)).replace("LANGUAGE", code)
