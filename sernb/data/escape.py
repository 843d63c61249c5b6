"""Text from a corpus made harmless for where it is shown: a terminal, a Markdown page, a spreadsheet."""

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#+!|$~^&@%])")
_FORMULA = re.compile(r"(^|[\r\n])(?=[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])")  # the last four: full-width forms
LONGEST = 2_000
"""Characters of a message: a stranger's file may put a million into one."""


def printable(text: object) -> str:
    """For a terminal: control characters, which could rewrite what is on the screen, replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in str(text))


def one_line(text: object) -> str:
    """For a message on a terminal: printable, its lines joined, cut where it is too long to be read."""
    line = printable(" ".join(str(text).splitlines()))
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def markdown(text: object) -> str:
    """For a Markdown page or table: shown as it is, never read as markup."""
    return _MARKDOWN.sub(r"\\\1", printable(text))


def cell(text: object) -> object:
    """For a CSV file: an apostrophe before what a spreadsheet would run as a formula, in any of a cell's lines."""
    return _FORMULA.sub(r"\1'", text) if isinstance(text, str) else text
