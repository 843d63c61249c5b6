"""Which clips make up a batch: every draw follows from the seed and the step alone."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
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


def class_balanced(labels: np.ndarray, size: int, corpora: np.ndarray | None = None) -> Draw:
    """Batches with equally many clips of every class (Gong et al. 2025, section 2.2, stage 2).

    Given the corpora too, a class's clips come from each corpus that has some equally often, however large it is; the
    paper is silent on that. Clips are drawn without replacement within a batch while there are enough. The cost of a
    batch does not grow with the corpus.

    Args:
        labels: one label a clip.
        size: clips per batch; a multiple of the number of classes.
        corpora: one corpus a clip.

    Raises:
        ValueError: `size` can't be shared out equally.
    """
    classes = np.unique(labels)
    each, rest = divmod(size, len(classes))
    if rest or not each:
        raise ValueError(f"batch size {size} is not a multiple of the {len(classes)} classes {classes}")
    within = np.full(len(labels), "") if corpora is None else corpora
    draws = []
    for label in classes:
        sources = [np.flatnonzero((labels == label) & (within == corpus)) for corpus in np.unique(within)]
        draws.append(shared_out([clips for clips in sources if len(clips)], each))

    def draw(generator: np.random.Generator) -> np.ndarray:
        return generator.permutation(np.concatenate([own(generator) for own in draws]))

    return draw


def shared_out(sources: Sequence[np.ndarray], size: int) -> Draw:
    """Batches that draw equally many clips from each source, however large it is (section 2.3).

    Where the size is no multiple of the number of sources, chance says in each batch which sources give one clip more.

    Args:
        sources: clip numbers of each source.
        size: clips per batch, at least one of each source.

    Raises:
        ValueError: there are more sources than clips in a batch, or a source is empty.
    """
    if not 0 < len(sources) <= size:
        raise ValueError(f"{size} clips can't be shared out over {len(sources)} sources")
    if not all(map(len, sources)):
        raise ValueError("a source without a clip can't be drawn from")

    def draw(generator: np.random.Generator) -> np.ndarray:
        counts = equal_counts(generator, size, len(sources))
        parts = [
            distinct(generator, clips, count) if len(clips) >= count else generator.choice(clips, count)
            for clips, count in zip(sources, counts, strict=True)
        ]
        return np.concatenate(parts)

    return draw


def equal_counts(generator: np.random.Generator, size: int, parts: int) -> np.ndarray:
    """`size` shared out over `parts`, shape (parts,); chance says which get one more."""
    each, rest = divmod(size, parts)
    counts = np.full(parts, each)
    if rest:
        counts[distinct(generator, np.arange(parts), rest)] += 1
    return counts


def distinct(generator: np.random.Generator, values: np.ndarray, count: int) -> np.ndarray:
    """`count` different ones of `values`; numpy's `choice` walks over all of them, this does not."""
    if 4 * count >= len(values):
        return generator.permutation(values)[:count]
    chosen: dict[int, None] = {}
    while len(chosen) < count:
        chosen.update(dict.fromkeys(generator.integers(len(values), size=count - len(chosen)).tolist()))
    return values[list(chosen)]
