"""What a chapter opens first: its parameters, checked, and the data, profile and run store they name."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import iso639
import pandas as pd
from babel import Locale, UnknownLocaleError

from sernb.corpora.demo import make_demo
from sernb.folds import Split, adapted, zero_shot
from sernb.manifest import Harmonized, harmonize
from sernb.profiles import Profile, load_profile
from sernb.runs import RunStore

SOURCE_LANGUAGE = "en"


@dataclass(frozen=True)
class Study:
    """One language, one profile, one set of corpora.

    Attributes:
        language: ISO 639-1 code of the target language, None where no single one is meant.
        profile: how large and how long.
        corpora: folder of the corpora; None for the demo corpus.
        encoder: initial weights, as WhisperEncoder takes them.
        seed: of every run.
        store: where runs are found or made.
        harmonized: the corpora as one table, and the rejects.
    """

    language: str | None
    profile: Profile
    corpora: Path | None
    encoder: str
    seed: int
    store: RunStore
    harmonized: Harmonized

    @property
    def manifest(self) -> pd.DataFrame:
        """Every clip kept, of every language."""
        return self.harmonized.manifest

    @property
    def target(self) -> pd.DataFrame:
        """The clips of the target language."""
        return self.manifest[self.manifest["language"] == self.language]

    @property
    def language_name(self) -> str:
        """The target language in English."""
        return language_name(self.language)

    @property
    def is_demo(self) -> bool:
        """Whether the speech is synthetic: then no number says anything about people."""
        return self.corpora is None

    def zero_shot(self) -> Split:
        """English against every other language."""
        return zero_shot(self.manifest, SOURCE_LANGUAGE)

    def adapted(self, fold: int, languages: Sequence[str] | None = None) -> Split:
        """English with labels, the targets' other folds without; None adapts to every language but English."""
        return adapted(self.manifest, fold, languages, SOURCE_LANGUAGE)


def open_study(
    language: str | None = "ur",
    profile: str = "smoke",
    corpora: str | Path | None = None,
    encoder: str | Path | None = None,
    seed: int = 0,
    runs: str | Path = "runs",
    progress: bool = True,
    unlabelled: bool = False,
) -> Study:
    """Check a chapter's parameters and bring its data into one table.

    Args:
        language: ISO 639-1 code of a language the corpora hold labelled clips of, other than English; None
            where no single language is meant.
        profile: "smoke", "laptop" or "paper".
        corpora: folder of real corpora; None makes the demo corpus.
        encoder: initial weights; None takes the profile's.
        seed: of every run.
        runs: folder of the runs.
        progress: show progress bars.
        unlabelled: also take a language without a labelled clip, which can be adapted to but not judged.

    Raises:
        ValueError: unknown profile or language; names those that are known.
        FileNotFoundError: no corpus in `corpora`.
    """
    chosen = load_profile(profile)
    store = RunStore(Path(runs))
    root = make_demo() if corpora is None else Path(corpora).expanduser()
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
    harmonized = harmonize(
        root,
        cache=store.root / f"checks-{name}.parquet",
        progress=progress,
        unpacked=store.root / f"unpacked-{name}",
    )
    clips = harmonized.manifest
    known = clips if unlabelled else clips[clips["emotion"].notna()]
    languages = sorted(set(known["language"]) - {SOURCE_LANGUAGE})
    if language is not None and language not in languages:
        kind = "clips" if unlabelled else "labelled clips"
        raise ValueError(f"unknown language {language!r}; the corpora hold {kind} in {', '.join(languages)}")
    return Study(
        language=language,
        profile=chosen,
        corpora=None if corpora is None else root,
        encoder=str(encoder or chosen.encoder),
        seed=seed,
        store=store,
        harmonized=harmonized,
    )


def language_name(code: str) -> str:
    """A language's name in English: "ur" -> "Urdu"; the code itself where nobody knows a name."""
    try:
        return Locale.parse(code).get_display_name("en")
    except (UnknownLocaleError, ValueError):  # many a small language has a code, but no locale
        pass
    try:
        return iso639.Lang(code).name
    except iso639.exceptions.InvalidLanguageValue:
        return code
