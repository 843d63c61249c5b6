"""Code of the package as a chapter shows it: highlighted, without the docstring, which the text around it replaces."""

import ast
import inspect
import textwrap
from collections.abc import Callable

from IPython.display import Code


def source(*functions: Callable) -> Code:
    """The code of functions or methods, one below the other, each without its docstring.

    Raises:
        TypeError: one of them isn't written in Python.
    """
    return Code("\n\n".join(map(_without_docstring, functions)), language="python")


def _without_docstring(function: Callable) -> str:
    text = textwrap.dedent(inspect.getsource(function))
    definition = ast.parse(text).body[0]
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    lines = text.rstrip().split("\n")
    if ast.get_docstring(definition) is not None:
        said = definition.body[0]
        del lines[said.lineno - 1 : said.end_lineno]
    return "\n".join(lines)
