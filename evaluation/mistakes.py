"""The worst mistakes, to be looked at: often a mislabelled or unreadable picture."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from siam.array_types import Booleans, Floats, Integers, Reals, Vectors
from siam.evaluation.distances import Embedded, pair_distances

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


def worst_pairs(pictures: Embedded, count: int) -> tuple[WorstPairs, WorstPairs]:
    """Return the closest pairs of different classes and the farthest pairs of one class.

    Each picture is paired with its own worst partner; of these the worst pairs are kept, no
    picture in two of them, or one bad picture would fill the page.

    Args:
        pictures: what pairs are made of.
        count: pairs of each kind wanted; fewer come back where there are fewer.
    """
    vectors, numbers = pictures.embeddings, pictures.labels
    order = np.argsort(numbers, kind="stable")  # each class becomes one slice
    by_class = vectors[order].astype(np.float64)
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-np.inf))
    partners = np.tile(np.arange(len(vectors)), (2, 1))  # itself where it has none
    for begin, end in itertools.pairwise([*starts.tolist(), len(vectors)]):
        for start in range(begin, end, ROWS_PER_BLOCK):
            rows = slice(start, min(start + ROWS_PER_BLOCK, end))
            similarity = by_class[rows] @ by_class.T
            # Its own similarity, 1, is the largest.
            partners[1, order[rows]] = order[begin + similarity[:, begin:end].argmin(axis=1)]
            similarity[:, begin:end] = -np.inf
            if end - begin < len(vectors):
                partners[0, order[rows]] = order[similarity.argmax(axis=1)]
    closest, farthest = (_distances(vectors, row) for row in partners)
    return (
        _without_repeats(partners[0], closest, np.argsort(closest, kind="stable"), count),
        _without_repeats(partners[1], farthest, np.argsort(-farthest, kind="stable"), count),
    )


def _distances(vectors: Vectors, partners: Integers) -> Floats:
    """Return each picture's distance to its partner; NaN, sorted last, where that is itself."""
    rows = np.arange(len(vectors))
    return np.where(partners == rows, np.nan, pair_distances(vectors, rows, partners))


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
