"""Which clips make up a batch: every draw follows from the seed and the step alone."""

from collections.abc import Callable, Iterator

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
