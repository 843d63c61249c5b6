"""MSP-Podcast 1.11 (Lotfian & Busso 2019): one table of consensus labels, official splits, some speakers unknown.

MSP-PODCAST_0023_0114 is turn 114 of recording 23. Turns of a speaker nobody named are grouped by their recording
("unknown-0023"): one recording has few speakers, and none of its turns can end up on two sides of a split.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from sernb.corpora.base import Clip, Corpus, Reject, TableError, unlisted
from sernb.corpora.gate import read_text, shown
from sernb.corpora.genders import gender
from sernb.corpora.tables import number, read_table

RECORDING = re.compile(r"MSP-PODCAST_(\w+?)_\w+")
EMOTIONS = {
    "A": "anger",
    "C": "contempt",
    "D": "disgust",
    "F": "fear",
    "H": "happiness",
    "N": "neutral",
    "O": "other",
    "S": "sadness",
    "U": "surprise",
    "X": "no agreement",
}
SPLITS = {"train": "train", "development": "validation", "test1": "test1", "test2": "test2", "test3": "test3"}
COLUMNS = ("FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set")


def read(folder: Path) -> Iterator[Clip | Reject]:
    """Every file of Audios, every row of the labels, and Test3 (published without labels) from Partitions.txt."""
    # releases before 1.11 spell both names otherwise
    audios = folder / ("Audios" if (folder / "Audios").is_dir() else "Audio")
    tables = [folder / "Labels" / name for name in ("labels_consensus.csv", "labels_concensus.csv")]
    labels = read_table(next((table for table in tables if table.exists()), tables[0]), columns=COLUMNS, folder=folder)
    listed = []
    for row in labels.itertuples():
        path = audios / (row.FileName or "no name")
        listed.append(path)
        split = SPLITS.get((row.Split_Set or "").lower())
        if row.EmoClass not in EMOTIONS:
            yield Reject(path, f"unknown emotion code {row.EmoClass!r}")
        elif split is None:
            yield Reject(path, f"unknown split {row.Split_Set!r}")
        else:
            yield Clip(
                path,
                speaker=_speaker(row.SpkrID, path.stem),
                source_label=EMOTIONS[row.EmoClass],
                gender=gender(row.Gender),
                split=split,
                activation=number(row.EmoAct),
                valence=number(row.EmoVal),
                dominance=number(row.EmoDom),
            )
    for path, split in _partitions(audios, set(listed)):
        listed.append(path)
        yield Clip(path, speaker=_speaker(None, path.stem), split=split)
    if audios.is_dir():
        yield from unlisted(audios, listed, "labels_consensus.csv")


def _speaker(stated: str | None, stem: str) -> str | None:
    if stated is not None and stated.lower() != "unknown":
        return stated
    recording = RECORDING.fullmatch(stem)
    return f"unknown-{recording[1]}" if recording else None


def _partitions(audios: Path, labelled: set[Path]) -> Iterator[tuple[Path, str]]:
    """Clips that only Partitions.txt lists ("Test3; MSP-PODCAST_test3_0001.wav"), with their split."""
    table = audios.parent / "Partitions.txt"
    if not table.exists():
        return
    lines = read_text(table, audios.parent).splitlines()
    for line in filter(str.strip, lines):
        split, _, name = (part.strip() for part in line.partition(";"))
        if split.lower() not in SPLITS:
            raise TableError(f"{shown(table)} names an unknown split {split!r}")
        if audios / name not in labelled:
            yield audios / name, SPLITS[split.lower()]


CORPUS = Corpus(
    name="msppodcast",
    title="MSP-Podcast",
    languages=("en",),
    speakers=None,
    licence="academic licence, on signed request",
    citation="Lotfian, Busso: Building Naturalistic Emotionally Balanced Speech Corpus by Retrieving Emotional Speech "
    "From Existing Podcast Recordings, IEEE Transactions on Affective Computing 10(4), 2019",
    obtain="https://ecs.utdallas.edu/research/researchlabs/msp-lab/MSP-Podcast.html (release 1.11)",
    layout=("Labels/labels_consensus.csv", "Labels/labels_concensus.csv"),
    example={
        "Labels/labels_consensus.csv": ",".join(COLUMNS) + "\nMSP-PODCAST_0001_0008.wav,N,4.8,5.2,5.4,127,Male,Train\n",
        "Audios/MSP-PODCAST_0001_0008.wav": "",
    },
    read=read,
)
