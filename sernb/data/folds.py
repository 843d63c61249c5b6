"""Speaker-disjoint folds, and the only kind of split anything downstream accepts."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

MANY_GROUPS = 2_000
"""With more groups of speakers than this a random deal is balanced by itself, and a weighed one takes minutes."""


class LeakError(ValueError):
    """A speaker, or identical audio, on both sides of a split."""


def speaker_groups(clips: pd.DataFrame) -> np.ndarray:
    """Group numbers, shape (clips,): clips of one speaker, or with identical audio, share a group.

    Clips without a known speaker form one group: nobody can say that two of them differ in speaker. Clips whose
    samples were not read have no hash, and are identical to none.
    """
    speaker = pd.factorize(clips["speaker"].fillna(""))[0]
    audio, hashes = pd.factorize(clips["audio_hash"])
    audio = np.where(audio < 0, len(hashes) + np.arange(len(clips)), audio) + speaker.max(initial=-1) + 1
    nodes = audio.max(initial=-1) + 1
    graph = coo_matrix((np.ones(len(clips)), (speaker, audio)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1][speaker]


def assign_folds(clips: pd.DataFrame, folds: int = 5, seed: int = 0) -> pd.Series:
    """Deal each corpus into folds that share no speaker and no identical audio.

    A corpus with sessions is dealt by session (leave one session out); any other so that class and gender are
    as balanced as its speakers allow. A corpus with fewer speakers than folds fills only that many folds.

    Args:
        clips: manifest rows.
        folds: number of folds.
        seed: decides between equally good deals.

    Returns:
        Fold numbers from 0, aligned with `clips`.

    Examples:
        Four speakers of two clips each, dealt into two folds:

        >>> clips = pd.DataFrame({"speaker": list("aabbccdd"), "audio_hash": list("01234567")})
        >>> clips = clips.assign(corpus="mine", session=None, language="ur", gender="female", emotion="angry")
        >>> fold = assign_folds(clips, folds=2)
        >>> [int((fold == number).sum()) for number in (0, 1)]
        [4, 4]
        >>> int(fold.groupby(clips["speaker"]).nunique().max())  # no speaker is in two
        1
    """
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold  # half of the time `sernb` takes to start

    result = pd.Series(0, index=clips.index, dtype="Int64")
    for _, corpus in clips.groupby("corpus"):
        if corpus["session"].notna().all():
            result[corpus.index] = pd.factorize(corpus["session"], sort=True)[0]
            continue
        groups = speaker_groups(corpus)
        count = min(folds, len(np.unique(groups)))
        if count < 2:
            continue
        gender, emotion = corpus["gender"].fillna("unknown"), corpus["emotion"].fillna("unlabelled")
        strata = corpus["language"] + "|" + gender + "|" + emotion
        # the weighed deal needs one stratum that can be in every fold
        weighed = len(np.unique(groups)) <= MANY_GROUPS and strata.value_counts().max() >= count
        dealer = (StratifiedGroupKFold if weighed else GroupKFold)(count, shuffle=True, random_state=seed)
        with warnings.catch_warnings():  # a stratum smaller than the number of folds can't be in each: expected
            warnings.filterwarnings("ignore", message="The least populated class")
            for number, (_, members) in enumerate(dealer.split(corpus, strata, groups)):
                result[corpus.index[members]] = number
    return result


@dataclass(frozen=True)
class Split:
    """What a recipe learns from, selects on and is judged on; it can't be made with a leak in it.

    Attributes:
        train: labelled manifest rows the emotion loss sees.
        validation: labelled manifest rows to watch a training by, and to choose settings by.
        test: labelled manifest rows that give the reported figures.
        unlabelled: manifest rows used without their emotion labels.
        target: every manifest row of the tested corpora, whatever its class, over which statistics are taken without
            labels: for a clip tested, over other folds' clips than its own. Nothing is trained on them.

    Raises:
        LeakError: a speaker or identical audio of one part is also in another. `train` and `unlabelled` may
            overlap: both are training data.

    Examples:
        >>> clips = pd.DataFrame({"corpus": "mine", "speaker": ["a", "b", "a"], "audio_hash": ["0", "1", "2"]})
        >>> Split(train=clips[:1], validation=clips[1:2], test=clips[2:])
        Traceback (most recent call last):
        sernb.data.folds.LeakError: training and test share 1 speakers (a); split by the manifest's `fold` ...
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    unlabelled: pd.DataFrame = field(default_factory=pd.DataFrame)
    target: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        learned = pd.concat([self.train, self.unlabelled])
        for left, right, names in (
            (learned, self.validation, "training and validation"),
            (learned, self.test, "training and test"),
            (self.validation, self.test, "validation and test"),
        ):
            leak = shared(left, right)
            if leak:
                raise LeakError(f"{names} share {leak}; split by the manifest's `fold` column instead")


