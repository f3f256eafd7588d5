"""Candidates for the nearest rows of an accelerator, exact or approximate, removed rows left out.

FAISS can be told to skip removed rows. A graph or inverted lists then spend their effort among the
removed rows and come back with whatever lies beyond: with labels of 18.6 % of the rows removed, the
neighbours of queries near them were found to 84 % (HNSW) and 90 % (IVF). So every search fetches
removed rows like any others and drops them afterwards; a query that is left with too few candidates
is answered exactly, from the rows that are alive.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from siam.index.accelerator import Accelerator
from siam.index.cells import search_cells
from siam.index.threads import one_thread

__all__ = ["TIES", "approximate", "exact", "nearest", "nearest_among"]

# Numbers that one query is compared with on one thread.
ALONE = 20_000_000
# Removed rows that an exact search fetches and drops.
OVERFETCH = 64
# Candidates beyond the k-th, so that ranking, not FAISS's rounding, decides between near ties.
TIES = 4
# Queries for which, and vectors among which, dividing the vectors into cells pays.
MANY, DIVISIBLE = 256, 4_096
# Candidates that an approximate search fetches for removed rows, beside half of those it wants.
SPARE = 6
# Rows gathered at once where some of them are searched: 32 MB at 128 dimensions.
GATHER = 65_536


def exact(base: Accelerator, dead: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """Return the positions of the `k` nearest rows that are alive.

    Args:
        base: the accelerator.
        dead: int64, ascending: positions that must not be found.
        queries: float32 of shape (n, dim), unit length.
        k: 1 or more.

    Returns:
        int64 of shape (n, k or some more or fewer), -1 for none.
    """
    spare = min(len(dead), OVERFETCH)
    width = min(k + spare + TIES, len(base.ids))
    found, dropped = _drop(dead, _every_row(base, queries, width))
    short = dropped > spare
    if short.any():
        alive = np.delete(np.arange(len(base.ids)), dead)
        _replace(found, short, nearest_among(base.vectors.__getitem__, alive, queries[short], k))
    return found


def approximate(base: Accelerator, dead: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """Return the positions of candidates for the `k` nearest rows that are alive.

    Arguments and result are those of `exact`; `base` has an approximate index.
    """
    effort = dict(base.effort)
    # Quantised codes rank roughly: more candidates than asked for are ranked again exactly.
    wanted = k * effort.pop("refine", 1)
    spare = min(len(dead), wanted // 2 + SPARE)
    width = min(wanted + spare, len(base.ids))
    # Further candidates take further looking: with half of the rows removed, a graph asked for 37
    # with the effort that finds 99.2 % of 10 found 96.5 %.
    effort = {name: math.ceil(value * width / wanted) for name, value in effort.items()}
    parameters = _search_parameters(base.approximate, effort)
    if len(queries) == 1:  # waking other threads for one query costs more than it saves
        with one_thread():
            _, proposed = base.approximate.search(queries, width, params=parameters)
    else:
        _, proposed = base.approximate.search(queries, width, params=parameters)
    found, dropped = _drop(dead, proposed)
    least = min(k, len(base.ids) - len(dead))
    short = (dropped > spare) | ((found >= 0).sum(axis=1) < least)
    if short.any():
        certain = exact(base, dead, queries[short], k)
        more = max(0, certain.shape[1] - width)
        found = np.pad(found, ((0, 0), (0, more)), constant_values=-1)
        _replace(found, short, certain)
    return found


def nearest(queries: np.ndarray, vectors: np.ndarray, k: int) -> np.ndarray:
    """Return the positions, int64 (n, k), of the `k` vectors most similar to each query.

    Args:
        queries: float32 of shape (n, dim), unit length.
        vectors: float32 of shape (m, dim), unit length; a mapped file is read, not copied.
        k: 1 to m.
    """
    import faiss

    return np.asarray(faiss.knn(queries, vectors, k, faiss.METRIC_INNER_PRODUCT)[1])


def nearest_among(
    take: Callable[[np.ndarray], np.ndarray], among: np.ndarray, queries: np.ndarray, k: int
) -> np.ndarray:
    """Return the positions of the rows most similar to each query among some of them, exactly.

    Args:
        take: gives the vectors, float32 (m, dim), of m positions.
        among: int64, one or more: the positions that may be found.
        queries: float32 of shape (n, dim), unit length.
        k: 1 or more.

    Returns:
        int64 of shape (n, k + TIES, or as many as there are).
    """
    import faiss

    width = min(k + TIES, len(among))
    heap = faiss.ResultHeap(len(queries), width, keep_max=True)
    for start in range(0, len(among), GATHER):
        block = among[start : start + GATHER]
        similarity, found = faiss.knn(
            queries, take(block), min(width, len(block)), faiss.METRIC_INNER_PRODUCT
        )
        heap.add_result(similarity, block[found])
    heap.finalize()
    return np.asarray(heap.I)


def _every_row(base: Accelerator, queries: np.ndarray, width: int) -> np.ndarray:
    """Compare with every row, removed ones too, in the way that is fastest for so many queries."""
    small = base.vectors.size <= ALONE
    if small and len(queries) == 1:
        with one_thread():
            return nearest(queries, base.vectors, width)
    if small and len(queries) >= MANY and len(base.vectors) >= DIVISIBLE:
        found = search_cells(base.cells, queries, width)
        if found is not None:
            return found
    return nearest(queries, base.vectors, width)


def _drop(dead: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions (n, width) with -1 for removed rows, and how many those were (n,)."""
    if not len(dead):
        return found, np.zeros(len(found), np.int64)
    place = np.minimum(np.searchsorted(dead, found), len(dead) - 1)
    removed = dead[place] == found
    found[removed] = -1
    return found, removed.sum(axis=1)


def _replace(found: np.ndarray, short: np.ndarray, certain: np.ndarray) -> None:
    """Put the certain answers of the queries that were left short in place of what they found."""
    found[short] = -1
    found[short, : certain.shape[1]] = certain


def _search_parameters(index: Any, effort: dict[str, int]) -> Any:
    """Return FAISS search parameters of the class that `index` takes, None for its defaults.

    Args:
        index: a FAISS index.
        effort: values by FAISS's names, such as {"efSearch": 64} or {"nprobe": 16}.
    """
    faiss: Any = importlib.import_module("faiss")
    if not effort:
        return None
    if isinstance(index, faiss.IndexPreTransform):
        inner = _search_parameters(faiss.downcast_index(index.index), effort)
        return faiss.SearchParametersPreTransform(index_params=inner)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(**effort)
    if isinstance(index, faiss.IndexIVFPQ):
        return faiss.IVFPQSearchParameters(**effort)
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(**effort)
    return faiss.SearchParameters(**effort)
