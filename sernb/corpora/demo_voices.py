"""What the demo corpus says and with which voices; the names of its caches change with every value here."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Style:
    """How an emotion differs from the speaker's plain voice.

    Attributes:
        rate: times the speaker's words per minute.
        pitch: semitones above the speaker's pitch.
        pitch_range: times the speaker's pitch range.
        level: dB above the speaker's level.
        brightness: dB per octave by which the spectrum rises beside the plain voice's: pressed voices are bright.
    """

    rate: float
    pitch: float
    pitch_range: float
    level: float
    brightness: float


@dataclass(frozen=True, slots=True)
class Recording:
    """How the recordings of a language differ from English ones: every clip alike, whatever is felt.

    Attributes:
        brightness: dB per octave, an equalizer.
        level: dB.
        noise: level of the room, dB beside the clip's own.
    """

    brightness: float
    level: float
    noise: float


STYLES = {
    "angry": Style(rate=1.2, pitch=2.0, pitch_range=1.4, level=6.0, brightness=6.0),
    "happy": Style(rate=1.1, pitch=6.0, pitch_range=1.8, level=2.0, brightness=2.0),
    "neutral": Style(rate=1.0, pitch=0.0, pitch_range=1.0, level=0.0, brightness=-1.5),
    "sad": Style(rate=0.75, pitch=-3.0, pitch_range=0.4, level=-6.0, brightness=-5.0),
}
# standard deviations from clip to clip: nobody is angry twice in the same way, and the classes overlap
SPREAD = Style(rate=0.05, pitch=0.8, pitch_range=0.12, level=1.2, brightness=0.5)
# the plain voices of a language's speakers lie evenly between these: words per minute, semitones, dB full scale, and
# dB per octave
RATES = (155.0, 180.0)
PITCHES = (-2.0, 2.0)
LEVELS = (-33.0, -27.0)
BRIGHTNESS = (-1.0, 1.0)
# the planted shift: to a model that knows English, everybody sounds duller in Urdu and Bangla, brighter in German
RECORDINGS = {
    "en": Recording(brightness=0.0, level=0.0, noise=-45.0),
    "ur": Recording(brightness=-5.0, level=-3.0, noise=-40.0),
    "de": Recording(brightness=3.0, level=2.0, noise=-45.0),
    "bn": Recording(brightness=-4.0, level=-1.0, noise=-40.0),
}
