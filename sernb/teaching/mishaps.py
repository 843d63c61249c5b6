"""What the tools say when something is wrong with a corpus of one's own: every case is made, and really run."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sernb.corpora.plaincsv import TABLE
from sernb.corpora.tables import read_table
from sernb.data.audit import audit
from sernb.data.folds import adapted
from sernb.data.harmonization_card import audio_facts
from sernb.data.limits import concerns
from sernb.data.manifest import Harmonized, harmonize
from sernb.runs import RunStore
from sernb.teaching.example_corpus import ENGLISH, LANGUAGE, MISHAPS, OWN, subset
from sernb.training.contrastive import ContrastiveConfig, train_stage1

HARMONIZE, AUDIT, CARD, TRAIN = "sernb harmonize", "sernb audit", "card.html", "sernb train"
COLUMNS = ["what happened", "what becomes of it", "who says so", "in its words"]
ENCODER = "random-1x32"  # a case ends before anything is learnt: any weights do


def of_clips(harmonized: Harmonized, own: Path) -> pd.DataFrame:
    """What the tools say of each clip of MISHAPS: why it was rejected, or what would go unsaid without it.

    Args:
        harmonized: the example's corpora.
        own: the folder of the example's own corpus.

    Returns:
        COLUMNS; as many rows a clip as there are things said of it.
    """
    manifest, rejected = harmonized.manifest, harmonized.rejected
    places = rejected["path"].map(lambda path: str(Path(path).resolve()))
    rows = []
    for mishap in MISHAPS:
        path = str((own / mishap.file).resolve())
        kept = manifest["path"] == path
        if kept.any():
            without = set(_noted(manifest[~kept]))
            rows += [(mishap.what, "kept", *line) for line in _noted(manifest) if line not in without]
        rows += [(mishap.what, "rejected", HARMONIZE, reason) for reason in rejected.loc[places == path, "reason"]]
    return pd.DataFrame(rows, columns=COLUMNS)


def _noted(manifest: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Who says what of a whole table, leaks aside."""
    for line in concerns(manifest):
        yield AUDIT, line
    for _, twins in audit(manifest).duplicates.groupby("audio_hash"):
        yield AUDIT, f"identical audio: {', '.join(twins['utterance_id'])}; same_fold: {twins['same_fold'].all()}"
    facts = audio_facts(Harmonized(manifest, pd.DataFrame()))
    for corpus, rates, channels in facts[["corpus", "sampling rates", "channels"]].itertuples(index=False):
        yield CARD, f"{corpus}, audio as found: sampling rates {rates}; channels {channels}"


@dataclass(frozen=True, slots=True)
class Case:
    """A whole corpus that something is wrong with.

    Attributes:
        what: what is wrong.
        who: the command that notices.
        change: the table of the sound corpus -> the table of this one.
        ask: (the changed corpora, the config of stage 1) -> what the command says.
        english: whether an English corpus lies beside it.
    """

    what: str
    who: str
    change: Callable[[pd.DataFrame], pd.DataFrame]
    ask: Callable[[Harmonized, ContrastiveConfig], list[str]]
    english: bool = True


def of_corpora(corpora: Path, config: ContrastiveConfig) -> pd.DataFrame:
    """What the tools say of corpora with fewer speakers, one gender, no labels and the like.

    Args:
        corpora: the example's folder of corpora, whose sound clips the cases are made of.
        config: of stage 1, as the profile has it: its batch decides how many speakers are too few.

    Returns:
        COLUMNS less the second; as many rows a case as the command says things.
    """
    table = read_table(corpora / OWN / TABLE)
    sound = table[~table["path"].isin([mishap.file for mishap in MISHAPS])]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, case in enumerate(CASES):
            changed = Path(scratch, str(number))
            (changed / OWN).mkdir(parents=True)
            subset(corpora / OWN, changed / OWN, case.change(sound))
            if case.english:
                (changed / ENGLISH).symlink_to(corpora.resolve() / ENGLISH)
            cache = Path(scratch, "checks.parquet")
            said = case.ask(harmonize(changed, cache=cache, progress=False), config)
            rows += [(case.what, case.who, line) for line in said]
    return pd.DataFrame(rows, columns=[COLUMNS[0], *COLUMNS[2:]])


def _reasons(harmonized: Harmonized, _: ContrastiveConfig) -> list[str]:
    return sorted(harmonized.rejected["reason"].unique())


def _concerns(harmonized: Harmonized, _: ContrastiveConfig) -> list[str]:
    return [line for line in concerns(harmonized.manifest) if line.startswith(OWN)]


def _train(languages: tuple[str, ...] = (LANGUAGE,), fold: int = 0, **changes) -> Callable:
    """What stage 1 refuses, or that it trains and on how many clips it would be judged."""

    def ask(harmonized: Harmonized, config: ContrastiveConfig) -> list[str]:
        try:
            split = adapted(harmonized.manifest, fold, languages)
            with tempfile.TemporaryDirectory() as runs:
                train_stage1(replace(config, **changes), split, ENCODER, RunStore(Path(runs)), progress=False)
        except ValueError as error:
            return [str(error)]
        return [f"trains; clips to be judged on: {len(split.test)}"]

    return ask


def _first(speakers: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The table with its first few speakers, women and men in turn."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        order = sorted(table["speaker"].unique(), key=lambda name: (name[-2:], name))
        return table[table["speaker"].isin(order[:speakers])]

    return change


def _women(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["gender"] == "female"]


def _as_it_is(table: pd.DataFrame) -> pd.DataFrame:
    return table


CASES = (
    Case("no column speaker", HARMONIZE, lambda table: table.drop(columns="speaker"), _reasons),
    Case("gender as 0 and 1", AUDIT, lambda table: table.assign(gender=(table["gender"] == "male") * 1), _concerns),
    Case("no column language", AUDIT, lambda table: table.drop(columns="language"), _concerns),
    Case("three speakers", AUDIT, _first(3), _concerns),
    Case("three speakers, five folds", TRAIN, _first(3), _train(fold=3)),
    Case("one speaker", TRAIN, _first(1), _train()),
    Case("ten speakers: too few for a batch", TRAIN, _first(10), _train()),
    Case("three clips a speaker", AUDIT, lambda table: table.groupby("speaker").sample(3, random_state=0), _concerns),
    Case("women only", AUDIT, _women, _concerns),
    Case("women only, batches balanced by gender", TRAIN, _women, _train(batches="genders", batch_size=16)),
    Case("no gender", AUDIT, lambda table: table.assign(gender=None), _concerns),
    Case("no emotion", AUDIT, lambda table: table.drop(columns="emotion"), _concerns),
    Case("nobody is ever angry", AUDIT, lambda table: table[table["emotion"] != "angry"], _concerns),
    Case("no speaker is named", TRAIN, lambda table: table.assign(speaker=None), _train()),
    Case("no English corpus", TRAIN, _as_it_is, _train(), english=False),
    Case("a language that isn't there", TRAIN, _as_it_is, _train(("swa",))),
)
