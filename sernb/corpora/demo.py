"""The demo corpus: real sentences in four languages, spoken on this machine by eSpeak NG.

It exists so that everything runs at once, anywhere, with nothing to download. Its emotions are settings of
rate, pitch, pitch range, level and brightness, and each language is recorded in its own way: what the chapters find is
planted here. Results on it prove the machinery and say nothing about people.
"""

import csv
import hashlib
import os
import random
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs
import soundfile
from filelock import FileLock

from sernb.corpora.base import Clip, Corpus, Reject, decode, from_names
from sernb.corpora.demo_takes import SAMPLING_RATE, Take, recorded
from sernb.corpora.demo_voices import (
    BRIGHTNESS,
    LEVELS,
    PITCHES,
    RATES,
    RECORDINGS,
    SENTENCES,
    SPREAD,
    STYLES,
    VARIANTS,
    VOICES,
    Recording,
    Style,
)
from sernb.corpora.espeak import Espeak, Speech
from sernb.corpora.ranges import Checked, Count, Seed, Share
from sernb.progress import progress_bar

NAME = re.compile(r"(?P<speaker>(?P<language>[a-z]{2})_(?P<gender>[fm])\d{2,})_(?P<emotion>[a-z]+)_(?P<sentence>\d+)")
SENTENCES_FILE = "sentences.csv"
# part of the cache folder's name: raise it with any change to the code that changes what is heard
VERSION = 2
GENDERS = {"f": "female", "m": "male"}


@dataclass(frozen=True)
class DemoConfig(Checked):
    """What determines the demo corpus, to the last bit.

    Attributes:
        seed: of every random choice.
        speakers_per_language: at least 1. Above 10 of a gender variants repeat, at other pitches, rates and
            levels.
        sentences: how many different sentences each speaker says, each in every emotion; 1 to 6.
        male_share: fraction of each language's speakers who are men, 0 to 1 (0.5 is balanced, 0.95 heavily
            skewed), met as closely as rounding allows.
        languages: ISO 639-1 codes, of en, ur, de, bn.

    Raises:
        ValueError: a value outside these ranges.
    """

    seed: Seed = 0
    speakers_per_language: Count = 10
    sentences: Count = 3
    male_share: Share = 0.5
    languages: tuple[str, ...] = ("en", "ur", "de", "bn")

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", tuple(self.languages))
        most = min(map(len, SENTENCES.values()))
        super().__post_init__()
        if not 1 <= self.sentences <= most:
            raise ValueError(f"sentences is {self.sentences}; give 1 to {most}")
        distinct = set(self.languages)
        if not distinct or len(distinct) < len(self.languages) or distinct - set(SENTENCES):
            known = ", ".join(SENTENCES)
            raise ValueError(f"languages is {self.languages}; give one or more of {known}, each once")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice: one of eSpeak's variants with a pitch, rate, level and brightness of its own.

    Attributes:
        name: unique across languages, such as "en_f03".
        gender: "female" or "male".
        variant: eSpeak's.
        pitch: semitones above the variant's own.
        rate: words per minute.
        level: dB full scale, RMS.
        brightness: dB per octave above the variant's own spectrum.
    """

    name: str
    gender: str
    variant: str
    pitch: float
    rate: float
    level: float
    brightness: float


def cache_folder() -> Path:
    """Where corpora made on this machine are kept: environment variable SERNB_CACHE, or the user's cache."""
    return Path(os.environ.get("SERNB_CACHE") or platformdirs.user_cache_dir("sernb"))


def make_demo(config: DemoConfig = DemoConfig(), folder: Path | None = None) -> Path:
    """Make the demo corpus, unless it was made before.

    Args:
        config: what to make.
        folder: where to keep it; None is `cache_folder()`. The corpus is a subfolder of it, named after what
            determines the audio.

    Returns:
        The corpus's own folder: mono 16 kHz 16-bit FLAC, <language>/<speaker>_<emotion>_<sentence>.flac, and
        sentences.csv (language, number, text, english).

    Raises:
        EspeakError: the speech synthesiser is missing or doesn't work; the message says the remedy.
    """
    parent = cache_folder() if folder is None else Path(folder)
    corpus = parent / f"demo-v{VERSION}-{_key(config)}"
    if corpus.is_dir():
        return corpus
    parent.mkdir(parents=True, exist_ok=True)
    with FileLock(parent / f".{corpus.name}.lock"):
        if not corpus.is_dir():  # nobody else made it while we waited
            with tempfile.TemporaryDirectory(prefix=f".{corpus.name}-", dir=parent) as temporary:
                unfinished = Path(temporary) / corpus.name
                _record(config, unfinished)
                unfinished.rename(corpus)
    return corpus


def text_of(path: Path | str) -> str:
    """What is said in a clip of the demo corpus, in its language's script.

    Raises:
        ValueError: no name of a demo clip.
    """
    match = NAME.fullmatch(Path(path).stem)
    if match is None or match["language"] not in SENTENCES:
        raise ValueError(f"{path} is not named like a clip of the demo corpus (en_f03_angry_2.flac)")
    texts, number = SENTENCES[match["language"]], int(match["sentence"])
    if not 1 <= number <= len(texts):
        raise ValueError(f"{path}: there is no sentence {number}, only 1 to {len(texts)}")
    return texts[number - 1]


