"""IEMOCAP (Busso et al. 2008): dyadic sessions; labels and ratings lie in EmoEvaluation files, one a dialogue.

Ses01F_script02_1_M003: session 1, the woman wears the markers, a scripted dialogue, turn 3 *of the man*. The last
letter tells who speaks; the first F or M doesn't. Whole dialogues (dialog/wav) are the same audio uncut: left out.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from sernb.corpora.base import Clip, Corpus, Reject, audio_files
from sernb.corpora.gate import read_text
from sernb.corpora.tables import number

# parts between underscores hold none themselves: a name of any length is matched, or not, in one pass
TURN = re.compile(r"Ses0(?P<session>\d)[FM]_(?P<style>impro|script)(?:[^\W_]+_)+(?P<speaker>[FM])[^\W_]*\d")
LINE = re.compile(r"\[[\d.]+ - [\d.]+\]\t(?P<turn>\w+)\t(?P<label>\w+)\t\[(?P<vad>[\d.]+, [\d.]+, [\d.]+)\]\s*")
EMOTIONS = {
    "ang": "anger",
    "dis": "disgust",
    "exc": "excited",
    "fea": "fear",
    "fru": "frustration",
    "hap": "happiness",
    "neu": "neutral",
    "oth": "other",
    "sad": "sadness",
    "sur": "surprise",
    "xxx": "no agreement",
}
GENDERS = {"F": "female", "M": "male"}
STYLES = {"impro": "improvised", "script": "scripted"}


def read(folder: Path) -> Iterator[Clip | Reject]:
    """Every turn under sentences/wav or named in an evaluation."""
    for session in sorted(folder.glob("Session[0-9]")):
        labels = dict(_evaluations(session / "dialog" / "EmoEvaluation", folder))
        sentences = session / "sentences" / "wav"
        files = {path.stem: path for path in audio_files(sentences)} if sentences.is_dir() else {}
        for turn in sorted(files.keys() | labels.keys()):
            match = TURN.fullmatch(turn)
            # a turn lies in a folder named as its dialogue; this is where one without a file should be
            path = files.get(turn, sentences / turn.rpartition("_")[0] / f"{turn}.wav")
            if match is None:
                yield Reject(path, f"name does not follow the corpus's scheme {TURN.pattern}")
            elif turn not in labels:
                yield Reject(path, "there, but not listed in EmoEvaluation")
            elif labels[turn]["label"] not in EMOTIONS:
                yield Reject(path, f"unknown emotion code {labels[turn]['label']!r}")
            else:
                valence, activation, dominance = map(number, labels[turn]["vad"].split(", "))
                yield Clip(
                    path,
                    speaker=f"Ses0{match['session']}{match['speaker']}",
                    source_label=EMOTIONS[labels[turn]["label"]],
                    gender=GENDERS[match["speaker"]],
                    session=match["session"],
                    style=STYLES[match["style"]],
                    activation=activation,
                    valence=valence,
                    dominance=dominance,
                )


def _evaluations(folder: Path, corpus: Path) -> Iterator[tuple[str, re.Match[str]]]:
    for path in sorted(folder.glob("Ses*.txt")):
        text = read_text(path, corpus)
        yield from ((match["turn"], match) for match in map(LINE.fullmatch, text.splitlines()) if match)


CORPUS = Corpus(
    name="iemocap",
    title="IEMOCAP",
    languages=("en",),
    speakers=10,
    licence="research use, on signed request",
    citation="Busso, Bulut, Lee, Kazemzadeh, Mower, Kim, Chang, Lee, Narayanan: IEMOCAP: Interactive emotional dyadic "
    "motion capture database, Language Resources and Evaluation 42(4), 2008",
    obtain="https://sail.usc.edu/iemocap/",
    layout=("Session1/sentences/wav", "Session[2-5]/sentences/wav"),
    example={
        "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t"
        "[2.5000, 2.5000, 2.5000]\n",
        "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav": "",
    },
    read=read,
)
