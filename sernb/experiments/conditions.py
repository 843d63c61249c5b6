"""Other speech to learn from: experiments that change what a method is given, and nothing else.

Each condition is a change of the split, or of stage 1's sampler; recipes and weights stay the same. Two questions use
them: which unlabelled speech a method needs (Gong et al. 2025, section 4.3), and whether the speakers' genders in it
cause a gender gap (section 4.1).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sernb.corpora.demo import DemoConfig, make_demo
from sernb.data.folds import Split
from sernb.data.manifest import harmonize
from sernb.experiments.recipes import recipe_named
from sernb.experiments.stored import open_stored
from sernb.experiments.study import Study
from sernb.runs import Run

Pool = Callable[[Split, int], pd.DataFrame]
GENDERS = ("female", "male")


def known_gender(clips: pd.DataFrame) -> pd.DataFrame:
    """The clips whose speaker's gender is known."""
    return clips[clips["gender"].isin(GENDERS)]


def one_gender(gender: str) -> Pool:
    """The unlabelled clips of one gender."""
    return lambda split, seed: split.unlabelled[split.unlabelled["gender"] == gender]


def balanced_pool(split: Split, seed: int) -> pd.DataFrame:
    """The unlabelled clips, speakers of the more frequent gender left out by chance until a corpus has as many of each.

    Speakers are counted, not clips, because stage 1 draws speakers.
    """
    clips = known_gender(split.unlabelled)
    generator = np.random.default_rng(seed)
    kept = []
    for _, corpus in clips.groupby("corpus"):
        speakers = {gender: sorted(rows["speaker"].dropna().unique()) for gender, rows in corpus.groupby("gender")}
        count = min(len(speakers.get(gender, [])) for gender in GENDERS)
        for names in speakers.values():
            kept += list(generator.permutation(names)[:count])
    return clips[clips["speaker"].isin(kept)]


