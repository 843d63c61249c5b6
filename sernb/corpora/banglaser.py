"""BanglaSER (Das et al. 2022, Data in Brief): RAVDESS-like names, but with emotion codes of its own."""

import re

from sernb.corpora.base import Corpus, FileNames, decode

NAME = re.compile(r"(?<!\d)\d{2}-\d{2}-(?P<emotion>\d{2})-\d{2}-\d{2}-\d{2}-(?P<actor>\d{2})(?!\d)")
EMOTIONS = {"01": "happy", "02": "sad", "03": "angry", "04": "surprise", "05": "neutral"}  # not RAVDESS's codes


def describe(match: re.Match[str]) -> dict[str, str]:
    return {
        "speaker": match["actor"],
        "gender": "male" if int(match["actor"]) % 2 else "female",
        "source_label": decode(EMOTIONS, match["emotion"], "emotion code"),
    }


NAMES = FileNames(NAME, describe)
CORPUS = Corpus(
    name="banglaser",
    title="BanglaSER",
    languages=("bn",),
    speakers=34,
    licence="CC BY 4.0",
    citation="Das, Islam, Ahmed, Islam, Shatabda: BanglaSER: A speech emotion recognition dataset for the Bangla "
    "language, Data in Brief 42, 2022",
    obtain="https://data.mendeley.com/datasets/t9h6p943xy",
    layout=("Actor [0-9][0-9]/*-*-*-*-*-*-*.*",),  # "Actor 01"; RAVDESS writes "Actor_01"
    example={"Actor 01/03-01-03-02-03-03-01.wav": "", "Actor 02/03-01-02-01-01-02-02.wav": ""},
    read=NAMES.read,
    names=NAMES,
)
