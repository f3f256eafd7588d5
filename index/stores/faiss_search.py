"""Candidates for the nearest rows of a FAISS store, exact or approximate, removed rows left out.

FAISS can be told to skip removed rows. A graph or inverted lists then spend their effort among the
removed rows and come back with whatever lies beyond: with labels of 18.6 % of the rows removed, the
neighbours of queries near them were found to 84 % (HNSW) and 90 % (IVF). So every search fetches
removed rows like any others and drops them afterwards; a query that is left with too few candidates
is answered exactly, from the rows that are alive.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

import numpy as np

from siam.array_types import Booleans, Integers, Vectors
from siam.faiss_library import load_faiss, one_thread, search_rows
from siam.index.stores.cells import search_cells
from siam.index.stores.faiss_files import FaissFiles
from siam.index.stores.faiss_structure import search_parameters
from siam.unit_vectors import nearest_rows

__all__ = ["propose"]

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


def propose(
    base: FaissFiles,
    queries: Vectors,
    k: int,
    *,
    where: Integers | None = None,
    without: Integers | None = None,
    exact: bool = False,
) -> Integers:
    """Return the ids of candidates for the `k` nearest; see `VectorStore.propose`."""
    if where is not None:
        rows = base.rows_of(where)
        rows = np.sort(rows[rows >= 0])
        if not len(rows):
            return np.full((len(queries), 0), -1, np.int64)
        return base.ids_at(_nearest_among(base.vectors.__getitem__, rows, queries, k))
    dead = base.removed_rows
    if without is not None and len(without):
        rows = base.rows_of(without)
        dead = np.union1d(dead, rows[rows >= 0])
    if len(dead) == len(base.ids):
        return np.full((len(queries), 0), -1, np.int64)
    look = _exact if exact or base.approximate is None else _approximate
    return base.ids_at(look(base, dead, queries, k))


def _exact(base: FaissFiles, dead: Integers, queries: Vectors, k: int) -> Integers:
    """Return the `k` nearest rows and some more, none of them `dead` (ascending); -1 for none."""
    spare = min(len(dead), OVERFETCH)
    width = min(k + spare + TIES, len(base.ids))
    rows, lost = _mask(dead, _every_row(base, queries, width))
    short = lost > spare
    if short.any():
        alive = np.delete(np.arange(len(base.ids)), dead)
        _replace(rows, short, _nearest_among(base.vectors.__getitem__, alive, queries[short], k))
    return rows


def _approximate(base: FaissFiles, dead: Integers, queries: Vectors, k: int) -> Integers:
    """Return candidates as `_exact` does, by the approximate index."""
    effort = dict(base.manifest.effort)
    # Quantised codes rank roughly: more candidates than asked for are ranked again exactly.
    goal = k * effort.pop("refine", 1)
    spare = min(len(dead), goal // 2 + SPARE)
    width = min(goal + spare, len(base.ids))
    # Further candidates take further looking: with half of the rows removed, a graph asked for 37
    # with the effort that finds 99.2 % of 10 found 96.5 %.
    effort = {name: math.ceil(value * width / goal) for name, value in effort.items()}
    parameters = search_parameters(base.approximate, effort)
    try:
        # Waking other threads for one query costs more than it saves.
        with one_thread() if len(queries) == 1 else contextlib.nullcontext():
            _, candidates = base.approximate.search(queries, width, params=parameters)
    except (RuntimeError, MemoryError):  # what is in the file is no structure that FAISS can search
        return _exact(base, dead, queries, k)
    # Rows that a forged one speaks of are none.
    candidates[(candidates < 0) | (candidates >= len(base.ids))] = -1
    rows, lost = _mask(dead, candidates)
    least = min(k, len(base.ids) - len(dead))
    short = (lost > spare) | ((rows >= 0).sum(axis=1) < least)
    if short.any():
        exact_rows = _exact(base, dead, queries[short], k)
        more = max(0, exact_rows.shape[1] - width)
        rows = np.pad(rows, ((0, 0), (0, more)), constant_values=-1)
        _replace(rows, short, exact_rows)
    return rows


def _nearest_among(
    take: Callable[[Integers], Vectors], among: Integers, queries: Vectors, k: int
) -> Integers:
    """Return the rows most similar to each query among some; `take` gives their vectors."""
    faiss = load_faiss()
    width = min(k + TIES, len(among))
    heap = faiss.ResultHeap(len(queries), width, keep_max=True)
    for start in range(0, len(among), GATHER):
        block = among[start : start + GATHER]
        similarity, rows = search_rows(queries, take(block), min(width, len(block)))
        heap.add_result(similarity, block[rows])
    heap.finalize()
    return np.asarray(heap.I)


def _every_row(base: FaissFiles, queries: Vectors, width: int) -> Integers:
    """Compare with every row, removed ones too, in the way that is fastest for so many queries."""
    small = base.vectors.size <= ALONE
    if small and len(queries) >= MANY and len(base.vectors) >= DIVISIBLE:
        rows = search_cells(base.cells, queries, width)
        if rows is not None:
            return rows
    return nearest_rows(queries, base.vectors, width)


def _mask(dead: Integers, rows: Integers) -> tuple[Integers, Integers]:
    """Return the positions (n, width) with -1 for removed rows, and how many those were (n,)."""
    if not len(dead):
        return rows, np.zeros(len(rows), np.int64)
    place = np.minimum(np.searchsorted(dead, rows), len(dead) - 1)
    removed = dead[place] == rows
    rows[removed] = -1
    return rows, removed.sum(axis=1)


def _replace(rows: Integers, short: Booleans, exact_rows: Integers) -> None:
    """Put exact answers in place of those of the queries that were left short."""
    rows[short] = -1
    rows[short, : exact_rows.shape[1]] = exact_rows
