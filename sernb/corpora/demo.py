"""The demo corpus: real sentences in four languages, spoken on this machine by eSpeak NG.

It exists so that everything runs at once, anywhere, with nothing to download. Its emotions are settings of
rate, pitch, pitch range and level: results on it prove the machinery and say nothing about people.
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

import numpy as np
import platformdirs
import soundfile
import soxr
from filelock import FileLock

from sernb.corpora.base import Clip, Corpus, Reject, decode, from_names
from sernb.corpora.espeak import Espeak, Speech
from sernb.progress import progress_bar

NAME = re.compile(r"(?P<speaker>(?P<language>[a-z]{2})_(?P<gender>[fm])\d{2,})_(?P<emotion>[a-z]+)_(?P<sentence>\d+)")
SAMPLING_RATE = 16_000
SENTENCES_FILE = "sentences.csv"
# part of the cache folder's name: raise it with any change to the code that changes what is heard
VERSION = 1

# the same sentences in every language, line by line; everyday content, and no word tells the speaker's gender
SENTENCES = {
    "en": (
        "The bus arrives at nine in the morning.",
        "The book is on the table.",
        "We usually eat at seven.",
        "The meeting is in the next room.",
        "I bought bread and milk today.",
        "The train stops at every station.",
    ),
    "ur": (
        "بس صبح نو بجے پہنچتی ہے۔",
        "کتاب میز پر رکھی ہے۔",
        "ہم عام طور پر سات بجے کھانا کھاتے ہیں۔",
        "اجلاس ساتھ والے کمرے میں ہے۔",
        "میں نے آج روٹی اور دودھ خریدا۔",
        "ریل گاڑی ہر اسٹیشن پر رکتی ہے۔",
    ),
    "de": (
        "Der Bus kommt um neun Uhr morgens an.",
        "Das Buch liegt auf dem Tisch.",
        "Wir essen meistens um sieben Uhr.",
        "Die Besprechung ist im Raum nebenan.",
        "Ich habe heute Brot und Milch gekauft.",
        "Der Zug hält an jedem Bahnhof.",
    ),
    # no ড় or ঢ় here: eSpeak NG 1.52 drops the vowel after them
    "bn": (
        "বাস সকাল নয়টায় আসে।",
        "বইটা টেবিলের উপর আছে।",
        "আমরা সাধারণত সাতটায় খাই।",
        "সভাটি পাশের ঘরে হচ্ছে।",
        "আমি আজ রুটি আর দুধ কিনেছি।",
        "ট্রেনটি প্রতিটি স্টেশনে থামে।",
    ),
}
VOICES = {"en": "en-us", "ur": "ur", "de": "de", "bn": "bn"}
# eSpeak's variants that state this gender, less those with breath or Klatt synthesis (they add random noise),
# robots, and near copies of another
VARIANTS = {
    "female": ("f1", "f4", "Andrea", "Annie", "anika", "belinda", "grandma", "linda", "steph", "steph2"),
    "male": ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "Andy", "Denis", "miguel", "travis"),
}
GENDERS = {"f": "female", "m": "male"}


@dataclass(frozen=True, slots=True)
class Style:
    """How an emotion differs from the speaker's plain voice.

    Attributes:
        rate: times the speaker's words a minute.
        pitch: semitones above the speaker's pitch.
        pitch_range: times the speaker's pitch range.
        level: dB above the speaker's level.
    """

    rate: float
    pitch: float
    pitch_range: float
    level: float


STYLES = {
    "angry": Style(rate=1.15, pitch=1.5, pitch_range=1.25, level=4.0),
    "happy": Style(rate=1.08, pitch=4.0, pitch_range=1.6, level=1.5),
    "neutral": Style(rate=1.0, pitch=0.0, pitch_range=1.0, level=0.0),
    "sad": Style(rate=0.82, pitch=-2.0, pitch_range=0.5, level=-4.0),
}
# standard deviations from clip to clip: nobody is angry twice in the same way, and the classes overlap
SPREAD = Style(rate=0.06, pitch=1.0, pitch_range=0.15, level=1.5)
# the plain voices of a language's speakers lie evenly between these: words a minute, semitones, dB full scale
RATES = (150.0, 185.0)
PITCHES = (-3.0, 3.0)
LEVELS = (-32.0, -26.0)


@dataclass(frozen=True)
class DemoConfig:
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

    seed: int = 0
    speakers_per_language: int = 10
    sentences: int = 3
    male_share: float = 0.5
    languages: tuple[str, ...] = ("en", "ur", "de", "bn")

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", tuple(self.languages))
        most = min(map(len, SENTENCES.values()))
        if self.speakers_per_language < 1:
            raise ValueError(f"speakers_per_language is {self.speakers_per_language}; give 1 or more")
        if not 1 <= self.sentences <= most:
            raise ValueError(f"sentences is {self.sentences}; give 1 to {most}")
        if not 0 <= self.male_share <= 1:
            raise ValueError(f"male_share is {self.male_share}; give 0 (all women) to 1 (all men)")
        distinct = set(self.languages)
        if not distinct or len(distinct) < len(self.languages) or distinct - set(SENTENCES):
            known = ", ".join(SENTENCES)
            raise ValueError(f"languages is {self.languages}; give one or more of {known}, each once")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice: one of eSpeak's variants with a pitch, rate and level of its own.

    Attributes:
        name: unique across languages, such as "en_f03".
        gender: "female" or "male".
        variant: eSpeak's.
        pitch: semitones above the variant's own.
        rate: words a minute.
        level: dB full scale, RMS.
    """

    name: str
    gender: str
    variant: str
    pitch: float
    rate: float
    level: float


