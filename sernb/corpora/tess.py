"""TESS (Pichora-Fuller & Dupuis 2020): OAF_back_angry is speaker, carrier word, emotion."""

import re

from sernb.corpora.base import Corpus, FileNames, decode

NAME = re.compile(r"(?<![A-Z])(?P<speaker>OAF?|YAF)_(?P<word>[a-z]+)_(?P<emotion>pleasant_surprised?|[a-z]+)")
EMOTIONS = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happy",
    "neutral": "neutral",
    **dict.fromkeys(["ps", "pleasant_surprise", "pleasant_surprised"], "pleasant surprise"),
    "sad": "sad",
}


def describe(match: re.Match[str]) -> dict[str, str]:
    return {
        "speaker": "YAF" if match["speaker"] == "YAF" else "OAF",  # upstream has one file OA_bite_neutral
        "gender": "female",
        "source_label": decode(EMOTIONS, match["emotion"], "emotion"),
    }


NAMES = FileNames(NAME, describe)
CORPUS = Corpus(
    name="tess",
    title="TESS",
    languages=("en",),
    speakers=2,
    licence="CC BY-NC-ND 4.0",
    citation="Pichora-Fuller, Dupuis: Toronto emotional speech set (TESS), Borealis, 2020",
    obtain="https://doi.org/10.5683/SP2/E8H2MF",
    layout=("[OY]AF_*/[OY]A*_*_*.*",),
    example={"OAF_angry/OAF_back_angry.wav": "", "YAF_sad/YAF_back_sad.wav": ""},
    read=NAMES.read,
    names=NAMES,
)
