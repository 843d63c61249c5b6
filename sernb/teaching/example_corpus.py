"""A corpus as somebody's first own one would be: Swahili, spoken by eSpeak NG, with what goes wrong in real folders.

Like the demo corpus it proves the machinery and says nothing about people.
"""

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import soxr

from sernb.corpora.demo import DemoConfig, Speaker, cast, make_demo, take
from sernb.corpora.demo_takes import SAMPLING_RATE, recorded
from sernb.corpora.demo_voices import STYLES
from sernb.corpora.espeak import Espeak
from sernb.corpora.plaincsv import TABLE
from sernb.progress import progress_bar

LANGUAGE = "sw"
OWN, ENGLISH, NEW = "mine", "english", "new"
SENTENCES = (
    "Basi linafika saa tatu asubuhi.",
    "Kitabu kiko juu ya meza.",
    "Kwa kawaida tunakula saa moja jioni.",
    "Mkutano uko katika chumba kinachofuata.",
    "Leo nimenunua mkate na maziwa.",
    "Treni inasimama katika kila kituo.",
)
SPEAKERS = 16
LABELLED = 5  # of each gender's speakers; nobody listened to the others' clips
CLIPS = 2  # of each speaker and emotion


@dataclass(frozen=True, slots=True)
class Mishap:
    """A clip that something happened to.

    Attributes:
        file: its path in the corpus's folder.
        what: what is wrong with it.
    """

    file: str
    what: str


MISHAPS = (
    Mishap("clips/shouted.wav", "recorded far too loud"),
    Mishap("clips/silent.wav", "microphone switched off"),
    Mishap("clips/short.wav", "cut after 0.2 s"),
    Mishap("clips/long.wav", "recording not stopped: 13 s"),
    Mishap("clips/half.wav", "download broke off"),
    Mishap("clips/note.wav", "a text file with the wrong ending"),
    Mishap("clips/lost.wav", "in the table, but not in the folder"),
    Mishap("clips/stray.wav", "in the folder, but not in the table"),
    Mishap("../elsewhere.wav", "outside the folder"),
    Mishap("clips/again.wav", "two lines in the table"),
    Mishap("clips/telephone.wav", "recorded at 8 kHz"),
    Mishap("clips/studio.flac", "recorded at 48 kHz, in stereo"),
    Mishap("clips/furious.wav", "a label that is none of the four"),
    Mishap("clips/anonymous.wav", "nobody wrote down who speaks"),
    Mishap("clips/copy.wav", "a copy of another speaker's clip"),
)