def _key(config: DemoConfig) -> str:
    """Twelve hexadecimal digits that change with all that shapes the audio, the tables above included."""
    try:
        espeak = version("espeakng-loader")
    except PackageNotFoundError:
        espeak = None  # Espeak will say so, if there is anything left to make
    tables = (SENTENCES, VOICES, VARIANTS, STYLES, SPREAD, RATES, PITCHES, LEVELS, BRIGHTNESS, RECORDINGS)
    return hashlib.sha256(repr((config, espeak, tables)).encode()).hexdigest()[:12]


def cast(config: DemoConfig, language: str) -> list[Speaker]:
    """The speakers of one language, men last."""
    rng = random.Random(f"{config.seed} speakers {language}")
    men = round(config.speakers_per_language * config.male_share)
    speakers = []
    for gender, count in (("female", config.speakers_per_language - men), ("male", men)):
        order = rng.sample(VARIANTS[gender], len(VARIANTS[gender]))
        # evenly spaced, each in its own random order: no two of a gender share a pitch, rate or level
        traits = [rng.sample(_spaced(*limits, count), count) for limits in (PITCHES, RATES, LEVELS, BRIGHTNESS)]
        for number, plain in enumerate(zip(*traits, strict=True), start=1):
            name, variant = f"{language}_{gender[0]}{number:02d}", order[(number - 1) % len(order)]
            speakers.append(Speaker(name, gender, variant, *plain))
    return speakers


def _spaced(low: float, high: float, count: int) -> list[float]:
    return [low + (high - low) * (step + 0.5) / count for step in range(count)]


def _takes(config: DemoConfig) -> Iterator[Take]:
    for language in config.languages:
        rng = random.Random(f"{config.seed} takes {language}")
        for speaker in cast(config, language):
            # the same sentences in each emotion: the words must not tell the class
            numbers = sorted(rng.sample(range(1, len(SENTENCES[language]) + 1), config.sentences))
            for emotion, style in STYLES.items():
                for number in numbers:
                    path = Path(language, f"{speaker.name}_{emotion}_{number}.flac")
                    text, recording = SENTENCES[language][number - 1], RECORDINGS[language]
                    yield take(path, text, VOICES[language], speaker, style, rng, recording)


def take(
    path: Path,
    text: str,
    voice: str,
    speaker: Speaker,
    style: Style,
    rng: random.Random,
    recording: Recording = RECORDINGS["en"],
) -> Take:
    """One clip to make: the text in this voice and style, with the clip's own variation drawn from `rng`."""

    def vary(mean: float, deviation: float) -> float:
        return mean + deviation * max(-2.0, min(2.0, rng.gauss(0, 1)))

    semitones = speaker.pitch + vary(style.pitch, SPREAD.pitch)
    speech = Speech(
        text,
        voice,
        speaker.variant,
        rate=round(speaker.rate * vary(style.rate, SPREAD.rate)),
        pitch=_dial(50 + semitones * 50 / 12),
        pitch_range=_dial(50 * vary(style.pitch_range, SPREAD.pitch_range)),
    )
    level = speaker.level + recording.level + vary(style.level, SPREAD.level)
    brightness = speaker.brightness + recording.brightness + vary(style.brightness, SPREAD.brightness)
    return Take(path, speech, level, brightness, recording.noise)


def _dial(value: float) -> int:
    return max(0, min(99, round(value)))


def _record(config: DemoConfig, folder: Path) -> None:
    takes = list(_takes(config))
    for language in config.languages:
        (folder / language).mkdir(parents=True)
    with Espeak() as espeak:
        for take in progress_bar(takes, desc="Speaking the demo corpus", unit="clip"):
            samples = recorded(espeak.say(take.speech), espeak.sampling_rate, take)
            soundfile.write(folder / take.path, samples, SAMPLING_RATE, subtype="PCM_16")
    with (folder / SENTENCES_FILE).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("language", "number", "text", "english"))
        for language in config.languages:
            for number, texts in enumerate(zip(SENTENCES[language], SENTENCES["en"], strict=True), start=1):
                table.writerow((language, number, *texts))


def describe(match: re.Match[str]) -> dict[str, str]:
    return {
        "speaker": match["speaker"],
        "gender": GENDERS[match["gender"]],
        "language": decode({code: code for code in SENTENCES}, match["language"], "language"),
        "source_label": decode({emotion: emotion for emotion in STYLES}, match["emotion"], "emotion"),
    }


def rows(folder: Path) -> Iterable[Clip | Reject]:
    """One row for every audio file of a demo corpus."""
    return from_names(folder, NAME, describe)


CORPUS = Corpus(
    name="demo",
    title="Demo (eSpeak NG)",
    languages=tuple(SENTENCES),
    speakers=None,
    licence="made on this machine as the output of eSpeak NG, a GPL-3.0-or-later program; not distributed",
    citation="eSpeak NG, https://github.com/espeak-ng/espeak-ng, with the settings of sernb/corpora/demo.py",
    obtain="made on first use, nothing to download",
    layout=tuple(f"{language}/{language}_[fm]*_*_*.flac" for language in SENTENCES),
    example={"en/en_f01_angry_1.flac": "", "ur/ur_m01_sad_2.flac": ""},
    read=rows,
)
