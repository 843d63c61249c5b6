"""CaFE (Gournay et al. 2018), Canadian French: 01-C-1-4 is actor, emotion letter, intensity, sentence."""

import re

from sernb.corpora.base import Corpus, decode, from_names

NAME = re.compile(r"(?P<actor>\d{2})-(?P<emotion>[A-Z])-[12]-[1-6]")
EMOTIONS = {  # the letters abbreviate the French words
    "C": "anger",
    "D": "disgust",
    "J": "happiness",
    "N": "neutral",
    "P": "fear",
    "S": "surprise",
    "T": "sadness",
}


def describe(match: re.Match[str]) -> dict[str, str]:
    return {
        "speaker": match["actor"],
        "gender": "male" if int(match["actor"]) % 2 else "female",
        "source_label": decode(EMOTIONS, match["emotion"], "emotion letter"),
    }


CORPUS = Corpus(
    name="cafe",
    title="CaFE",
    languages=("fr",),
    speakers=12,
    licence="CC BY-NC-SA 4.0",
    citation="Gournay, Lahaie, Lefebvre: A Canadian French Emotional Speech Dataset, ACM MMSys 2018",
    obtain="https://zenodo.org/records/1478765 (48 kHz WAV or 192 kHz AIFF)",
    # the folders without an accent in their names: archives of the others unpack to many spellings
    layout=("Neutre/[01][0-9]-N-1-[1-6].*", "Tristesse/*/[01][0-9]-T-[12]-[1-6].*"),
    example={"Neutre/01-N-1-1.wav": "", "Tristesse/Fort/12-T-2-6.wav": ""},
    read=lambda folder: from_names(folder, NAME, describe),
)
