"""SAVEE (Haq & Jackson 2010): DC/sa03 is the third sad sentence of speaker DC; a common copy writes DC_sa03."""

import re
from pathlib import Path

from sernb.corpora.base import Corpus, FileNames, decode

NAME = re.compile(r"(?<![A-Za-z])(?P<speaker>DC|JE|JK|KL)_(?P<emotion>[a-z]+)\d{2}(?!\d)")
EMOTIONS = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}


def naming(path: Path) -> str:
    return path.stem if "_" in path.stem else f"{path.parent.name}_{path.stem}"


def describe(match: re.Match[str]) -> dict[str, str]:
    return {
        "speaker": match["speaker"],
        "gender": "male",
        "source_label": decode(EMOTIONS, match["emotion"], "emotion letters"),
    }


NAMES = FileNames(NAME, describe, naming)
CORPUS = Corpus(
    name="savee",
    title="SAVEE",
    languages=("en",),
    speakers=4,
    licence="research use, on registration",
    citation="Haq, Jackson: Multimodal Emotion Recognition, in Machine Audition: Principles, Algorithms and Systems, "
    "IGI Global, 2010",
    obtain="http://kahlan.eps.surrey.ac.uk/savee/ (AudioData)",
    layout=("AudioData/[DJK][CEKL]/[adfhns]*[0-9][0-9].*", "DC/sa[0-9][0-9].*", "DC_sa[0-9][0-9].*"),
    example={"AudioData/DC/a01.wav": "", "AudioData/JE/sa03.wav": ""},
    read=NAMES.read,
    names=NAMES,
)
