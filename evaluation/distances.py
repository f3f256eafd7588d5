"""Distances between unit embeddings, and exact nearest neighbours by FAISS.

A distance is Euclidean between unit embeddings: 0 to 2, smaller = closer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.errors import DataError
from siam.progress import Progress, silent

__all__ = ["Neighbours", "check_embeddings", "distance_block", "nearest", "pair_distances"]

QUERIES_PER_SEARCH = 1024


@dataclass(frozen=True)
class Neighbours:
    """The k nearest gallery items of each query, nearest first.

    Attributes:
        distances: float32 (n, k), 0 to 2, smaller = closer, rising along each row.
        positions: int64 (n, k), rows of the gallery.
    """

    distances: np.ndarray
    positions: np.ndarray


def check_embeddings(embeddings: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the embeddings as float32 (n, dim) and the labels as int64 (n,), or refuse them.

    Args:
        embeddings: (n, dim), rows of unit length.
        labels: (n,), integers.

    Raises:
        DataError: shapes that do not fit, a value that is not finite, or a row not of unit length.
    """
    vectors = np.ascontiguousarray(embeddings, dtype=np.float32)
    numbers = np.asarray(labels).astype(np.int64)
    if vectors.ndim != 2 or numbers.shape != (len(vectors),):
        raise DataError(
            "Embeddings must be (n, dim) with labels (n,), "
            f"received {np.shape(embeddings)} and {np.shape(labels)}."
        )
    lengths = np.linalg.norm(vectors, axis=1)
    wrong = ~(np.abs(lengths - 1) < 1e-3)  # written so that NaN counts as wrong
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"Embeddings must have length 1, row {row} has length {lengths[row]:.4g}.",
            "Divide each row by its length; a NaN means that training diverged.",
        )
    return vectors, numbers


def pair_distances(embeddings: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the distance of each pair of rows.

    Args:
        embeddings: float32 (n, dim), unit rows.
        left, right: int64 (count,), rows of `embeddings`.

    Returns:
        float64 (count,), 0 to 2, smaller = closer.

    Example:
        >>> pair_distances(np.eye(2), np.array([0, 0]), np.array([0, 1])).round(3).tolist()
        [0.0, 1.414]
    """
    difference = embeddings[left].astype(np.float64) - embeddings[right]
    distances: np.ndarray = np.sqrt(np.einsum("nd,nd->n", difference, difference))
    return distances


def distance_block(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return all distances between two sets of unit rows, float64 (n, m).

    Args:
        rows, columns: float64 (n, dim) and (m, dim). In float64, since |a - b|² = 2 - 2ab loses
            half of its digits where a and b are close.
    """
    squared: np.ndarray = rows @ columns.T
    squared *= -2
    squared += 2
    np.maximum(squared, 0, out=squared)
    np.sqrt(squared, out=squared)
    return squared


def nearest(
    queries: np.ndarray,
    gallery: np.ndarray,
    k: int,
    *,
    same_set: bool = False,
    progress: Progress = silent,
) -> Neighbours:
    """Find each query's nearest gallery items, exactly.

    Args:
        queries: float32 (n, dim), unit rows.
        gallery: float32 (m, dim), unit rows.
        k: neighbours wanted; fewer come back where the gallery has fewer.
        same_set: the queries are the gallery, row for row; none is then its own neighbour.
    """
    import faiss

    available = len(gallery) - same_set
    k = max(0, min(k, available))
    distances = np.empty((len(queries), k), np.float32)
    positions = np.empty((len(queries), k), np.int64)
    if k == 0 or len(queries) == 0:
        return Neighbours(distances, positions)
    index = faiss.IndexFlatL2(gallery.shape[1])
    index.add(np.ascontiguousarray(gallery, np.float32))
    for start in range(0, len(queries), QUERIES_PER_SEARCH):
        block = slice(start, min(start + QUERIES_PER_SEARCH, len(queries)))
        squared, found = index.search(
            np.ascontiguousarray(queries[block], np.float32), k + same_set
        )
        if same_set:
            squared, found = _without_self(squared, found, np.arange(block.start, block.stop))
        distances[block] = np.sqrt(np.maximum(squared, 0))
        positions[block] = found
        progress("neighbours", block.stop, len(queries))
    return Neighbours(distances, positions)


def _without_self(
    squared: np.ndarray, found: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Drop each query's own row, which need not come first among exact duplicates."""
    is_self = found == own[:, None]
    # Among many duplicates the query itself may not have come back: then the last one goes.
    is_self[~is_self.any(axis=1), -1] = True
    shape = (len(found), found.shape[1] - 1)
    return squared[~is_self].reshape(shape), found[~is_self].reshape(shape)
