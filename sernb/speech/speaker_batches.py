"""Batches of several clips of each of several speakers, for contrastive learning."""

from functools import partial

import numpy as np
import pandas as pd

from sernb.speech.samplers import Draw, distinct, equal_counts, shared_out


def enough_clips(clips: pd.DataFrame, each: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the clips whose speaker can fill a speaker batch from the rest.

    Args:
        clips: manifest rows.
        each: clips a speaker must have.

    Returns:
        The clips of speakers with at least `each` clips, and the speakers left out: one row each, with columns
        corpus, speaker and clips; clips without a known speaker are one row of their corpus, speaker missing.
    """
    counts = clips.groupby(["corpus", "speaker"], dropna=False).size().rename("clips").reset_index()
    left_out = counts[(counts["clips"] < each) | counts["speaker"].isna()].reset_index(drop=True)
    size = clips.groupby("speaker")["speaker"].transform("size")
    return clips[clips["speaker"].notna() & (size >= each)], left_out


def enough_speakers(clips: pd.DataFrame, size: int, each: int) -> pd.DataFrame:
    """The clips of languages that have speakers enough for their share of a batch.

    Common Voice's German, say, has hundreds of speakers, but next to none with four clips. Without such a language, the
    shares of the others grow, so the smallest goes first.

    Args:
        clips: from `enough_clips`.
        size: clips per batch.
        each: clips per speaker.
    """
    speakers = clips.groupby("language")["speaker"].nunique().sort_values()
    while len(speakers) > 1 and speakers.iloc[0] < -(-(size // each) // len(speakers)):
        speakers = speakers.iloc[1:]
    return clips[clips["language"].isin(speakers.index)]


def speaker_balanced(
    speakers: np.ndarray,
    size: int,
    each: int,
    strata: np.ndarray | None = None,
    one_stratum: bool = False,
    spread: np.ndarray | None = None,
) -> Draw:
    """Batches of size / each speakers with `each` clips apiece, all without replacement (section 2.2, stage 1).

    The cost of a batch does not grow with the corpus.

    Args:
        speakers: one speaker per clip.
        size: clips per batch (paper: 64).
        each: clips per speaker (paper: 4).
        strata: one stratum a clip, such as its language: each batch's speakers are shared out equally over them.
        one_stratum: instead, all of a batch's speakers are of one stratum, drawn as often as it has speakers. Strata
            with too few speakers for a batch are left out.
        spread: one value a clip, such as its emotion: a speaker's clips of a batch are shared out over his values.

    Raises:
        ValueError: the size is not a multiple, too few speakers, or one with fewer than `each` clips.
    """
    count, rest = divmod(size, each)
    if rest or count < 2:
        raise ValueError(f"batch size {size} is not two or more times the {each} clips of a speaker")
    names, first, member = np.unique(speakers, return_index=True, return_inverse=True)
    members = np.split(np.argsort(member, kind="stable"), np.cumsum(np.bincount(member))[:-1])
    short = [str(name) for name, clips in zip(names, members, strict=True) if len(clips) < each]
    if short:
        raise ValueError(f"{len(short)} speakers have fewer than {each} clips: {', '.join(short[:3])}")
    groups = {"": np.arange(len(names))}
    if strata is not None:
        kinds = strata[first].astype(str)
        groups = {kind: np.flatnonzero(kinds == kind) for kind in np.unique(kinds)}
    needed = count if one_stratum else -(-count // len(groups))
    if one_stratum:
        enough = {kind: group for kind, group in groups.items() if len(group) >= needed}
        groups = enough or groups
    if min(map(len, groups.values())) < needed:
        raise ValueError(_too_few(groups, size, each, one_stratum))
    if spread is None:
        own: list[Draw] = [partial(_drawn, clips, each) for clips in members]
    else:
        own = [
            shared_out([clips[spread[clips] == value] for value in np.unique(spread[clips])], each) for clips in members
        ]
    sizes = np.array([len(group) for group in groups.values()])

    def draw(generator: np.random.Generator) -> np.ndarray:
        if one_stratum:
            counts = count * generator.multinomial(1, sizes / sizes.sum())
        else:
            counts = equal_counts(generator, count, len(groups))
        parts = [distinct(generator, group, part) for group, part in zip(groups.values(), counts, strict=True)]
        return np.concatenate([own[speaker](generator) for speaker in generator.permutation(np.concatenate(parts))])

    return draw


def _drawn(clips: np.ndarray, each: int, generator: np.random.Generator) -> np.ndarray:
    return distinct(generator, clips, each)


def _too_few(groups: dict[str, np.ndarray], size: int, each: int, one_stratum: bool) -> str:
    there = ", ".join(f"{len(group)} {kind}".strip() for kind, group in groups.items())
    most = max(map(len, groups.values())) if one_stratum else min(map(len, groups.values())) * len(groups)
    shared = ", as many of each kind" if len(groups) > 1 and not one_stratum else ""
    fits = f"choose a smaller batch, at most {most * each} clips, or add" if most > 1 else "add"
    return (
        f"a batch of {size} clips needs {size // each} speakers with at least {each} clips each{shared}; there are "
        f"{there} to learn from: {fits} speakers"
    )


def paired(clips: pd.DataFrame, each: int, pairs: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray | None]:
    """Clips for stage 1 of which two of one speaker always, or as rarely as can be, share their emotion.

    An analysis of what stage 1 learns: it reads emotion labels, which the method does not.

    Args:
        clips: manifest rows with known speakers.
        each: clips drawn of a speaker.
        pairs: "any"; "same-emotion", where a speaker counts as another in each of his emotions; or "mixed-emotion",
            where speakers of fewer than two emotions are left out and the others' clips are shared out over theirs.

    Returns:
        The clips that take part; the speakers to draw, shape (clips,); and `spread`, as speaker_balanced takes it.

    Raises:
        ValueError: no speaker is left.
    """
    if pairs == "any":
        return clips, clips["speaker"].to_numpy(object), None
    labelled = clips[clips["emotion"].notna()]
    if pairs == "same-emotion":
        groups = labelled["speaker"] + "|" + labelled["emotion"]
        kept = groups.groupby(groups).transform("size") >= each
    else:
        groups = labelled["speaker"]
        kept = labelled.groupby("speaker")["emotion"].transform("nunique").between(2, each)
    if not kept.any():
        raise ValueError(f"no speaker has clips enough for {pairs} pairs")
    chosen = labelled[kept]
    spread = chosen["emotion"].to_numpy(object) if pairs == "mixed-emotion" else None
    return chosen, groups[kept].to_numpy(object), spread
