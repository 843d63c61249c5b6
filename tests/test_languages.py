"""Languages have names, those without a locale too; an unknown code stays as it is."""

import pytest

from sernb.languages import language_name

NAMES = {"ur": "Urdu", "de": "German", "bn": "Bangla", "sw": "Swahili", "cnh": "Hakha Chin", "xx": "xx"}


@pytest.mark.parametrize(("code", "name"), NAMES.items())
def test_language_names(code, name):
    assert language_name(code) == name