def reweighted(train: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Labelled clips, those of the rarer gender of each class repeated until both genders have as many.

    Batches are drawn with as many clips of each class, so the repeated clips weigh in fine-tuning as much as the
    others together.
    """
    parts = [train]
    for _, clips in known_gender(train).groupby("emotion"):
        by_gender = {gender: clips[clips["gender"] == gender] for gender in GENDERS}
        rarer, other = sorted(by_gender.values(), key=len)
        lacking = len(other) - len(rarer)
        if len(rarer):
            whole, rest = divmod(lacking, len(rarer))
            parts += [rarer] * whole + [rarer.sample(rest, random_state=seed)]
    return pd.concat(parts)


def fewer_women(clips: pd.DataFrame, male_share: float, seed: int) -> pd.DataFrame:
    """The clips, women left out by chance until men are at least this share of the speakers; one woman stays.

    Raises:
        ValueError: a share that isn't over 0 and under 1.
    """
    if not 0 < male_share < 1:
        raise ValueError(f"male_share is {male_share}; give a share over 0 and under 1")
    women = sorted(clips.loc[clips["gender"] == "female", "speaker"].dropna().unique())
    men = clips.loc[clips["gender"] == "male", "speaker"].nunique()
    count = max(1, int(men * (1 - male_share) / male_share + 1e-9))
    kept = np.random.default_rng(seed).permutation(women)[:count]
    return clips[(clips["gender"] != "female") | clips["speaker"].isin(kept)]


def demo_pool(study: Study, male_share: float, speakers: int = 20, sentences: int = 2) -> pd.DataFrame:
    """Unlabelled clips of a demo corpus of its own, with this share of men among the speakers of each language.

    Args:
        study: gives the seed (the next one is taken, so that nobody is in both corpora) and the cache.
        male_share: of DemoConfig; 0.95 is heavily skewed.
        speakers: of each language.
        sentences: of each speaker, in each emotion.
    """
    languages = tuple(sorted(set(study.manifest["language"]) - {"en"}))
    root = make_demo(DemoConfig(study.seed + 1, speakers, sentences, male_share, languages))
    clips = harmonize(root, cache=study.store.root / f"checks-{root.name}.parquet", progress=False).manifest
    # names are numbered anew in every demo corpus
    other = {"utterance_id": root.name + "/" + clips["utterance_id"], "speaker": root.name + "/" + clips["speaker"]}
    return clips.assign(**other)


@dataclass(frozen=True)
class Condition:
    """What is changed.

    Attributes:
        what: in words.
        pool: the unlabelled clips instead of the split's; None leaves them.
        stage1: fields of ContrastiveConfig that differ.
        reweighted: whether the labelled clips are, see `reweighted`.
        apart: one run a target language, adapted to what `pool` makes of the other languages' clips.
    """

    what: str
    pool: Pool | None = None
    stage1: dict[str, Any] = field(default_factory=dict)
    reweighted: bool = False
    apart: bool = False


CONDITIONS = {
    "as-it-is": Condition("the pool as it is"),
    "balanced-pool": Condition("as many women as men in the pool", balanced_pool),
    "balanced-sampler": Condition(
        "as many women as men in a batch", lambda split, seed: known_gender(split.unlabelled), {"batches": "genders"}
    ),
    "women": Condition("women alone in the pool", one_gender("female")),
    "men": Condition("men alone in the pool", one_gender("male")),
    "reweighted": Condition("labelled clips re-weighted by gender", reweighted=True),
    "sampler-and-reweighted": Condition(
        "both: batches balanced and clips re-weighted",
        lambda split, seed: known_gender(split.unlabelled),
        {"batches": "genders"},
        reweighted=True,
    ),
    "english": Condition("the labelled English clips, without their labels", lambda split, seed: split.train),
    "others": Condition("the other targets", apart=True),
}
GENDER_CONDITIONS = (
    "as-it-is",
    "balanced-pool",
    "balanced-sampler",
    "women",
    "men",
    "reweighted",
    "sampler-and-reweighted",
)


def splits(condition: Condition, split: Split, seed: int) -> Iterator[Split]:
    """What is learned from and judged under a condition: one split, or one a target language.

    Raises:
        ValueError: the condition leaves no unlabelled clip.
    """
    train = reweighted(split.train, seed) if condition.reweighted else split.train
    if condition.apart:
        for language in sorted(split.test["language"].unique()):
            test = split.test[split.test["language"] == language]
            unlabelled = split.unlabelled[split.unlabelled["language"] != language]
            yield replace(split, train=train, test=test, unlabelled=unlabelled)
        return
    unlabelled = split.unlabelled if condition.pool is None else condition.pool(split, seed)
    if unlabelled.empty:
        raise ValueError(f"no unlabelled clip for the condition {condition.what!r}: the corpora hold none")
    yield replace(split, train=train, unlabelled=unlabelled)


def train_condition(
    name: str,
    recipe: str,
    study: Study,
    split: Split,
    seed: int,
    progress: bool = True,
    changes: Mapping[str, Any] | None = None,
    stage1_changes: Mapping[str, Any] | None = None,
) -> Iterator[Run]:
    """The runs of a condition: found in the study's store, or made there.

    Args:
        name: of CONDITIONS.
        recipe: name of one of RECIPES; the baseline hears no unlabelled speech.
        study: gives profile, encoder and store.
        split: from `Study.adapted`, or `Study.zero_shot` for the baseline.
        seed: of every run, and of chance in the condition.
        progress: show progress bars.
        changes: fields that differ from the profile, as `train_recipe` takes them.
        stage1_changes: the same of the first stage of "contrastive".

    Raises:
        ValueError: unknown condition, or one that means nothing to the recipe or the corpora.
    """
    if name not in CONDITIONS:
        raise ValueError(f"unknown condition {name!r}; known are {', '.join(CONDITIONS)}")
    condition, chosen = CONDITIONS[name], recipe_named(recipe)
    if (condition.stage1 and not chosen.stage1) or (not chosen.adapts and (condition.pool or condition.apart)):
        raise ValueError(f"the condition {name!r} means nothing to {recipe}")
    first = {**(stage1_changes or {}), **condition.stage1}
    configs = chosen.configs(study.profile, seed, dict(changes or {}), first)
    if chosen.adapts:
        changed = splits(condition, split, seed)
    else:
        changed = iter((replace(split, train=reweighted(split.train, seed)) if condition.reweighted else split,))
    for one in changed:
        yield chosen.train(configs, one, study.encoder, study.store, progress)


def condition_group(recipe: str, name: str) -> str:
    """Group of the stored runs of a condition, such as "contrastive-balanced-sampler"."""
    return f"{recipe}-{name}"


def speakers_in(clips: pd.DataFrame) -> dict[str, int]:
    """How many women and men a pool holds, and how many clips."""
    counts = {gender: int(clips.loc[clips["gender"] == gender, "speaker"].nunique()) for gender in GENDERS}
    return {"women": counts["female"], "men": counts["male"], "clips": len(clips)}


def stored_groups(root: Path, recipe: str, names: Sequence[str] = GENDER_CONDITIONS) -> dict[str, str]:
    """Groups of those conditions whose runs are stored, by what they change."""
    groups = {CONDITIONS[name].what: condition_group(recipe, name) for name in names}
    return {what: name for what, name in groups.items() if open_stored(root).group(name)}
