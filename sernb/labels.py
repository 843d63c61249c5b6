"""The four emotion classes, and how a corpus's own labels reach them."""

EMOTIONS = ("angry", "happy", "neutral", "sad")

_CLASS_OF = {
    "angry": "angry",
    "anger": "angry",
    "happy": "happy",
    "happiness": "happy",
    "joy": "happy",
    "excited": "happy",  # Gong et al. 2025, section 3.1
    "excitement": "happy",
    "neutral": "neutral",
    "sad": "sad",
    "sadness": "sad",
}


def to_class(source_label: str | None) -> str | None:
    """The class of a corpus's own label, or None: such a clip is kept as unlabelled speech.

    Near-labels (frustrated, calm, bored, ...) are not merged into a class: the paper names one merge only,
    excited -> happy (Gong et al. 2025, section 3.1).
    """
    return None if source_label is None else _CLASS_OF.get(source_label.strip().lower())
