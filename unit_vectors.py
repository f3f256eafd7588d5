"""Vectors of unit length: what they must be, and which of them are nearest, exactly.

The distance is Euclidean, 0 to 2, smaller = closer; on unit vectors it orders as the inner product.
"""

from __future__ import annotations

import contextlib

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from siam.array_types import Booleans, Integers, Vectors
from siam.errors import DataError
from siam.faiss_library import is_loaded, one_thread, search_rows
from siam.parallel import cores, parallel_map
from siam.progress import Progress, silent

__all__ = [
    "Neighbours",
    "are_unit_rows",
    "check_unit_rows",
    "exact_neighbours",
    "nearest_rows",
    "without_self",
]

# A float16 or quantised encoder rounds lengths by this much; more means it forgot to normalise.
TOLERANCE = 1e-3
# Below this float32 rounding itself is the cause, and mending it would only change the vector.
ROUNDING = 1e-6
QUERIES_PER_SEARCH = 1024
# Fewer cost less than a thread of their own saves.
FEWEST_PER_SEARCH = 32
# From 9,216 on, OpenBLAS wakes other threads, for which one query would wait longer than they save.
NUMBERS_ON_ONE_THREAD = 8_192
# Candidates beyond the k-th, so that the distance, not rounding, decides between near ties.
TIES = 4


class Neighbours(msgspec.Struct, frozen=True):
    """The k nearest gallery items of each query, nearest first.

    Attributes:
        distances: float32 (n, k), 0 to 2, smaller = closer, rising along each row.
        positions: int64 (n, k), rows of the gallery.
    """

    distances: Vectors
    positions: Integers


def are_unit_rows(vectors: Vectors) -> Booleans:
    """Return which rows of float32 (n, dim) are finite and of length 1, within `TOLERANCE`.

    Example:
        >>> are_unit_rows(np.array([[0.6, 0.8], [0.6, np.nan], [3.0, 4.0]], np.float32)).tolist()
        [True, False, False]
    """
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    right: Booleans = np.abs(lengths - 1.0) <= TOLERANCE  # NaN and infinity are not
    return right


def check_unit_rows(
    vectors: ArrayLike, *, dim: int | None = None, what: str = "embeddings"
) -> Vectors:
    """Return `vectors` as float32 of shape (n, dim), each of unit length.

    Args:
        vectors: numbers of shape (n, dim), or (dim,) for one. Each row has length 1 within
            `TOLERANCE`; what rounding took or added is set right, so that inner product and
            Euclidean distance order neighbours alike.
        dim: the length that a vector must have, where one is demanded.
        what: how the error names them.

    Raises:
        DataError: another shape, NaN or infinity, or a row that is not of unit length.

    Example:
        >>> check_unit_rows([0.6, 0.8])
        array([[0.6, 0.8]], dtype=float32)
    """
    array = np.ascontiguousarray(vectors, dtype=np.float32)
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or dim not in (None, array.shape[1]):
        raise DataError(
            f"{what} must have the shape (n, {dim or 'dim'}), received {np.shape(vectors)}.",
            "Embed the pictures with the encoder that the others were embedded with.",
        )
    squared = np.einsum("nd,nd->n", array, array)
    off = np.abs(squared - 1.0)
    # NaN and infinity fail this comparison too, so the usual case costs one pass.
    if not len(off) or off.max() <= ROUNDING:
        return array
    finite = np.isfinite(squared)
    if not finite.all():
        raise DataError(
            f"{what} must be finite numbers; row {int(np.argmin(finite))} holds NaN or infinity.",
            "Leave that picture out; where all hold NaN, training diverged.",
        )
    lengths = np.sqrt(squared)
    right = are_unit_rows(array)
    if not right.all():
        row = int(np.argmin(right))
        raise DataError(
            f"{what} must have length 1 (within {TOLERANCE}); row {row} has {lengths[row]:.4g}.",
            "Divide each vector by its length: v / np.linalg.norm(v, axis=1, keepdims=True).",
        )
    return np.where(off[:, None] > ROUNDING, array / lengths[:, None], array)


