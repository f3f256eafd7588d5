"""What one search sees: an accelerator, and what the catalogue gained and lost after it.

A snapshot never changes, so any number of threads search it while a writer commits; the next
search takes a newer one. Positions count through the accelerator's rows, then the newer ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.index import candidates
from siam.index.accelerator import Accelerator
from siam.index.matches import Matches

__all__ = ["Snapshot"]

# Queries ranked at once, so that their candidates' vectors stay in the processor's cache.
RANK = 256


@dataclass(frozen=True)
class Snapshot:
    """The catalogue's vectors at one generation.

    Attributes:
        generation, stamp, last_id, count: the position in the catalogue's history.
        base: the accelerator, or None.
        dead: int64, ascending: positions in `base` whose item was removed or changed.
        newer: float32 of shape (t, dim), vectors that `base` lacks.
        newer_ids: int64 of shape (t,).
    """

    generation: int
    stamp: int
    last_id: int
    count: int
    base: Accelerator | None
    dead: np.ndarray
    newer: np.ndarray
    newer_ids: np.ndarray

    @property
    def lag(self) -> int:
        """Rows that the accelerator lacks or does not know to be removed."""
        known = 0 if self.base is None else self.base.removed
        return len(self.newer) + len(self.dead) - known

    def search(self, queries: np.ndarray, k: int, *, exact: bool) -> Matches:
        """Return the `k` nearest items of each query.

        Args:
            queries: float32 of shape (n, dim), unit length.
            k: 1 or more.
            exact: look at every vector, whatever the index kind.
        """
        found = []
        if self.base is not None and len(self.base.ids) > len(self.dead):
            propose = candidates.exact
            if not exact and self.base.approximate is not None:
                propose = candidates.approximate
            found.append(propose(self.base, self.dead, queries, k))
        if len(self.newer):
            offset = 0 if self.base is None else len(self.base.ids)
            width = min(k + candidates.TIES, len(self.newer))
            found.append(candidates.nearest(queries, self.newer, width) + offset)
        if not found:
            found = [np.full((len(queries), 1), -1, np.int64)]
        positions = found[0] if len(found) == 1 else np.concatenate(found, axis=1)
        return self._rank(queries, positions, k)

    def search_among(self, queries: np.ndarray, k: int, ids: np.ndarray) -> Matches:
        """Return the `k` nearest of each query among the items `ids`, exactly.

        Args:
            queries: float32 of shape (n, dim), unit length.
            k: 1 or more.
            ids: int64, the items that may be found; those not in the snapshot are passed over.
        """
        among = self.positions(ids)
        among = np.sort(among[among >= 0])
        if not len(among):
            return self._rank(queries, np.full((len(queries), 1), -1, np.int64), k)
        return self._rank(queries, candidates.nearest_among(self._take, among, queries, k), k)

    def range(self, query: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
        """Return ids int64 and distances float32 of all items at `radius` or nearer, nearest first.

        Args:
            query: float32 of shape (dim,), unit length.
            radius: 0 to 2.
        """
        # On unit vectors d^2 = 2 - 2 cos; the slack is float32 rounding, mended by the exact
        # distances below.
        least = 1.0 - radius * radius / 2.0 - 1e-5
        parts = []
        if self.base is not None and len(self.base.ids):
            near = np.flatnonzero(self.base.vectors @ query >= least)
            parts.append(near[~np.isin(near, self.dead)])
        if len(self.newer):
            offset = 0 if self.base is None else len(self.base.ids)
            parts.append(np.flatnonzero(self.newer @ query >= least) + offset)
        positions = np.concatenate(parts) if parts else np.empty(0, np.int64)
        matches = self._rank(query[None], positions[None], max(1, len(positions)))
        inside = (matches.distances[0] <= radius) & (matches.ids[0] >= 0)
        return matches.ids[0][inside], matches.distances[0][inside]

    def positions(self, ids: np.ndarray) -> np.ndarray:
        """Return the position of each item, -1 where the snapshot does not hold it."""
        result = np.full(len(ids), -1, np.int64)
        if self.base is not None and len(self.base.ids):
            order, sorted_ids = _sorted(self.base.ids)
            place = np.minimum(np.searchsorted(sorted_ids, ids), len(sorted_ids) - 1)
            there = (sorted_ids[place] == ids) & (ids >= 0)
            found = place if order is None else order[place]
            result[there] = found[there]
            if len(self.dead):
                result[np.isin(result, self.dead)] = -1
        if len(self.newer_ids):
            place = np.minimum(np.searchsorted(self.newer_ids, ids), len(self.newer_ids) - 1)
            there = self.newer_ids[place] == ids
            offset = 0 if self.base is None else len(self.base.ids)
            result[there] = place[there] + offset
        return result

    def _take(self, positions: np.ndarray) -> np.ndarray:
        if self.base is None or not len(self.newer):
            vectors = self.newer if self.base is None else self.base.vectors
            return np.asarray(vectors[positions])
        old = positions < len(self.base.ids)
        taken = np.empty((*positions.shape, self.newer.shape[1]), np.float32)
        taken[old] = self.base.vectors[positions[old]]
        taken[~old] = self.newer[positions[~old] - len(self.base.ids)]
        return taken

    def _ids(self, positions: np.ndarray) -> np.ndarray:
        if self.base is None or not len(self.newer):
            known = self.newer_ids if self.base is None else self.base.ids
            return np.asarray(known[positions])
        old = positions < len(self.base.ids)
        ids = np.empty(positions.shape, np.int64)
        ids[old] = self.base.ids[positions[old]]
        ids[~old] = self.newer_ids[positions[~old] - len(self.base.ids)]
        return ids

    def _rank(self, queries: np.ndarray, positions: np.ndarray, k: int) -> Matches:
        """Order candidates by their exact distance, ties by id, and cut or pad to `k`."""
        if not self.count or not positions.shape[1]:
            return _padded(np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0)), k)
        if len(queries) <= RANK:
            return _padded(*self._ranked(queries, positions, k), k)
        parts = [
            self._ranked(queries[start : start + RANK], positions[start : start + RANK], k)
            for start in range(0, len(queries), RANK)
        ]
        ids = np.concatenate([part[0] for part in parts])
        return _padded(ids, np.concatenate([part[1] for part in parts]), k)

    def _ranked(
        self, queries: np.ndarray, positions: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return ids and exact distances of candidates, nearest first.

        FAISS computes batches as |q|^2 + |v|^2 - 2 q.v, whose rounding shows as distances of
        3e-4 between equal vectors; subtracting first makes them 0 for any batch size.
        """
        short = positions.min() < 0
        safe = np.maximum(positions, 0) if short else positions
        difference = self._take(safe)
        difference -= queries[:, None]
        distances = np.sqrt(np.einsum("qcd,qcd->qc", difference, difference))
        np.minimum(distances, 2.0, out=distances)  # rounding may pass the greatest there is
        ids = self._ids(safe)
        if short:
            distances[positions < 0] = np.inf
            ids[positions < 0] = -1
        order = np.lexsort((ids, distances), axis=1)[:, :k]
        rows = np.arange(len(queries))[:, None]
        return ids[rows, order], distances[rows, order]


def _padded(ids: np.ndarray, distances: np.ndarray, k: int) -> Matches:
    missing = k - ids.shape[1]
    if missing:
        ids = np.pad(ids, ((0, 0), (0, missing)), constant_values=-1)
        distances = np.pad(distances, ((0, 0), (0, missing)), constant_values=np.inf)
    return Matches(ids, distances.astype(np.float32, copy=False))


def _sorted(ids: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Return the order that sorts `ids` (None when they are sorted) and the sorted ids."""
    if len(ids) < 2 or bool(np.all(ids[1:] > ids[:-1])):
        return None, ids
    order = np.argsort(ids, kind="stable")
    return order, ids[order]
