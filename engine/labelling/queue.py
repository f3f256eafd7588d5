"""In which order pictures want a person's look: those that teach most first.

Least sure first, and, of those about as unsure, the one farthest from all that were looked at: ten
pictures of one kind of doubt teach little more than one. Of near doubles one comes first, the
others after all else.

F. Zhdanov, "Diverse mini-batch Active Learning" (2019); O. Sener and S. Savarese, "Active Learning
for Convolutional Neural Networks: A Core-Set Approach" (ICLR 2018).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from siam.array_types import Floats, Integers, Vectors
from siam.evaluation.verdict import SURE

if TYPE_CHECKING:
    from siam.engine.answers.answer import Answer

__all__ = ["DOUBLES", "distance_to_boundary", "rank_answers", "rank_pictures"]

# Pictures nearer to each other than this are near doubles.
DOUBLES = 0.1
# Answers whose doubts differ by less, a factor of e in the odds, are equally unsure.
ALIKE = 1.0
# Probabilities are kept this far from 0 and 1, whose odds have no end.
LEAST = 1e-6


def distance_to_boundary(probabilities: ArrayLike) -> Floats:
    """Return how far answers are from going the other way, in log-odds; 0 = on the boundary.

    Args:
        probabilities: float (n,), 0 to 1, that the label is right.

    Example:
        >>> distance_to_boundary([0.5, 0.9, 0.99]).round(1).tolist()
        [2.2, 0.0, 2.4]
    """
    clipped = np.clip(np.asarray(probabilities, np.float64), LEAST, 1 - LEAST)
    away: Floats = np.abs(np.log(clipped / (1 - clipped)) - np.log(SURE / (1 - SURE)))
    return away


def rank_pictures(
    embeddings: Vectors,
    doubts: Floats,
    *,
    seeds: Vectors | None = None,
    doubles: float = DOUBLES,
) -> Iterator[int]:
    """Yield all pictures, those that most want a look first.

    Args:
        embeddings: float32 (n, dim), unit rows.
        doubts: float (n,), smaller = less sure, such as `distance_to_boundary` gives.
        seeds: float32 (m, dim), pictures that were looked at already.
        doubles: distance, 0 to 2, below which two pictures count as one.

    Yields:
        Rows of `embeddings`, each once. Each costs a comparison with all others, so that the first
        of many are there at once.

    Example:
        >>> corners = np.eye(3, dtype=np.float32)[[0, 0, 1, 2]]
        >>> list(rank_pictures(corners, np.array([0.1, 0.2, 0.3, 0.4])))
        [0, 2, 3, 1]
    """
    waiting = np.argsort(doubts, kind="stable")
    looked_at = np.empty((0, embeddings.shape[1]), np.float32) if seeds is None else seeds
    while len(waiting):
        nearest = np.full(len(embeddings), np.inf)
        for seed in looked_at:
            nearest = np.minimum(nearest, distances_to(seed, embeddings))
        aside: list[int] = []
        while True:
            near = nearest[waiting] < doubles
            aside += waiting[near].tolist()
            waiting = waiting[~near]
            if not len(waiting):
                break
            pool = waiting[doubts[waiting] <= doubts[waiting[0]] + ALIKE]
            chosen = int(pool[np.argmax(nearest[pool])])
            yield chosen
            waiting = waiting[waiting != chosen]
            nearest = np.minimum(nearest, distances_to(embeddings[chosen], embeddings))
        # Doubles of what has been looked at by now: the same again among themselves.
        looked_at = looked_at[:0]
        waiting = ordered(aside, doubts)


def rank_answers(answers: Sequence[Answer], count: int) -> list[Answer]:
    """Return the answers that most want a look, by their embeddings and probabilities.

    Where one has no embedding, as that of an indexed picture, by their probabilities alone.

    Args:
        answers: any number.
        count: how many to return at most.
    """
    doubts = distance_to_boundary([answer.probability for answer in answers])
    embeddings = [answer.embedding for answer in answers if answer.embedding is not None]
    order = iter(np.argsort(doubts, kind="stable").tolist())
    if embeddings and len(embeddings) == len(answers):
        order = rank_pictures(np.stack(embeddings), doubts)
    return [answers[row] for row in itertools.islice(order, count)]


def ordered(rows: list[int], doubts: Floats) -> Integers:
    """Return rows, the least sure first; of equals the first."""
    places = np.array(sorted(rows), np.int64)
    return places[np.argsort(doubts[places], kind="stable")]


def distances_to(one: Vectors, embeddings: Vectors) -> Floats:
    """Return the distance of an embedding to each of many, 0 to 2."""
    squares = 2 - 2 * (embeddings @ one).astype(np.float64)
    return np.sqrt(np.maximum(squares, 0))
