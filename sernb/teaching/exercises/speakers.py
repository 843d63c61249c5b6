"""Exercises of the chapter on contrastive learning by speaker."""

import math

import numpy as np

from sernb.teaching.exercises.base import compared

CHAPTER = "04-cl-stage-1"


def _cosine(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def count_pairs(speakers, anchor):
    """How many positive and how many negative pairs one clip of a batch has.

    Args:
        speakers: one name for each view in the batch, array of shape (views,).
        anchor: number of the view that asks.

    Returns:
        A pair of integers: other views of the anchor's speaker, and views of other speakers.
    """
    positives = negatives = 0
    for number, speaker in enumerate(speakers):
        if speaker != speakers[anchor]:
            negatives += 1
        elif number != anchor:
            positives += 1
    return positives, negatives


def nt_xent(embeddings, speakers, temperature):
    """NT-Xent by speaker, in the common form: the mean loss of all positive pairs (i, j).

    A pair's loss is -log(exp(s_ij / t) / (exp(s_ij / t) + sum of exp(s_ik / t) over the clips k of other speakers)),
    with the cosine similarity s and the temperature t. (i, j) and (j, i) are two pairs.

    Args:
        embeddings: array of shape (clips, width).
        speakers: one number per clip, array of shape (clips,).
        temperature: over 0.

    Returns:
        A number over 0.
    """
    losses = []
    for i in range(len(embeddings)):
        others = sum(
            math.exp(_cosine(embeddings[i], embeddings[k]) / temperature)
            for k in range(len(embeddings))
            if speakers[k] != speakers[i]
        )
        for j in range(len(embeddings)):
            if j != i and speakers[j] == speakers[i]:
                pair = math.exp(_cosine(embeddings[i], embeddings[j]) / temperature)
                losses.append(-math.log(pair / (pair + others)))
    return sum(losses) / len(losses)


def recall_at_1(embeddings, speakers):
    """Share of clips whose nearest other clip, by cosine similarity, is of the same speaker.

    Args:
        embeddings: array of shape (clips, width).
        speakers: one number per clip, array of shape (clips,).

    Returns:
        A number from 0 to 1.
    """
    hits = 0
    for i in range(len(embeddings)):
        nearest = max(
            (j for j in range(len(embeddings)) if j != i), key=lambda j: _cosine(embeddings[i], embeddings[j])
        )
        hits += bool(speakers[nearest] == speakers[i])
    return hits / len(embeddings)


def _batches():
    generator = np.random.default_rng(7)
    for people, clips, width in ((3, 2, 4), (4, 4, 8), (2, 3, 2)):
        yield generator.normal(size=(people * clips, width)), generator.permutation(np.repeat(np.arange(people), clips))


EXERCISES = (
    compared(
        CHAPTER,
        count_pairs,
        ((np.repeat(np.arange(people), views), anchor) for people, views, anchor in ((16, 8, 0), (3, 2, 5), (2, 1, 1))),
    ),
    compared(CHAPTER, nt_xent, ((*batch, temperature) for batch in _batches() for temperature in (0.1, 0.5))),
    compared(CHAPTER, recall_at_1, _batches()),
)
