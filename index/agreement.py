"""Whether the accelerator agrees with the catalogue, and searches with a brute-force answer."""

from __future__ import annotations

import numpy as np

from siam.index.accelerator import find
from siam.index.catalogue import Catalogue
from siam.index.effort import recall
from siam.index.matches import Matches
from siam.index.reader import Reader
from siam.index.snapshot import Snapshot
from siam.index.soundness import each_vector
from siam.index.vectors import TOLERANCE

__all__ = ["brute_force", "differing", "missing", "sample_recall"]

QUERIES = 50
NEIGHBOURS = 10
# A sample's recall may lie this far from the whole's by chance alone.
SLACK = 0.05


def missing(reader: Reader) -> str | None:
    """Return a sentence when the accelerator is missing or lags, which slows searches only."""
    snapshot = reader.snapshot()
    if snapshot.base is None and snapshot.count:
        state = "is damaged or of another index" if find(reader.folder) else "is missing"
        return f"The accelerator {state}; searches read the catalogue instead."
    if snapshot.base is not None and snapshot.lag > max(1, snapshot.count // 50):
        return f"The accelerator lags by {snapshot.lag} rows; searches read those one by one."
    return None


def differing(catalogue: Catalogue, snapshot: Snapshot) -> int:
    """Return how many rows of the accelerator are not what the catalogue holds."""
    base = snapshot.base
    if base is None:
        return 0
    wrong = 0
    alive = 0
    with catalogue.reading() as connection:
        for ids, vectors, _ in each_vector(connection, catalogue.dim):
            places = snapshot.positions(ids)
            ours = (places >= 0) & (places < len(base.ids))
            alive += int(ours.sum())
            wrong += int((base.vectors[places[ours]] != vectors[ours]).any(axis=1).sum())
    phantoms = len(base.ids) - len(snapshot.dead) - alive
    return wrong + phantoms


def brute_force(catalogue: Catalogue, queries: np.ndarray, k: int) -> Matches:
    """Return the `k` nearest items of each query, from the catalogue alone, by plain NumPy."""
    ids = np.full((len(queries), k), -1, np.int64)
    distances = np.full((len(queries), k), np.inf, np.float32)
    with catalogue.reading() as connection:
        for some, vectors, _ in each_vector(connection, catalogue.dim):
            for row, query in enumerate(queries):
                difference = vectors - query
                found = np.sqrt(np.einsum("nd,nd->n", difference, difference))
                all_ids = np.concatenate([ids[row], some])
                all_distances = np.concatenate([distances[row], found])
                best = np.lexsort((all_ids, all_distances))[:k]
                ids[row], distances[row] = all_ids[best], all_distances[best]
    return Matches(ids, distances)


def sample_recall(reader: Reader, catalogue: Catalogue) -> tuple[float, float]:
    """Return the share of a brute-force answer that searches find, and the least it should be."""
    snapshot = reader.snapshot()
    ids = reader.select()
    if not len(ids):
        return 1.0, 1.0
    sample = np.random.default_rng(0).choice(ids, min(QUERIES, len(ids)), replace=False)
    queries = reader.vectors_of(np.sort(sample))
    lengths = np.linalg.norm(queries, axis=1)
    queries = queries[np.abs(lengths - 1.0) < TOLERANCE]  # damaged ones are told of by themselves
    exact = brute_force(catalogue, queries, NEIGHBOURS)
    reached = recall(reader.search(queries, NEIGHBOURS), exact)
    if snapshot.base is None or snapshot.base.approximate is None:
        return reached, 1.0
    return reached, float(snapshot.base.extra.get("recall@10", 1.0)) - SLACK
