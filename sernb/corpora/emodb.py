"""Berlin EMO-DB (Burkhardt et al. 2005): 03a01Fa is speaker, text, emotion letter, take."""

import re
from pathlib import Path

from sernb.corpora.base import Corpus, FileNames, decode

NAME = re.compile(r"(?<![0-9A-Za-z])(?P<speaker>\d{2})[ab]\d{2}(?P<emotion>[A-Z])[a-z]?(?![0-9A-Za-z])")
EMOTIONS = {  # the letters abbreviate the German words
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
GENDERS = {
    "03": "male",
    "08": "female",
    "09": "female",
    "10": "male",
    "11": "male",
    "12": "male",
    "13": "female",
    "14": "female",
    "15": "male",
    "16": "female",
}


def describe(match: re.Match[str]) -> dict[str, str]:
    return {
        "speaker": match["speaker"],
        "gender": decode(GENDERS, match["speaker"], "speaker"),
        "source_label": decode(EMOTIONS, match["emotion"], "emotion letter"),
    }


def refuse(path: Path) -> str | None:
    return "a laryngogram, not speech" if "laryng" in path.parent.name.lower() else None  # edition 2 holds both


NAMES = FileNames(NAME, describe, refuse=refuse)
CORPUS = Corpus(
    name="emodb",
    title="EMO-DB",
    languages=("de",),
    speakers=10,
    licence="free to use, citation required",
    citation="Burkhardt, Paeschke, Rolfes, Sendlmeier, Weiss: A Database of German Emotional Speech, Interspeech 2005",
    obtain="http://emodb.bilderbar.info",
    layout=("wav/[01][0-9][ab][0-9][0-9][A-Z]*.*",),
    example={"wav/03a01Fa.wav": "", "wav/08b10Nb.wav": ""},
    read=NAMES.read,
    names=NAMES,
)
