"""Google's crowdsourced sets on OpenSLR, any language: unlabelled read speech of many speakers.

Sets for recognition (SLR35, 36, 52, 53, 54): utt_spk_text.tsv, a line an utterance with its speaker and text, and
data/XX/utterance.flac. Each of the sixteen archives a set comes in holds every line and a sixteenth of the files.
Sets for synthesis (SLR32, 41-44, 63-66, 69-80, 83, 86): line_index.tsv, and audio in wavs/ or beside it whose names say
the speaker (jvf_00264_00000000001); the sets of women and men are archives of their own.
"""

import csv
import io
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from sernb.corpora.base import Clip, Corpus, Reject, TableError, audio_names, unlisted
from sernb.corpora.gate import read_text
from sernb.corpora.tables import language

SPEAKERS = "utt_spk_text.tsv"
UTTERANCE = re.compile(r"(?P<speaker>[a-z]{3}_\d{4,5})_\d+")
# folders that say a language: asr_bengali, jv_id_female, af_za, irish_english_male, and the resource's number
FOLDER = re.compile(r"asr_(\w+)|([a-z]{2})_[a-z]{2}(?:_(?:fe)?male)?|\w+_(english)_(?:fe)?male")
LANGUAGES = {
    **{"SLR32": "af", "SLR35": "jv", "SLR36": "su", "SLR41": "jv", "SLR42": "km", "SLR43": "ne", "SLR44": "su"},
    **{"SLR52": "si", "SLR53": "bn", "SLR54": "ne", "SLR63": "ml", "SLR64": "mr", "SLR65": "ta", "SLR66": "te"},
    **{"SLR69": "ca", "SLR70": "en", "SLR71": "es", "SLR72": "es", "SLR73": "es", "SLR74": "es", "SLR75": "es"},
    **{"SLR76": "eu", "SLR77": "gl", "SLR78": "gu", "SLR79": "kn", "SLR80": "my", "SLR83": "en", "SLR86": "yo"},
}


def read(folder: Path) -> Iterator[Clip | Reject]:
    """One row for every audio file, and one for every line of a speakers' table without its file."""
    table = folder / SPEAKERS
    yield from _recognition(folder, table) if table.exists() else _synthesis(folder)


def _recognition(folder: Path, table: Path) -> Iterator[Clip | Reject]:
    found: dict[str, str] = {}
    for name in audio_names(folder):
        found.setdefault(_stem(name), name)
    unpacked = {os.path.basename(os.path.dirname(name)) for name in found.values()}
    listed = []
    try:
        # three columns, and no line is a header; a text may hold anything but a tab
        lines = io.StringIO(read_text(table, folder), newline="")
        for number, row in enumerate(csv.reader(lines, "excel-tab", quoting=csv.QUOTE_NONE), 1):
            if len(row) < 2 or not all(row[:2]):
                raise TableError(f"{SPEAKERS}, line {number}: no utterance and speaker with a tab between")
            utterance, speaker = row[:2]
            if utterance in found:
                path = found[utterance]
                listed.append(path)
                spoken = said_language(os.path.dirname(path))
                yield Clip(path, speaker=f"{spoken}-{speaker}", language=spoken)
            elif utterance[:2] in unpacked:  # else of an archive that isn't here
                yield Reject(folder / "data" / utterance[:2] / utterance, f"listed in {SPEAKERS}, but missing")
    except csv.Error as error:
        raise TableError(f"{SPEAKERS} can't be read ({error})") from error
    yield from unlisted(folder, listed, SPEAKERS)


def _synthesis(folder: Path) -> Iterator[Clip | Reject]:
    for name in audio_names(folder):
        match = UTTERANCE.fullmatch(_stem(name))
        if match is None:
            yield Reject(name, "name is not language_speaker_utterance, as jvf_00264_00000000001")
            continue
        spoken = said_language(os.path.dirname(name))
        yield Clip(name, speaker=match["speaker"], gender=_gender(name, match["speaker"]), language=spoken)


@lru_cache(1024)
def said_language(folder: str) -> str:
    """The language said by the folder or the nearest above it that says one; "und" where none does."""
    for name in reversed(Path(folder).parts):
        if name.upper() in LANGUAGES:
            return LANGUAGES[name.upper()]
        if match := FOLDER.fullmatch(name):
            return language(next(filter(None, match.groups())))
    return "und"


def _gender(path: str, speaker: str) -> str | None:
    """By the folder (jv_id_female), or by the third letter of newer sets' speakers, numbered with five digits."""
    if folders := re.findall(r"_(female|male)\b", os.path.dirname(path)):
        return folders[-1]
    return {"f": "female", "m": "male"}.get(speaker[2]) if len(speaker) == 9 else None


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def recognise(folder: Path) -> bool:
    """Whether speakers are told: by a table, or by the names of the files."""
    return (folder / SPEAKERS).exists() or any(UTTERANCE.fullmatch(_stem(name)) for name in audio_names(folder))


CORPUS = Corpus(
    name="openslr",
    title="OpenSLR, Google's crowdsourced speech",
    languages=(),
    speakers=None,
    licence="CC BY-SA 4.0",
    citation="Kjartansson, Sarin, Pipatsrisawat, Jansche, Ha: Crowd-Sourced Speech Corpora for Javanese, Sundanese, "
    "Sinhala, Nepali, and Bangladeshi Bengali, SLTU 2018",
    obtain="https://www.openslr.org/53 (Bangla; 35 Javanese, 36 Sundanese, 52 Sinhala, 54 Nepali, ...)",
    layout=(SPEAKERS, "line_index*.tsv", "line_index*.csv"),
    example={
        "asr_bengali/utt_spk_text.tsv": "00005debc7\tf83df\tthe words said\n",
        "asr_bengali/data/00/00005debc7.flac": "",
        "jv_id_female/line_index.tsv": "jvf_00264_00000000001\tthe words said\n",
        "jv_id_female/wavs/jvf_00264_00000000001.wav": "",
    },
    read=read,
    recognise=recognise,
)