def shared(left: pd.DataFrame, right: pd.DataFrame) -> str:
    """What two sets of manifest rows have in common that they must not, in words; empty when nothing."""
    if left.empty or right.empty:
        return ""
    found = []
    for what, a, b in (
        ("speakers", _speakers(left), _speakers(right)),
        ("identical clips", left["audio_hash"].dropna(), right["audio_hash"].dropna()),
    ):
        both = sorted(set(a) & set(b))
        if both:
            found.append(f"{len(both)} {what} ({', '.join(both[:3])}{', ...' if len(both) > 3 else ''})")
    return " and ".join(found)


def _speakers(clips: pd.DataFrame) -> pd.Series:
    """Names; unknown speakers of one corpus may be the same person, those of two corpora are taken for two."""
    return clips["speaker"].fillna(clips["corpus"] + "/unknown")


def _in_split(clips: pd.DataFrame, name: str, otherwise: pd.Series | bool) -> pd.Series:
    """Which clips are in an official split of that name ("test1" is a "test"); `otherwise` where none exists."""
    named = clips["split"].fillna("").str.startswith(name).astype(bool)
    return named.where(clips["split"].notna(), otherwise)


def zero_shot(
    manifest: pd.DataFrame,
    source: str = "en",
    validation_fold: int = 0,
    folds: int = 5,
    held_out: Sequence[str] = (),
) -> Split:
    """Train and validate on one language, test on every other (Gong et al. 2025, section 3.2, baseline).

    Validation takes one fold of each source corpus that has a speaker for every fold; a corpus with fewer
    speakers (TESS has two) would lose too much of its training data, so it only trains.

    Args:
        manifest: manifest rows.
        source: ISO 639-1 code of the language to learn from.
        validation_fold: the fold left out of training.
        folds: number of folds a corpus must fill to give validation speakers.
        held_out: corpora of the source language to test on instead of learning from them, such as the paper's RAVDESS.

    Returns:
        The split; `test` is empty where the other languages have clips but none with a label.

    Raises:
        ValueError: the manifest has no labelled clip to train or validate on, or no other language; or `held_out`
            names a corpus that it lacks.
    """
    labelled = manifest[manifest["emotion"].notna()]
    ours = labelled.loc[labelled["language"] == source, "corpus"]
    missing = sorted(set(held_out) - set(ours))
    if missing:
        there = ", ".join(sorted(set(ours)))
        raise ValueError(f"no corpus {', '.join(missing)} with labels in {source!r} to hold out; there are {there}")
    judged = (labelled["language"] != source) | labelled["corpus"].isin(held_out)
    known = labelled[~judged]
    filled = known.groupby("corpus")["fold"].transform("nunique") >= folds
    left_out = _in_split(known, "validation", filled & (known["fold"] == validation_fold))
    target = labelled[judged]
    test = target[_in_split(target, "test", True)]
    split = Split(
        train=known[_in_split(known, "train", ~left_out)],
        validation=known[left_out],
        test=test,
        target=manifest[manifest["corpus"].isin(test["corpus"])],
    )
    for part, purpose, remedy in (
        ("train", "train", f"add a corpus with emotion labels in {source!r} (`sernb corpora` says where to get one)"),
        ("validation", "validate", f"add one in {source!r} with a speaker for each of {folds} folds"),
        ("test", "test", "add clips in another language"),
    ):
        if getattr(split, part).empty and not (part == "test" and (manifest["language"] != source).any()):
            counts = ", ".join(f"{name}: {count}" for name, count in labelled["language"].value_counts().items())
            raise ValueError(
                f"no labelled clip to {purpose} on: the manifest has labelled clips in {counts or 'no language'}, and "
                f"learning is from {source!r} with fold {validation_fold} left out; {remedy}"
            )
    return split


