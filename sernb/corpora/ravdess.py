"""RAVDESS speech (Livingstone & Russo 2018): 03-01-06-01-02-01-12, the last three of eight emotions aside."""

import re

from sernb.corpora.base import Corpus, FileNames, decode

NAME = re.compile(
    r"(?<!\d)(?P<mode>0[13])-(?P<channel>\d{2})-(?P<emotion>\d{2})-\d{2}-(?P<statement>\d{2})-(?P<repetition>\d{2})-"
    r"(?P<actor>\d{2})(?!\d)"
)
ACTORS = 24
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
    """Fields of a Clip from the parts of its name.

    Raises:
        ValueError: a video's sound, a song, or a code that RAVDESS doesn't have.

    Examples:
        >>> describe(NAME.search("03-01-05-01-02-01-12"))
        {'speaker': '12', 'gender': 'female', 'source_label': 'angry'}
    """
    if match["mode"] != "03":
        raise ValueError("sound of a video, the same recording as the audio-only file (first field is not 03)")
    if match["channel"] != "01":
        raise ValueError("song, not speech (second field is not 01)")
    return {
        "speaker": match["actor"],
        "gender": "male" if int(match["actor"]) % 2 else "female",
        "source_label": decode(EMOTIONS, match["emotion"], "emotion code"),
    }


NAMES = FileNames(NAME, describe)
CORPUS = Corpus(
    name="ravdess",
    title="RAVDESS",
    languages=("en",),
    speakers=ACTORS,
    licence="CC BY-NC-SA 4.0",
    citation="Livingstone, Russo: The Ryerson Audio-Visual Database of Emotional Speech and Song, PLoS ONE 13(5), 2018",
    obtain="https://zenodo.org/records/1188976 (Audio_Speech_Actors_01-24.zip)",
    layout=("Actor_[0-9][0-9]/03-0[12]-*-*-*-*-*.*",),
    example={"Actor_01/03-01-05-01-02-01-01.wav": "", "Actor_02/03-01-01-01-01-02-02.wav": ""},
    read=NAMES.read,
    names=NAMES,
)