@dataclass(frozen=True, slots=True)
class Take:
    """A clip to make: its file in the corpus's folder, what eSpeak says, its RMS level (dB full scale)."""

    path: Path
    speech: Speech
    level: float


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
    tables = (SENTENCES, VOICES, VARIANTS, STYLES, SPREAD, RATES, PITCHES, LEVELS)
    return hashlib.sha256(repr((config, espeak, tables)).encode()).hexdigest()[:12]


def cast(config: DemoConfig, language: str) -> list[Speaker]:
    """The speakers of one language, men last."""
    rng = random.Random(f"{config.seed} speakers {language}")
    men = round(config.speakers_per_language * config.male_share)
    speakers = []
    for gender, count in (("female", config.speakers_per_language - men), ("male", men)):
        order = rng.sample(VARIANTS[gender], len(VARIANTS[gender]))
        # evenly spaced, each in its own random order: no two of a gender share a pitch, rate or level
        traits = [rng.sample(_spaced(*limits, count), count) for limits in (PITCHES, RATES, LEVELS)]
        for number, (pitch, rate, level) in enumerate(zip(*traits, strict=True), start=1):
            name, variant = f"{language}_{gender[0]}{number:02d}", order[(number - 1) % len(order)]
            speakers.append(Speaker(name, gender, variant, pitch, rate, level))
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
                    yield take(path, SENTENCES[language][number - 1], VOICES[language], speaker, style, rng)


def take(path: Path, text: str, voice: str, speaker: Speaker, style: Style, rng: random.Random) -> Take:
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
    return Take(path, speech, speaker.level + vary(style.level, SPREAD.level))


def _dial(value: float) -> int:
    return max(0, min(99, round(value)))


def _record(config: DemoConfig, folder: Path) -> None:
    takes = list(_takes(config))
    for language in config.languages:
        (folder / language).mkdir(parents=True)
    with Espeak() as espeak:
        for take in progress_bar(takes, desc="Speaking the demo corpus", unit="clip"):
            samples = at_level(espeak.say(take.speech), espeak.sampling_rate, take.level)
            soundfile.write(folder / take.path, samples, SAMPLING_RATE, subtype="PCM_16")
    with (folder / SENTENCES_FILE).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("language", "number", "text", "english"))
        for language in config.languages:
            for number, texts in enumerate(zip(SENTENCES[language], SENTENCES["en"], strict=True), start=1):
                table.writerow((language, number, *texts))


def at_level(samples: np.ndarray, rate: int, level: float) -> np.ndarray:
    """16-bit samples at 16 kHz, at this RMS level in dB full scale or as near to it as clips nothing."""
    wave = soxr.resample(samples / 32768.0, rate, SAMPLING_RATE)
    gain = 10 ** (level / 20) / np.sqrt(np.mean(wave**2))
    wave *= min(gain, 0.98 / np.abs(wave).max())
    return np.round(wave * 32767).astype(np.int16)


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
    read=rows,
)
