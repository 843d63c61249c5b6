"""RAVDESS speech (Livingstone & Russo 2018): 03-01-06-01-02-01-12, the last three of eight emotions aside."""

import re

from sernb.corpora.base import Corpus, decode, from_names

NAME = re.compile(r"03-(?P<channel>\d{2})-(?P<emotion>\d{2})-\d{2}-\d{2}-\d{2}-(?P<actor>\d{2})")
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}


def describe(match: re.Match[str]) -> dict[str, str]:
    if match["channel"] != "01":
        raise ValueError("song, not speech (second field is not 01)")
    return {
        "speaker": match["actor"],
        "gender": "male" if int(match["actor"]) % 2 else "female",
        "source_label": decode(EMOTIONS, match["emotion"], "emotion code"),
    }


CORPUS = Corpus(
    name="ravdess",
    title="RAVDESS",
    languages=("en",),
    speakers=24,
    licence="CC BY-NC-SA 4.0",
    citation="Livingstone, Russo: The Ryerson Audio-Visual Database of Emotional Speech and Song, PLoS ONE 13(5), 2018",
    obtain="https://zenodo.org/records/1188976 (Audio_Speech_Actors_01-24.zip)",
    layout=("Actor_[0-9][0-9]/03-0[12]-*-*-*-*-*.*",),
    read=lambda folder: from_names(folder, NAME, describe),
)
