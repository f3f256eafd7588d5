"""Whether the accelerator agrees with the catalogue, and searches with a brute-force answer."""

from __future__ import annotations

import numpy as np

from siam.index import items as rows
from siam.index.accelerator import checksum
from siam.index.catalogue import Catalogue
from siam.index.effort import NEIGHBOURS, SAMPLE, others, recall, sampling_error
from siam.index.matches import Matches
from siam.index.reader import Reader
from siam.index.snapshot import Snapshot
from siam.index.soundness import each_vector
from siam.index.vectors import have_unit_length

__all__ = ["brute_force", "damaged_files", "differing", "sample_recall"]

# Recall is measured twice, when an accelerator is built and when it is verified, each time on a
# sample of queries. A sound one exceeds this many standard errors of the difference once in 30,000
# times; at 99 % recall and 200 queries they come to about 2 %.
ERRORS = 4.0
# Candidates beyond k, so that rounding in a matrix product loses none of the k nearest.
SPARE = 8


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


def damaged_files(snapshot: Snapshot) -> list[str]:
    """Return the names of the accelerator's files that are not what was written, byte by byte."""
    base = snapshot.base
    if base is None:
        return []
    try:
        return [name for name, was in base.checksums.items() if checksum(base.folder / name) != was]
    except FileNotFoundError:  # another process has just put a newer one in its place
        return []


def brute_force(catalogue: Catalogue, queries: np.ndarray, k: int) -> Matches:
    """Return the `k` nearest items of each query, from the catalogue alone, by plain NumPy."""
    ids = np.full((len(queries), k), -1, np.int64)
    distances = np.full((len(queries), k), np.inf, np.float32)
    with catalogue.reading() as connection:
        for some, vectors, _ in each_vector(connection, catalogue.dim):
            width = min(k + SPARE, len(some))
            near = np.argpartition(-(queries @ vectors.T), width - 1, axis=1)[:, :width]
            # Subtracting first: products of unit vectors round away what differs between twins.
            difference = vectors[near] - queries[:, None]
            found = np.sqrt(np.einsum("qnd,qnd->qn", difference, difference))
            ids, distances = np.hstack([ids, some[near]]), np.hstack([distances, found])
            best = np.lexsort((ids, distances), axis=1)[:, :k]
            ids = np.take_along_axis(ids, best, axis=1)
            distances = np.take_along_axis(distances, best, axis=1)
    return Matches(ids, distances)


def sample_recall(reader: Reader, catalogue: Catalogue) -> tuple[float, float]:
    """Return the share of a brute-force answer that searches find, and the least it should be.

    Queries are indexed vectors, each one's own item left out of the count, as when the recall of
    an accelerator is measured on building it. An exact index must find everything.
    """
    snapshot = reader.snapshot()
    ids = reader.select()
    sample = np.random.default_rng(1).choice(ids, min(SAMPLE, len(ids)), replace=False)
    with catalogue.reading() as connection:
        # A damaged catalogue may lack the vector of an item; that is told of by itself.
        there = rows.vectors_of_ids(connection, np.sort(sample).tolist())
    joined = np.frombuffer(b"".join(there.values()), np.float32)
    queries = joined.reshape(len(there), catalogue.dim)
    queries = queries[have_unit_length(queries)]  # damaged ones are told of by themselves
    if not len(queries):
        return 1.0, 1.0
    exact = others(brute_force(catalogue, queries, NEIGHBOURS + 1))
    found = others(reader.search(queries, NEIGHBOURS + 1))
    reached = recall(found, exact)
    if snapshot.base is None or snapshot.base.approximate is None:
        return reached, 1.0
    built = snapshot.base.extra
    error = np.hypot(sampling_error(found, exact), built.get("recall@10_error", 0.0))
    return reached, float(built.get("recall@10", 1.0) - ERRORS * error)