def adapted(
    manifest: pd.DataFrame,
    fold: int,
    languages: Sequence[str] | None = None,
    source: str = "en",
    validation_fold: int = 0,
    folds: int = 5,
    held_out: Sequence[str] = (),
) -> Split:
    """`zero_shot` with one fold of each target corpus to test on and the others' speech to adapt to, without labels.

    Both methods of Gong et al. 2025 learn from target speech whose emotion labels they don't see (sections 2.2 and
    2.3). The source's training and validation speakers are the baseline's, whatever the fold, so that over all folds
    the same test clips are judged. A target corpus with an official split adapts on its "train" and tests on its
    "test" in every fold; one without any labels is left to `reading`, unless its language has no other. A target
    language without a single label has nothing to test: every fold of it is adapted to.

    Args:
        manifest: manifest rows.
        fold: the target fold left out of `unlabelled` and tested on.
        languages: ISO 639-1 codes of the targets; None takes every language but the source.
        source: ISO 639-1 code of the language whose labels are learnt from.
        validation_fold: the source fold left out of training.
        folds: number of folds a corpus must fill to give validation speakers.
        held_out: corpora of the source language that are not learnt from, as in `zero_shot`; not tested on here.

    Raises:
        ValueError: as `zero_shot`; a target the manifest lacks; or no clip of the targets to test on or to adapt to.
    """
    known = zero_shot(manifest, source, validation_fold, folds, held_out)
    present = sorted(set(manifest["language"]) - {source})
    chosen = present if languages is None else languages
    if not set(chosen) <= set(present):
        unknown = ", ".join(sorted(set(chosen) - set(present)))
        raise ValueError(f"no clip in target language {unknown}; the manifest has clips in {', '.join(present)}")
    target = manifest[manifest["language"].isin(chosen)]
    labelled = target["emotion"].notna()
    judged = labelled.groupby(target["language"]).transform("any")
    tested = labelled.groupby(target["corpus"]).transform("any") | ~judged  # read speech is for `reading` to add
    split = Split(
        train=known.train,
        validation=known.validation,
        test=target[_in_split(target, "test", target["fold"] == fold) & labelled],
        unlabelled=target[_in_split(target, "train", (target["fold"] != fold) | ~judged) & tested],
        target=known.target[known.target["language"].isin(chosen)],
    )
    filled = ", ".join(map(str, sorted(target.loc[labelled, "fold"].unique())))
    where = f"of {', '.join(chosen)}: {target['speaker'].nunique()} speakers, labelled clips in fold {filled}"
    if split.test.empty and judged.any():
        raise ValueError(f"no clip to test on in fold {fold} {where}; choose one of these folds")
    if split.unlabelled.empty:
        raise ValueError(
            f"no clip to adapt to outside fold {fold} {where}; the speakers tested on are left out, "
            "so it takes at least two speakers (or two groups of them, if they share audio)"
        )
    return split


def reading(manifest: pd.DataFrame, corpora: Sequence[str], known: Split) -> Split:
    """A split whose unlabelled speech comes from corpora of their own, such as Common Voice's (section 2.2).

    No clip of them is judged, so one run judges every target clip, as the baseline's does.

    Args:
        manifest: manifest rows.
        corpora: names of corpora, in whichever languages.
        known: from `zero_shot`.

    Raises:
        ValueError: a corpus the manifest lacks.
        LeakError: a speaker of theirs is also validated or tested on.
    """
    missing = sorted(set(corpora) - set(manifest["corpus"]))
    if missing:
        there = ", ".join(sorted(set(manifest["corpus"])))
        raise ValueError(f"no clip of {', '.join(missing)} to learn from without labels; the corpora are {there}")
    return replace(known, unlabelled=manifest[manifest["corpus"].isin(corpora)])
