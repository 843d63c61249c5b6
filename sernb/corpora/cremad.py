"""CREMA-D (Cao et al. 2014): 1001_DFA_ANG_XX is actor, sentence, emotion acted, intensity; gender is in a table."""

import re
from collections.abc import Iterator
from pathlib import Path

from sernb.corpora.base import Clip, Corpus, Reject, decode, from_names
from sernb.corpora.tables import gender, read_table

NAME = re.compile(r"(?P<actor>1\d{3})_[A-Z]{3}_(?P<emotion>[A-Z]{3})_(?:LO|MD|HI|XX?)")  # upstream has one file ..._X
EMOTIONS = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
DEMOGRAPHICS = "VideoDemographics.csv"


def read(folder: Path) -> Iterator[Clip | Reject]:
    """The WAV files, or the MP3 copies upstream ships of them where only those are there."""
    table = folder / DEMOGRAPHICS
    actors = read_table(table, columns=("ActorID", "Sex")) if table.exists() else None
    sexes = {} if actors is None else dict(zip(actors["ActorID"], actors["Sex"], strict=True))

    def describe(match: re.Match[str]) -> dict[str, str | None]:
        return {
            "speaker": match["actor"],
            "gender": gender(sexes.get(match["actor"])),
            "source_label": decode(EMOTIONS, match["emotion"], "emotion code"),
        }

    audio = folder / "AudioWAV"
    return from_names(audio if audio.is_dir() else folder / "AudioMP3", NAME, describe)


CORPUS = Corpus(
    name="cremad",
    title="CREMA-D",
    languages=("en",),
    speakers=91,
    licence="Open Database License 1.0",
    citation="Cao, Cooper, Keutmann, Gur, Nenkova, Verma: CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset, "
    "IEEE Transactions on Affective Computing 5(4), 2014",
    obtain="https://github.com/CheyneyComputerScience/CREMA-D (with Git LFS; AudioWAV and VideoDemographics.csv)",
    layout=("AudioWAV/1[0-9][0-9][0-9]_*_*_*.*", "AudioMP3/1[0-9][0-9][0-9]_*_*_*.*"),
    read=read,
)
