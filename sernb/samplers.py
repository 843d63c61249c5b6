"""Which clips make up a batch: every draw follows from the seed and the step alone."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
from torch.utils.data import Sampler

Draw = Callable[[np.random.Generator], np.ndarray]


class Batches(Sampler[list[tuple[int, int]]]):
    """Batches of (clip, seed) pairs for the steps from `start` to `stop`.

    A step's batch does not depend on the steps before it, so an interrupted run goes on with the very batches
    it would have seen; each clip's seed decides its augmentation, in whichever worker that runs.

    Args:
        draw: a generator -> clip numbers of one batch.
        seed: of the run.
        start: first step.
        stop: step after the last.
    """

    def __init__(self, draw: Draw, seed: int, start: int, stop: int) -> None:
        self.draw, self.seed, self.start, self.stop = draw, seed, start, stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for step in range(self.start, self.stop):
            generator = np.random.default_rng([self.seed, step])
            clips = self.draw(generator)
            seeds = generator.integers(2**32, size=len(clips))
            yield list(zip(clips.tolist(), seeds.tolist(), strict=True))


def class_balanced(labels: np.ndarray, size: int) -> Draw:
    """Batches with equally many clips of every class (Gong et al. 2025, section 2.2, stage 2).

    A class's clips are drawn without replacement within a batch while it has enough. The cost of a batch does
    not grow with the corpus.

    Args:
        labels: one label a clip.
        size: clips a batch; a multiple of the number of classes.

    Raises:
        ValueError: `size` can't be shared out equally.
    """
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    each, rest = divmod(size, len(members))
    if rest or not each:
        raise ValueError(f"batch size {size} is not a multiple of the {len(members)} classes {np.unique(labels)}")

    def draw(generator: np.random.Generator) -> np.ndarray:
        chosen = [clips[generator.choice(len(clips), each, replace=len(clips) < each)] for clips in members]
        return generator.permutation(np.concatenate(chosen))

    return draw


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


def speaker_balanced(speakers: np.ndarray, size: int, each: int, genders: np.ndarray | None = None) -> Draw:
    """Batches of size / each speakers with `each` clips apiece, all without replacement (section 2.2, stage 1).

    The cost of a batch does not grow with the corpus.

    Args:
        speakers: one speaker a clip.
        size: clips a batch (paper: 64).
        each: clips a speaker (paper: 4).
        genders: one gender a clip; given, each batch holds as many speakers of one gender as of the others.

    Raises:
        ValueError: the size is not a multiple, too few speakers, one with fewer than `each` clips, or a single gender
            to balance.
    """
    count, rest = divmod(size, each)
    if rest or count < 2:
        raise ValueError(f"batch size {size} is not two or more times the {each} clips of a speaker")
    names, first, member = np.unique(speakers, return_index=True, return_inverse=True)
    members = np.split(np.argsort(member, kind="stable"), np.cumsum(np.bincount(member))[:-1])
    short = [str(name) for name, clips in zip(names, members, strict=True) if len(clips) < each]
    if short:
        raise ValueError(f"{len(short)} speakers have fewer than {each} clips: {', '.join(short[:3])}")
    groups, kinds = [np.arange(len(names))], [""]
    if genders is not None:
        gender = genders[first].astype(str)
        kinds = np.unique(gender).tolist()
        groups = [np.flatnonzero(gender == name) for name in kinds]
        if len(kinds) == 1:
            raise ValueError(f"every speaker's gender is {kinds[0]}: batches can't be balanced by gender")
    share, rest = divmod(count, len(groups))
    if rest:
        raise ValueError(f"{count} speakers a batch can't be shared out equally over {len(groups)} genders")
    if min(map(len, groups)) < share:
        there = ", ".join(f"{len(group)} {kind}".strip() for group, kind in zip(groups, kinds, strict=True))
        most = min(map(len, groups)) * len(groups)
        fits = f"choose a smaller batch, at most {most * each} clips, or add" if most > 1 else "add"
        raise ValueError(
            f"a batch of {size} clips needs {count} speakers with at least {each} clips each"
            f"{', as many of each gender' if genders is not None else ''}; there are {there} to learn from: {fits} "
            "speakers"
        )

    def draw(generator: np.random.Generator) -> np.ndarray:
        chosen = np.concatenate([_distinct(generator, group, share) for group in groups])
        return np.concatenate(
            [_distinct(generator, members[speaker], each) for speaker in generator.permutation(chosen)]
        )

    return draw


def shared_out(sources: Sequence[np.ndarray], size: int) -> Draw:
    """Batches that draw equally many clips from each source, however large it is (section 2.3).

    Where the size is no multiple of the number of sources, chance says in each batch which sources give one clip more.

    Args:
        sources: clip numbers of each source.
        size: clips a batch, at least one of each source.

    Raises:
        ValueError: there are more sources than clips in a batch, or a source is empty.
    """
    each, rest = divmod(size, len(sources))
    if not each:
        raise ValueError(f"{size} clips can't be shared out over {len(sources)} sources")
    if not all(map(len, sources)):
        raise ValueError("a source without a clip can't be drawn from")

    def draw(generator: np.random.Generator) -> np.ndarray:
        one_more = set(_distinct(generator, np.arange(len(sources)), rest)) if rest else set()
        counts = [each + (number in one_more) for number in range(len(sources))]
        parts = [
            _distinct(generator, clips, count) if len(clips) >= count else generator.choice(clips, count)
            for clips, count in zip(sources, counts, strict=True)
        ]
        return np.concatenate(parts)

    return draw


def _distinct(generator: np.random.Generator, values: np.ndarray, count: int) -> np.ndarray:
    """`count` different ones of `values`; numpy's `choice` walks over all of them, this does not."""
    if 4 * count >= len(values):
        return generator.permutation(values)[:count]
    chosen: dict[int, None] = {}
    while len(chosen) < count:
        chosen.update(dict.fromkeys(generator.integers(len(values), size=count - len(chosen)).tolist()))
    return values[list(chosen)]
