"""Exact search for many queries at once that leaves out what geometry says cannot be near.

The vectors are divided into cells, each vector in that of the centre it is most similar to. Between
a query whose own cell is `a` and every vector of another cell `c` lies the plane midway between
the two centres, so none of them is nearer to the query than the plane is:

    distance >= (q.a - q.c) / |a - c|

A cell is searched only where this bound is within the distance of the k-th neighbour found so far.
Embeddings of a trained tower lie in clumps a good way apart, and a tenth of them need be compared;
where vectors lie anywhere, everything is compared by FAISS as without cells.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from siam.array_types import Booleans, Integers, Vectors
from siam.faiss_library import load_faiss, one_thread

__all__ = ["Cells", "divide", "search_cells"]

CELLS = 32
# Vectors that the centres are learned from, for each of them.
SAMPLE = 64
ROUNDS = 5
# Queries at once: their bounds and neighbours stay in the processor's cache.
BLOCK = 1024
# More than float32 rounding can take from a similarity of unit vectors.
ROUNDING = 1e-5
# Where more of the cells than this must be searched, one search of everything is faster.
MOST = 0.4


class Cells(msgspec.Struct, frozen=True):
    """Vectors, cell by cell.

    Attributes:
        centres: float32 (c, dim).
        gaps: float32 (c, c), distances between centres; 1 from each to itself.
        vectors: float32 (n, dim), unit length, in the order of their cells.
        positions: int64 (n,), where each came from; ascending within a cell.
        starts: int64 (c + 1,), where each cell starts in `vectors`, and where the last ends.
    """

    centres: Vectors
    gaps: Vectors
    vectors: Vectors
    positions: Integers
    starts: Integers


def divide(vectors: Vectors) -> Cells:
    """Divide vectors into cells; takes about as long as searching them for a hundred queries.

    Args:
        vectors: float32 (n, dim), unit length, n at least `CELLS`.
    """
    faiss = load_faiss()
    step = max(1, len(vectors) // (CELLS * SAMPLE))
    clustering = faiss.Kmeans(
        vectors.shape[1], CELLS, niter=ROUNDS, seed=1, spherical=True, min_points_per_centroid=1
    )
    clustering.train(np.ascontiguousarray(vectors[::step]))
    centres = np.asarray(clustering.centroids)
    _, nearest = faiss.knn(vectors, centres, 1, faiss.METRIC_INNER_PRODUCT)
    own = nearest[:, 0]
    positions = np.argsort(own, kind="stable")
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    np.fill_diagonal(gaps, 1.0)
    starts = np.searchsorted(own[positions], np.arange(CELLS + 1))
    return Cells(centres, np.maximum(gaps, ROUNDING), vectors[positions], positions, starts)


def search_cells(cells: Cells, queries: Vectors, k: int) -> Integers | None:
    """Return the positions of the `k` most similar vectors, or None where cells save nothing.

    Runs on the calling thread alone, so that several threads may search at once.

    Args:
        cells: as `divide` made them.
        queries: float32 (n, dim), unit length.
        k: 1 to as many as there are vectors.

    Returns:
        int64 (n, k), most similar first.

    Example:
        >>> cells = divide(np.eye(64, dtype=np.float32))
        >>> found = search_cells(cells, np.eye(64, dtype=np.float32)[:3], 1)
        >>> found is None or found[:, 0].tolist()
        [0, 1, 2]
    """
    rows = []
    with one_thread():
        for start in range(0, len(queries), BLOCK):
            block = _search_block(cells, queries[start : start + BLOCK], k)
            if block is None:
                return None
            rows.append(block)
    return np.concatenate(rows)


def _search_block(cells: Cells, queries: Vectors, k: int) -> Integers | None:
    faiss = load_faiss()
    # By FAISS, not NumPy: the threads of NumPy's BLAS spin for a while after every product.
    falling, order = faiss.knn(queries, cells.centres, CELLS, faiss.METRIC_INNER_PRODUCT)
    ahead = np.empty_like(falling)
    np.put_along_axis(ahead, order, falling[:, :1] - falling - ROUNDING, axis=1)
    own = order[:, 0]
    bounds = np.maximum(ahead, 0.0) / cells.gaps[own]
    at_home = own[:, None] == np.arange(CELLS)
    nearest = faiss.ResultHeap(len(queries), k, keep_max=True)
    _search_where(at_home, cells, queries, k, nearest)
    # d^2 = 2 - 2 cos on unit vectors; a query whose cell holds fewer than k reaches everywhere.
    furthest = np.maximum(nearest.D.min(axis=1), -1.0)
    reach = np.sqrt(np.maximum(2.0 - 2.0 * furthest, 0.0) + ROUNDING)
    near = (bounds <= reach[:, None]) & ~at_home
    if near.mean() > MOST:
        return None
    _search_where(near, cells, queries, k, nearest)
    nearest.finalize()
    return np.asarray(cells.positions[nearest.I])


def _search_where(mask: Booleans, cells: Cells, queries: Vectors, k: int, nearest: Any) -> None:
    """Search each cell for the queries that the mask gives it: bool (queries, cells)."""
    faiss = load_faiss()

    for cell, (start, end) in enumerate(zip(cells.starts[:-1], cells.starts[1:], strict=True)):
        asking = np.flatnonzero(mask[:, cell])
        if len(asking) and end > start:
            similarity, rows = faiss.knn(
                queries[asking],
                cells.vectors[start:end],
                min(k, int(end - start)),
                faiss.METRIC_INNER_PRODUCT,
            )
            nearest.add_result_subset(asking, similarity, rows + start)
