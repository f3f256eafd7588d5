"""The worst mistakes, to be looked at: often a mislabelled or unreadable picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.array_types import Booleans, Floats, Integers, Reals, Vectors
from siam.evaluation.distances import check_embeddings, distance_block

__all__ = ["WorstPairs", "worst_pairs", "wrong_neighbours"]

ROWS_PER_BLOCK = 512


@dataclass(frozen=True)
class WorstPairs:
    """Pairs of pictures that are most wrongly placed, the worst first, each picture shown once.

    Attributes:
        left, right: int64 (count,), rows of the pictures.
        distances: float64 (count,), 0 to 2, smaller = closer.
    """

    left: Integers
    right: Integers
    distances: Floats


def worst_pairs(embeddings: Vectors, labels: Integers, count: int) -> tuple[WorstPairs, WorstPairs]:
    """Return the closest pairs of different classes and the farthest pairs of one class.

    Each picture is paired with its own worst partner; of these the worst pairs are kept, no
    picture in two of them, or one bad picture would fill the page.

    Args:
        embeddings: float32 (n, dim), unit rows.
        labels: int64 (n,).
        count: pairs of each kind wanted; fewer come back where there are fewer.
    """
    vectors, numbers = check_embeddings(embeddings, labels)
    exact = vectors.astype(np.float64)
    size = len(vectors)
    partners = np.zeros((2, size), np.int64)
    distances = np.zeros((2, size))
    for start in range(0, size, ROWS_PER_BLOCK):
        rows = np.arange(start, min(start + ROWS_PER_BLOCK, size))
        block = distance_block(exact[rows], exact)
        same = numbers[rows, None] == numbers[None, :]
        closest = np.where(same, np.inf, block)
        same[np.arange(len(rows)), rows] = False
        farthest = np.where(same, block, -np.inf)
        for kind, (table, best) in enumerate(
            ((closest, closest.argmin(axis=1)), (farthest, farthest.argmax(axis=1)))
        ):
            partners[kind, rows] = best
            distances[kind, rows] = table[np.arange(len(rows)), best]
    return (
        _without_repeats(partners[0], distances[0], np.argsort(distances[0], kind="stable"), count),
        _without_repeats(
            partners[1], distances[1], np.argsort(-distances[1], kind="stable"), count
        ),
    )


def wrong_neighbours(right: Booleans, probabilities: Reals, count: int) -> Integers:
    """Return the pictures whose label was got wrong, the surest first, int64 (up to count,).

    Args:
        right: bool (n,), whether each picture's voted label is right.
        probabilities: (n,), 0 to 1, the probability that was given to it.
    """
    wrong = np.flatnonzero(~np.asarray(right))
    return wrong[np.argsort(-np.asarray(probabilities)[wrong], kind="stable")][:count]


def _without_repeats(
    partners: Integers, distances: Floats, order: Integers, count: int
) -> WorstPairs:
    pictures: set[int] = set()
    worst: list[int] = []
    for row in order:
        if len(worst) == count or not np.isfinite(distances[row]):
            break
        if int(row) not in pictures and int(partners[row]) not in pictures:
            pictures |= {int(row), int(partners[row])}
            worst.append(int(row))
    rows = np.array(worst, np.int64)
    return WorstPairs(rows, partners[rows], distances[rows])
