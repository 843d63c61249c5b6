"""CREMA-D (Cao et al. 2014): 1001_DFA_ANG_XX is actor, sentence, emotion acted, intensity."""

import re
from pathlib import Path

from sernb.corpora.base import Corpus, FileNames, decode

NAME = re.compile(  # upstream has one file ..._X
    r"(?<!\d)(?P<actor>1\d{3})_[A-Z]{3}_(?P<emotion>[A-Z]{3})_(?:LO|MD|HI|XX?)(?![A-Za-z])"
)
EMOTIONS = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
ACTORS = range(1001, 1092)
# from VideoDemographics.csv, which most copies lack
# fmt: off
WOMEN = {
    1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1012, 1013, 1018, 1020, 1021, 1024, 1025, 1028, 1029, 1030,
    1037, 1043, 1046, 1047, 1049, 1052, 1053, 1054, 1055, 1056, 1058, 1060, 1061, 1063, 1072, 1073, 1074, 1075,
    1076, 1078, 1079, 1082, 1084, 1089, 1091,
}
# fmt: on


def describe(match: re.Match[str]) -> dict[str, str]:
    if int(match["actor"]) not in ACTORS:
        raise ValueError(f"unknown actor {match['actor']!r}; known are 1001 to 1091")
    return {
        "speaker": match["actor"],
        "gender": "female" if int(match["actor"]) in WOMEN else "male",
        "source_label": decode(EMOTIONS, match["emotion"], "emotion code"),
    }


def refuse(path: Path) -> str | None:
    wav = path.parent.parent / "AudioWAV" / f"{path.stem}.wav"
    return "the MP3 copy of a file in AudioWAV" if path.parent.name == "AudioMP3" and wav.exists() else None


NAMES = FileNames(NAME, describe, refuse=refuse)
CORPUS = Corpus(
    name="cremad",
    title="CREMA-D",
    languages=("en",),
    speakers=91,
    licence="Open Database License 1.0",
    citation="Cao, Cooper, Keutmann, Gur, Nenkova, Verma: CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset, "
    "IEEE Transactions on Affective Computing 5(4), 2014",
    obtain="https://github.com/CheyneyComputerScience/CREMA-D (with Git LFS; AudioWAV)",
    layout=("AudioWAV/1[0-9][0-9][0-9]_*_*_*.*", "AudioMP3/1[0-9][0-9][0-9]_*_*_*.*"),
    example={"AudioWAV/1001_DFA_ANG_XX.wav": "", "AudioWAV/1002_IEO_SAD_HI.wav": ""},
    read=NAMES.read,
    names=NAMES,
)