def nearest_rows(queries: Vectors, gallery: Vectors, k: int) -> Integers:
    """Return the positions, int64 (n, k), of the `k` rows most similar to each query.

    Args:
        queries: float32 of shape (n, dim), unit length.
        gallery: float32 of shape (m, dim), unit length; a mapped file is read, not copied.
        k: 1 to m.

    Example:
        >>> nearest_rows(np.eye(1, 3, dtype=np.float32), np.eye(3, dtype=np.float32), 2)
        array([[0, 1]])
    """
    if len(queries) == 1 and not is_loaded():
        return _nearest_to_one(queries[0], gallery, k)[None]
    return search_rows(queries, gallery, k)[1]


def _nearest_to_one(query: Vectors, gallery: Vectors, k: int) -> Integers:
    """Return `nearest_rows` (k,) of one query: without FAISS, which takes longer to import."""
    count, dim = gallery.shape
    size = max(1, NUMBERS_ON_ONE_THREAD // dim)
    whole = count // size * size
    away = np.empty(count, np.float32)
    np.matmul(gallery[whole:], -query, out=away[whole:])
    groups = away[:whole].reshape(-1, size)
    np.matmul(gallery[:whole].reshape(-1, size, dim), -query, out=groups)
    # No fewer than k rows are as near as the k-th of the groups' nearest.
    least = groups.min(axis=1) if len(groups) >= k else away
    bound = np.partition(least, k - 1)[k - 1] + 2 * dim * np.finfo(np.float32).eps
    rows = np.flatnonzero(~(away > bound))
    # einsum adds up each row alone, where BLAS takes several together: equal rows are equally near.
    away = -np.einsum("md,d->m", gallery[rows], query)
    # Stable: of equally near rows the earlier ones; NaN, of a damaged file, comes last.
    return rows[np.argsort(away, kind="stable")[:k]]


def exact_neighbours(
    queries: Vectors,
    gallery: Vectors,
    k: int,
    *,
    same_set: bool = False,
    progress: Progress = silent,
) -> Neighbours:
    """Find each query's nearest gallery items, exactly, with their distances.

    Args:
        queries: float32 (n, dim), unit rows.
        gallery: float32 (m, dim), unit rows.
        k: neighbours wanted; fewer come back where the gallery has fewer.
        same_set: the queries are the gallery, row for row; none is then its own neighbour.
        progress: told of queries answered.

    Example:
        >>> rows = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
        >>> exact_neighbours(rows, rows, 1, same_set=True).positions.ravel().tolist()
        [1, 0, 1]
    """
    k = max(0, min(k, len(gallery) - same_set))
    distances = np.empty((len(queries), k), np.float32)
    positions = np.empty((len(queries), k), np.int64)
    if k == 0 or len(queries) == 0:
        return Neighbours(distances, positions)
    gallery = np.ascontiguousarray(gallery, np.float32)
    share = max(FEWEST_PER_SEARCH, -(-len(queries) // cores()))
    size = min(share, QUERIES_PER_SEARCH)

    def search(start: int) -> int:
        block = slice(start, min(start + size, len(queries)))
        asked = np.ascontiguousarray(queries[block], np.float32)
        # FAISS's own threads spin while they wait for each other, wherever scikit-learn started
        # OpenMP before: five sixths of the processor's time.
        with one_thread() if len(asked) > 1 else contextlib.nullcontext():
            rows = nearest_rows(asked, gallery, min(k + same_set + TIES, len(gallery)))
        # The inner product has lost half of its digits where two vectors are close.
        difference = gallery[rows] - asked[:, None]
        near = np.sqrt(np.einsum("nkd,nkd->nk", difference, difference))
        order = np.lexsort((rows, near))[:, : k + same_set]
        near, rows = (np.take_along_axis(values, order, axis=1) for values in (near, rows))
        if same_set:
            near, rows = without_self(near, rows, np.arange(block.start, block.stop))
        distances[block], positions[block] = near, rows
        return block.stop

    for done in parallel_map(search, range(0, len(queries), size), ahead=1):
        progress("Finding neighbours", done, len(queries))
    return Neighbours(distances, positions)


def without_self(distances: Vectors, rows: Integers, own: Integers) -> tuple[Vectors, Integers]:
    """Drop each query's own row, which need not come first among exact duplicates."""
    is_self = rows == own[:, None]
    # Among many duplicates the query itself may not have come back: then the last one goes.
    is_self[~is_self.any(axis=1), -1] = True
    shape = (len(rows), rows.shape[1] - 1)
    return distances[~is_self].reshape(shape), rows[~is_self].reshape(shape)
