"""What a chapter opens first: its parameters, checked, and the data, profile and run store they name."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sernb.corpora.demo import make_demo
from sernb.corpora.discovery import CorpusByFolder
from sernb.corpora.ranges import Seed, check_value
from sernb.data.folds import Split, adapted, reading, zero_shot
from sernb.data.manifest import Harmonized, harmonize
from sernb.experiments.early import check_languages
from sernb.experiments.profiles import Profile, load_profile
from sernb.languages import language_name
from sernb.runs import RunStore

SOURCE_LANGUAGE = "en"
FOLDS = 5


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
        unlabelled: corpora whose speech is learnt from without labels; empty for the targets' own other folds.
        held_out: English corpora that are tested on instead of learnt from.
    """

    language: str | None
    profile: Profile
    corpora: Path | None
    encoder: str
    seed: int
    store: RunStore
    harmonized: Harmonized
    unlabelled: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()

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
        """The target language in English.

        Raises:
            ValueError: no single language is meant.
        """
        if self.language is None:
            raise ValueError("this study has no single target language: open it with one")
        return language_name(self.language)

    @property
    def is_demo(self) -> bool:
        """Whether the speech is synthetic: then no number says anything about people."""
        return self.corpora is None

    def validation_fold(self, seed: int | None) -> int:
        """The English fold that a seed validates on: one after the other, so that no five speakers decide alone."""
        return (self.seed if seed is None else seed) % FOLDS

    def zero_shot(self, seed: int | None = None) -> Split:
        """English against every other language; `seed` says which English speakers validate, by default the study's."""
        return zero_shot(self.manifest, SOURCE_LANGUAGE, self.validation_fold(seed), FOLDS, self.held_out)

    def reading(self, seed: int | None = None) -> Split:
        """`zero_shot`, with the speech of the `unlabelled` corpora."""
        return reading(self.manifest, self.unlabelled, self.zero_shot(seed))

    def adapted(self, fold: int, languages: Sequence[str] | None = None, seed: int | None = None) -> Split:
        """English with labels, the targets' other folds without; None adapts to every language but English."""
        return adapted(
            self.manifest, fold, languages, SOURCE_LANGUAGE, self.validation_fold(seed), FOLDS, self.held_out
        )

    @property
    def about(self) -> dict[str, str]:
        """What a run's reader wants to know of its data, and hashes don't tell."""
        named = {"unlabelled": self.unlabelled, "held_out": self.held_out}
        return {name: ",".join(corpora) for name, corpora in named.items() if corpora}


def open_study(
    language: str | None = "ur",
    profile: str = "smoke",
    corpora: str | Path | None = None,
    encoder: str | Path | None = None,
    seed: int = 0,
    runs: str | Path = "runs",
    progress: bool = True,
    unlabelled_language: bool = False,
    unlabelled: Sequence[str] = (),
    held_out: Sequence[str] = (),
    taken_as: CorpusByFolder | None = None,
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
        unlabelled_language: also take a language without a labelled clip, which can be adapted to but not judged.
        unlabelled: corpora whose speech is learnt from without labels, such as Common Voice; none for the targets' own
            other folds.
        held_out: English corpora to test on instead of learning from them.
        taken_as: folders to be taken as a corpus whatever they look like, as `harmonize` takes them.

    Raises:
        ValueError: unknown profile or language, or no seed; names what is known.
        FileNotFoundError: no corpus in `corpora`.
    """
    chosen = load_profile(profile)
    check_value("seed", seed, Seed)
    check_languages(None if language is None else [language], corpora, SOURCE_LANGUAGE)
    store = RunStore(Path(runs))
    root = make_demo() if corpora is None else Path(corpora).expanduser()
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
    harmonized = harmonize(
        root,
        cache=store.root / f"checks-{name}.parquet",
        progress=progress,
        unpacked=store.root / f"unpacked-{name}",
        taken_as=taken_as,
    )
    clips = harmonized.manifest
    known = clips if unlabelled_language else clips[clips["emotion"].notna()]
    languages = sorted(set(known["language"]) - {SOURCE_LANGUAGE})
    if language is not None and language not in languages:
        kind = "clips" if unlabelled_language else "labelled clips"
        raise ValueError(f"unknown language {language!r}; the corpora hold {kind} in {', '.join(languages)}")
    return Study(
        language=language,
        profile=chosen,
        corpora=None if corpora is None else root,
        encoder=str(encoder or chosen.encoder),
        seed=seed,
        store=store,
        harmonized=harmonized,
        unlabelled=tuple(unlabelled),
        held_out=tuple(held_out),
    )
