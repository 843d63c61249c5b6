"""The words of many languages reach the four classes, and no word two of them."""

import pytest

from sernb.labels import _WORDS, to_class


@pytest.mark.parametrize(
    ("label", "emotion"),
    [
        ("Wut", "angry"),
        ("ÄRGER", "angry"),
        ("A\u0308rger", "angry"),  # decomposed
        ("en colère", "angry"),
        ("tức_giận", "angry"),
        ("غصہ", "angry"),
        ("Freude", "happy"),
        ("alegría", "happy"),
        ("খুশি", "happy"),
        ("exc", "happy"),
        ("neutre", "neutral"),
        ("tristeza", "sad"),
        ("悲しみ", "sad"),
        ("Angst", None),  # fear: no word for it is a class
        ("frustrated", None),
        ("0", None),
    ],
)
def test_words(label: str, emotion: str | None):
    assert to_class(label) == emotion


def test_no_word_means_two_classes():
    words = [word for words in _WORDS.values() for word in words.split()]
    assert len(words) == len(set(words))
