"""Text from a corpus made harmless for where it is shown: a terminal, a Markdown page, a spreadsheet."""

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#+!|$~^&@%])")


def printable(text: object) -> str:
    """For a terminal: control characters, which could rewrite what is on the screen, replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in str(text))


def markdown(text: object) -> str:
    """For a Markdown page or table: shown as it is, never read as markup."""
    return _MARKDOWN.sub(r"\\\1", printable(text))


def cell(text: object) -> object:
    """For a CSV file: what a spreadsheet would run as a formula starts with an apostrophe, anything else is left."""
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
