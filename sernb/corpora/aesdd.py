"""AESDD (Vryzas et al. 2018), Greek: "a01 (2)" is emotion letter, utterance, speaker; a "b" marks a second take."""

import re

from sernb.corpora.base import Corpus, decode, from_names

NAME = re.compile(r"(?P<emotion>[a-z])\d{2} \((?P<speaker>\d+)\)[a-z]?")
EMOTIONS = {"a": "anger", "d": "disgust", "f": "fear", "h": "happiness", "s": "sadness"}


def describe(match: re.Match[str]) -> dict[str, str]:
    # no gender: the corpus says how many actors are women, but not which
    return {
        "speaker": str(int(match["speaker"])),  # upstream writes both (1) and (01)
        "source_label": decode(EMOTIONS, match["emotion"], "emotion letter"),
    }


CORPUS = Corpus(
    name="aesdd",
    title="AESDD",
    languages=("el",),
    speakers=6,
    licence="free for research, citation required",
    citation="Vryzas, Kotsakis, Liatsou, Dimoulas, Kalliris: Speech Emotion Recognition for Performance Interaction, "
    "Journal of the Audio Engineering Society 66(6), 2018",
    obtain="https://m3c.web.auth.gr/research/aesdd-speech-emotion-recognition/",
    layout=("anger/a[0-9][0-9] (*)*.*", "sadness/s[0-9][0-9] (*)*.*"),
    example={"anger/a01 (1).wav": "", "sadness/s05 (2).wav": ""},
    read=lambda folder: from_names(folder, NAME, describe),
)
