"""URDU (Latif et al. 2018): talk-show speech, one folder a class, SG#_F#_E###."""

import re

from sernb.corpora.base import Corpus, FileNames, decode

NAME = re.compile(r"(?<![A-Za-z])S(?P<gender>[FM])(?P<number>\d+)_F\d+_(?P<emotion>[A-Z])\d+")
EMOTIONS = {"A": "angry", "H": "happy", "N": "neutral", "S": "sad"}
GENDERS = {"F": "female", "M": "male"}


def describe(match: re.Match[str]) -> dict[str, str]:
    return {
        "speaker": f"S{match['gender']}{match['number']}",
        "gender": GENDERS[match["gender"]],
        "source_label": decode(EMOTIONS, match["emotion"], "emotion letter"),
    }


NAMES = FileNames(NAME, describe)
CORPUS = Corpus(
    name="urdu",
    title="URDU",
    languages=("ur",),
    speakers=38,
    licence="research use",
    citation="Latif, Qayyum, Usman, Qadir: Cross Lingual Speech Emotion Recognition: Urdu vs. Western Languages, 2018",
    obtain="https://github.com/siddiquelatif/URDU-Dataset",
    layout=("Angry/S[FM]*_F*_A*.*", "Neutral/S[FM]*_F*_N*.*"),
    example={"Angry/SM1_F1_A01.wav": "", "Sad/SF2_F3_S12.wav": ""},
    read=NAMES.read,
    names=NAMES,
)
