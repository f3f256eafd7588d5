"""Each picture's neighbours, and those that it would have were its class not in the gallery."""

from __future__ import annotations

import numpy as np

from siam.array_types import Integers, Vectors
from siam.evaluation.distances import Embedded
from siam.progress import Progress, silent
from siam.unit_vectors import Neighbours, exact_neighbours

__all__ = ["neighbours_by_class"]

# Pictures of a small class. 10,000 pictures of a thousand classes among 60,000: 1.1 s, apart 12.4.
FEW = 100


def neighbours_by_class(
    queries: Embedded,
    gallery: Embedded,
    k: int,
    *,
    same_set: bool = False,
    progress: Progress = silent,
) -> tuple[Neighbours, Neighbours]:
    """Find each query's nearest gallery items, and its nearest of other classes, exactly.

    Both are found in one pass: by a search so deep that a small class cannot fill it, and of a
    large one by searching it and all others apart.

    Args:
        queries: n pictures.
        gallery: m pictures.
        k: neighbours wanted.
        same_set: the queries are the gallery, row for row; none is then its own neighbour.
        progress: told of queries answered.

    Returns:
        The neighbours, and those without the query's class: k columns each, in which a missing one
        is infinitely far, its position 0.

    Example:
        >>> rows = Embedded(np.array([[1, 0], [0.8, 0.6], [0, 1]]), np.array([0, 0, 1]))
        >>> near, others = neighbours_by_class(rows, rows, 1, same_set=True)
        >>> near.positions.ravel().tolist(), others.positions.ravel().tolist()
        ([1, 0, 1], [2, 2, 1])
    """
    count = len(queries.labels)
    # Of its own class, then of others: k columns each.
    distances = np.full((count, 2 * k), np.inf, np.float32)
    positions = np.zeros((count, 2 * k), np.int64)

    def keep(asked: Integers, first: int, near: Vectors, rows: Integers) -> None:
        columns = slice(first, first + near.shape[1])
        distances[asked, columns] = near
        positions[asked, columns] = np.where(np.isfinite(near), rows, 0)

    sizes = np.bincount(gallery.labels, minlength=queries.labels.max(initial=0) + 1)
    is_small = sizes[queries.labels] <= FEW
    asked = np.flatnonzero(is_small)
    near = exact_neighbours(
        queries.embeddings[asked], gallery.embeddings, k + FEW + same_set, progress=progress
    )
    own = gallery.labels[near.positions] == queries.labels[asked, None]
    itself = near.positions == asked[:, None] if same_set else np.zeros_like(own)
    for first, dropped in ((0, ~own | itself), (k, own)):
        left = np.where(dropped, np.inf, near.distances)
        order = np.argsort(left, axis=1, kind="stable")[:, :k]
        left, rows = (np.take_along_axis(part, order, axis=1) for part in (left, near.positions))
        keep(asked, first, left, rows)
    done = len(asked)
    for label in np.unique(queries.labels[~is_small]):
        asked = np.flatnonzero(queries.labels == label)
        is_own = gallery.labels == label
        for first, inside in ((0, is_own), (k, ~is_own)):
            rows = np.flatnonzero(inside)
            near = exact_neighbours(
                queries.embeddings[asked],
                gallery.embeddings[rows],
                k,
                same_set=same_set and first == 0,
            )
            keep(asked, first, near.distances, rows[near.positions])
        done += len(asked)
        progress("Finding neighbours", done, count)
    order = np.lexsort((positions, distances))[:, :k]
    nearest = Neighbours(
        np.take_along_axis(distances, order, axis=1), np.take_along_axis(positions, order, axis=1)
    )
    return nearest, Neighbours(distances[:, k:], positions[:, k:])
