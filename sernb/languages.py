"""Names of languages; everywhere else a language is its ISO 639-1 code."""

import iso639
from babel import Locale, UnknownLocaleError


def language_name(code: str) -> str:
    """A language's name in English; the code itself where nobody knows a name.

    Examples:
        >>> language_name("ur"), language_name("pnb"), language_name("xx")
        ('Urdu', 'Western Panjabi', 'xx')
    """
    try:
        name = Locale.parse(code).get_display_name("en")
    except (UnknownLocaleError, ValueError):  # many a small language has a code, but no locale
        name = None
    if name:
        return name
    try:
        return iso639.Lang(code).name
    except iso639.exceptions.InvalidLanguageValue:
        return code
