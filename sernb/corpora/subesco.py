"""SUBESCO (Sultana et al. 2021): F_01_OISHI_S_1_ANGRY_1 is gender, speaker, name, sentence, emotion, take."""

import re

from sernb.corpora.base import Corpus, FileNames, decode

NAME = re.compile(r"(?<![A-Za-z])(?P<gender>[FM])_(?P<speaker>\d{2})_[A-Z]+_S_\d+_(?P<emotion>[A-Z]+)_\d+")
EMOTIONS = {
    "ANGRY": "angry",
    "DISGUST": "disgust",
    "FEAR": "fear",
    "HAPPY": "happy",
    "NEUTRAL": "neutral",
    "SAD": "sad",
    "SURPRISE": "surprise",
}
GENDERS = {"F": "female", "M": "male"}


def describe(match: re.Match[str]) -> dict[str, str]:
    return {
        "speaker": f"{match['gender']}{match['speaker']}",  # women and men are numbered apart
        "gender": GENDERS[match["gender"]],
        "source_label": decode(EMOTIONS, match["emotion"], "emotion"),
    }


NAMES = FileNames(NAME, describe)
CORPUS = Corpus(
    name="subesco",
    title="SUBESCO",
    languages=("bn",),
    speakers=20,
    licence="CC BY 4.0",
    citation="Sultana, Rahman, Selim, Iqbal: SUST Bangla Emotional Speech Corpus (SUBESCO): An audio-only emotional "
    "speech corpus for Bangla, PLoS ONE 16(4), 2021",
    obtain="https://zenodo.org/records/4526477",
    layout=("[FM]_[0-9][0-9]_*_S_*_*_*.*", "SUBESCO/[FM]_[0-9][0-9]_*_S_*_*_*.*"),
    example={"SUBESCO/F_01_OISHI_S_1_ANGRY_1.wav": "", "SUBESCO/M_02_TITAS_S_2_SAD_5.wav": ""},
    read=NAMES.read,
    names=NAMES,
)
