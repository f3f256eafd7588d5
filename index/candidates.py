"""Candidates for the nearest rows of an accelerator, exact or approximate, removed rows left out.

FAISS can be told to skip removed rows. An exact search loses nothing by that; a graph or inverted
lists spend their effort among the removed rows and come back with whatever lies beyond: with
labels of 18.6 % of the rows removed, the neighbours of queries near them were found to 84 % (HNSW)
and 90 % (IVF). So an approximate search fetches removed rows like any others and drops them
afterwards, and a query that is left with too few candidates is answered exactly.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from siam.index.accelerator import Accelerator
from siam.index.cells import search_cells
from siam.index.parameters import search_parameters
from siam.index.threads import one_thread

__all__ = ["TIES", "approximate", "exact"]

# Numbers that one query is compared with on one thread.
ALONE = 20_000_000
# Removed rows that an exact search fetches and drops; above it FAISS is told to skip them.
OVERFETCH = 64
# Candidates beyond the k-th, so that ranking, not FAISS's rounding, decides between near ties.
TIES = 4
# Queries for which, and vectors among which, dividing the vectors into cells pays.
MANY, DIVISIBLE = 256, 4_096
# Candidates that an approximate search fetches for removed rows, beside half of those it wants.
SPARE = 6


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
    removed = len(dead)
    parameters = None
    if removed > OVERFETCH:
        parameters = search_parameters(base.exact, {}, alive=_alive_bits(len(base.ids), dead))
    width = min(k + TIES if parameters else k + removed + TIES, len(base.ids))
    return _found(base, base.exact, dead, queries, width, parameters)[0]


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
    parameters = search_parameters(base.approximate, effort)
    found, dropped = _found(base, base.approximate, dead, queries, width, parameters)
    least = min(k, len(base.ids) - len(dead))
    short = (dropped > spare) | ((found >= 0).sum(axis=1) < least)
    if short.any():
        certain = exact(base, dead, queries[short], k)
        more = max(0, certain.shape[1] - width)
        found = np.pad(found, ((0, 0), (0, more)), constant_values=-1)
        found[short] = -1
        found[short, : certain.shape[1]] = certain
    return found


def _found(
    base: Accelerator,
    index: Any,
    dead: np.ndarray,
    queries: np.ndarray,
    width: int,
    parameters: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """Return positions int64 (n, width), -1 for removed rows, and how many were removed (n,)."""
    divided = _by_cells(base, queries, width) if index is base.exact and not parameters else None
    if divided is not None:
        found = divided
    elif len(queries) == 1 and (index is not base.exact or base.vectors.size <= ALONE):
        _, found = _alone(index, queries, width, parameters)
    else:
        _, found = index.search(queries, width, params=parameters)
    if not len(dead):
        return found, np.zeros(len(queries), np.int64)
    place = np.minimum(np.searchsorted(dead, found), len(dead) - 1)
    removed = dead[place] == found
    found[removed] = -1
    return found, removed.sum(axis=1)


def _by_cells(base: Accelerator, queries: np.ndarray, width: int) -> np.ndarray | None:
    """Search exactly cell by cell, or return None where everything had better be compared."""
    if len(queries) < MANY or len(base.vectors) < DIVISIBLE or base.vectors.size > ALONE:
        return None
    return search_cells(base.cells, queries, width)


def _alive_bits(count: int, dead: np.ndarray) -> np.ndarray:
    alive = np.ones(count, bool)
    alive[dead] = False
    bits: np.ndarray = np.packbits(alive, bitorder="little")
    return bits


def _alone(index: Any, query: np.ndarray, k: int, parameters: Any) -> Any:
    """Search on the calling thread: waking others for one query costs more than it saves."""
    with one_thread():
        return index.search(query, k, params=parameters)