def make_example(folder: Path, seed: int = 0) -> Path:
    """Write the example, unless `folder` exists: a folder of corpora, and new clips that belong to none.

    Args:
        folder: gets `corpora/mine` (the Swahili corpus, with MISHAPS), `corpora/english` (the demo corpus's English,
            whose labels are learnt from) and `new` (clips by voices nobody has heard).
        seed: of every random choice.

    Returns:
        The folder of corpora.

    Raises:
        EspeakError: the speech synthesiser is missing or doesn't work; the message says the remedy.
    """
    corpora = Path(folder) / "corpora"
    if corpora.is_dir():
        return corpora
    unfinished = corpora.with_name("corpora.partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(make_demo(DemoConfig(seed=seed, languages=("en",))), unfinished / ENGLISH)
    own = unfinished / OWN
    (own / "clips").mkdir(parents=True)
    (corpora.with_name(NEW)).mkdir(exist_ok=True)
    rows = []
    with Espeak() as espeak:
        voices = cast(DemoConfig(seed=seed, speakers_per_language=SPEAKERS + 2), LANGUAGE)
        # of each gender's voices the last stays out of the corpus: it speaks the new clips
        fresh = {max(voice.name for voice in voices if voice.gender == gender) for gender in ("female", "male")}
        for voice in progress_bar(voices, desc="Speaking the example", unit="speaker"):
            for number, (emotion, samples) in enumerate(_clips(espeak, voice, seed), start=1):
                if voice.name in fresh:
                    soundfile.write(corpora.with_name(NEW) / f"{voice.gender}-{emotion}.wav", samples, SAMPLING_RATE)
                    continue
                file = f"clips/{voice.name}-{number}.wav"
                soundfile.write(own / file, samples, SAMPLING_RATE)
                known = int(voice.name[-2:]) <= LABELLED
                rows.append((file, voice.name, voice.gender, emotion if known else None, LANGUAGE))
    table = pd.DataFrame(rows, columns=["path", "speaker", "gender", "emotion", "language"])
    write_table(pd.concat([table, spoil(own, table)]), own)
    unfinished.rename(corpora)
    return corpora


def _clips(espeak: Espeak, voice: Speaker, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """A speaker's emotions and samples, int16 at 16 kHz."""
    rng = random.Random(f"{seed} example {voice.name}")
    for emotion, style in STYLES.items():
        for text in rng.sample(SENTENCES, CLIPS):
            said = take(Path(), text, LANGUAGE, voice, style, rng)
            yield emotion, recorded(espeak.say(said.speech), espeak.sampling_rate, said)


def spoil(own: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Make every clip of MISHAPS out of sound ones, and return the table's lines about them.

    Args:
        own: the corpus's folder, with sound clips.
        table: its lines, columns path, speaker, gender, emotion and language.
    """
    labelled = table[table["emotion"].notna()].reset_index(drop=True)
    # each from another clip, and most without its first sample: none is a copy by accident
    source = {mishap.file: labelled.iloc[5 * number] for number, mishap in enumerate(MISHAPS)}
    wave = {file: soundfile.read(own / row["path"], dtype="float64")[0] for file, row in source.items()}

    def write(file: str, samples: np.ndarray, rate: int = SAMPLING_RATE) -> None:
        soundfile.write(own / file, samples, rate)

    loud = wave["clips/shouted.wav"]
    write("clips/shouted.wav", np.clip(loud / np.sqrt(np.mean(loud**2)) * 2, -1, 1))
    write("clips/silent.wav", np.zeros(2 * SAMPLING_RATE))
    write("clips/short.wav", wave["clips/short.wav"][: SAMPLING_RATE // 5])
    write("clips/long.wav", np.resize(wave["clips/long.wav"], 13 * SAMPLING_RATE))
    write("clips/half.wav", wave["clips/half.wav"][1:])
    whole = (own / "clips/half.wav").read_bytes()
    (own / "clips/half.wav").write_bytes(whole[: len(whole) // 2])
    (own / "clips/note.wav").write_text("Who has recorded this?\n")
    for file in ("clips/stray.wav", "clips/again.wav", "clips/furious.wav", "clips/anonymous.wav"):
        write(file, wave[file][1:])
    write("../elsewhere.wav", wave["../elsewhere.wav"][1:])
    write("clips/telephone.wav", soxr.resample(wave["clips/telephone.wav"], SAMPLING_RATE, 8_000), 8_000)
    studio = soxr.resample(wave["clips/studio.flac"], SAMPLING_RATE, 48_000)
    write("clips/studio.flac", np.stack([studio, 0.5 * studio], axis=1), 48_000)
    shutil.copy(own / labelled["path"].iloc[-1], own / "clips/copy.wav")

    lines = pd.DataFrame([row | {"path": file} for file, row in ((f, r.to_dict()) for f, r in source.items())])
    lines.loc[lines["path"] == "clips/furious.wav", "emotion"] = "furious"
    lines.loc[lines["path"] == "clips/anonymous.wav", "speaker"] = None
    twice = lines[lines["path"] == "clips/again.wav"]
    return pd.concat([lines[lines["path"] != "clips/stray.wav"], twice])


def write_table(table: pd.DataFrame, folder: Path) -> None:
    """Write corpus.csv."""
    table.to_csv(folder / TABLE, index=False)


def subset(own: Path, folder: Path, table: pd.DataFrame) -> Path:
    """A corpus of the lines of `table` alone, in a new folder: their clips copied, corpus.csv written.

    Args:
        own: the corpus the clips come from.
        folder: the new corpus's folder; its name becomes the corpus's.
        table: lines to keep, or changed ones; those whose clip is missing or outside `own` get no clip.
    """
    for path in map(Path, table["path"].unique()):
        if ".." not in path.parts and (own / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(own / path, folder / path)
    write_table(table, folder)
    return folder
