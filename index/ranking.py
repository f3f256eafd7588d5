"""Ordering candidates by their exact distance: what decides, whoever proposed them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from siam.array_types import Integers, Vectors
from siam.index.matches import Matches
from siam.unit_vectors import nearest_rows

__all__ = ["Candidates", "brute_force_in", "rank"]

# Queries ranked at once, so that their candidates' vectors stay in the processor's cache; fewer
# where each has so many candidates that these vectors would take more than 256 MB.
BLOCK = 256
MOST_NUMBERS = 1 << 26
# Candidates beyond k, so that rounding in a product loses none of the k nearest.
SPARE = 8
# Ids of candidates, int64 (n, m), -1 for none, and what gives the vectors of such ids: NaN for
# -1 and for one that is not there any more.
Candidates = tuple[Integers, Callable[[Integers], Vectors]]


def rank(queries: Vectors, candidates: Sequence[Candidates], k: int) -> Matches:
    """Return the `k` nearest of each query's candidates, ties by id; -1 and infinity past the end.

    Args:
        queries: float32 of shape (n, dim), unit length.
        candidates: one or more lots of them; no id is in two.
        k: 1 or more.

    Example:
        >>> corners = np.eye(3, dtype=np.float32)
        >>> rank(corners[:1], [(np.array([[1, 0, 2]]), corners.__getitem__)], 2).ids.tolist()
        [[0, 1]]
    """
    width = sum(ids.shape[1] for ids, _ in candidates)
    if not width or not len(queries):
        nobody = np.empty((len(queries), 0), np.int64)
        return _padded(nobody, nobody.astype(np.float32), k)
    size = max(1, min(BLOCK, MOST_NUMBERS // (width * queries.shape[1])))
    if len(queries) <= size:
        return _padded(*_rank_block(queries, candidates, k), k)
    parts = []
    for start in range(0, len(queries), size):
        block = slice(start, start + size)
        parts.append(_rank_block(queries[block], [(ids[block], t) for ids, t in candidates], k))
    ids = np.concatenate([part[0] for part in parts])
    return _padded(ids, np.concatenate([part[1] for part in parts]), k)


def brute_force_in(pieces: Iterable[tuple[Integers, Vectors]], queries: Vectors, k: int) -> Matches:
    """Return the `k` nearest of all ids and vectors that come in pieces, exactly."""
    shape = (len(queries), k)
    nearest = Matches(np.full(shape, -1, np.int64), np.full(shape, np.inf, np.float32))
    for ids, vectors in pieces:
        near = nearest_rows(queries, vectors, min(k + SPARE, len(ids)))
        part = rank(np.array(queries), [(near, vectors.__getitem__)], k)
        both = np.hstack([nearest.distances, part.distances])
        ids_so_far = np.hstack([nearest.ids, np.where(part.ids < 0, -1, ids[part.ids])])
        best = np.lexsort((ids_so_far, both), axis=1)[:, :k]
        nearest = Matches(
            np.take_along_axis(ids_so_far, best, axis=1), np.take_along_axis(both, best, axis=1)
        )
    return nearest


def _rank_block(
    queries: Vectors, candidates: Sequence[Candidates], k: int
) -> tuple[Integers, Vectors]:
    """Return ids and exact distances of candidates, nearest first.

    FAISS computes batches as |q|^2 + |v|^2 - 2 q.v, whose rounding shows as distances of
    3e-4 between equal vectors; subtracting first makes them 0 for any batch size.
    """
    lots = []
    for ids, take in candidates:
        difference = take(ids)
        difference -= queries[:, None]
        lots.append(np.sqrt(np.einsum("qcd,qcd->qc", difference, difference)))
    distances = lots[0] if len(lots) == 1 else np.concatenate(lots, axis=1)
    parts = [ids for ids, _ in candidates]
    ids = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    np.minimum(distances, 2.0, out=distances)  # rounding may pass the greatest there is
    if np.isnan(distances.max()):  # -1 has no vector either
        gone = np.isnan(distances)
        distances[gone] = np.inf
        ids = np.where(gone, -1, ids)
    order = np.lexsort((ids, distances), axis=1)[:, :k]
    rows = np.arange(len(queries))[:, None]
    return ids[rows, order], distances[rows, order]


def _padded(ids: Integers, distances: Vectors, k: int) -> Matches:
    missing = k - ids.shape[1]
    if missing:
        ids = np.pad(ids, ((0, 0), (0, missing)), constant_values=-1)
        distances = np.pad(distances, ((0, 0), (0, missing)), constant_values=np.inf)
    return Matches(ids, distances.astype(np.float32, copy=False))
