"""What one search sees: a vector store, and what the catalogue gained and lost after its commit.

A snapshot never changes, so any number of threads search it while a writer commits; the next
search takes a newer one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.index.catalogue import Catalogue, Position
from siam.index.items import stack_vectors, vectors_of_ids
from siam.index.matches import Matches
from siam.index.ranking import Candidates, rank
from siam.index.schema import check_rows
from siam.index.stores.budget import Budget
from siam.index.stores.faiss_store import FaissStore
from siam.index.stores.vector_store import VectorStore
from siam.unit_vectors import nearest_rows

__all__ = [
    "Snapshot",
    "changed_since",
    "count_lag",
    "each_since",
    "follow",
    "open_store",
    "take_snapshot",
    "vectors_since",
]

# Candidates beyond the k-th, so that ranking, not FAISS's rounding, decides between near ties.
TIES = 4
PIECE = 20_000  # rows read at once
# Rows beside the store that are searched at no cost worth a newer store.
LAG = 1000


class Snapshot(msgspec.Struct, frozen=True):
    """The catalogue's vectors at one commit.

    Attributes:
        catalogue: read only for vectors that the store keeps no copies of.
        position: the commit.
        store: holds the vectors of an earlier commit, or of none.
        dead: int64, ascending: ids of the store that were removed or changed since.
        newer: float32 of shape (t, dim), vectors that the store lacks.
        newer_ids: int64 of shape (t,), ascending.
    """

    catalogue: Catalogue
    position: Position
    store: VectorStore
    dead: Integers
    newer: Vectors
    newer_ids: Integers

    @property
    def lag(self) -> int:
        """Rows that the store lacks or does not know to be removed."""
        return len(self.newer) + len(self.dead)

    @property
    def outgrown(self) -> bool:
        """Whether so much lies beside the store that a newer one is worth having."""
        return self.lag > max(LAG, self.count // 50)

    @property
    def count(self) -> int:
        """How many vectors there are at most, whatever the catalogue says."""
        return self.store.count() + len(self.newer)

    def search(
        self, queries: Vectors, k: int, *, among: Integers | None = None, exact: bool = False
    ) -> Matches:
        """Return the `k` nearest items of each query.

        Args:
            queries: float32 of shape (n, dim), unit length.
            k: 1 or more.
            among: int64, the items that may be returned, exactly; those not in the snapshot are
                passed over. None for all.
            exact: look at every vector, whatever the store.
        """
        ids, newer = self.newer_ids, self.newer
        if among is None:
            proposed = self.store.propose(queries, k, without=self.dead, exact=exact)
        else:
            old = among[~np.isin(among, np.concatenate([self.dead, ids]))]
            proposed = self.store.propose(queries, k, where=old)
            chosen = np.isin(ids, among)
            ids, newer = ids[chosen], newer[chosen]
        lots: list[Candidates] = [(proposed, self.vectors_of)]
        if len(ids):
            nearest = nearest_rows(queries, newer, min(k + TIES, len(ids)))
            lots.append((ids[nearest], self._newer_of))
        return rank(queries, lots, k)

    def vectors_of(self, ids: Integers) -> Vectors:
        """Return vectors of the store's items, ids of any shape; NaN for one that is not there."""
        copies = self.store.vectors_of(ids)
        if copies is not None:
            return copies
        numbers, place = np.unique(ids, return_inverse=True)
        vectors = np.full((len(numbers), self.catalogue.dim), np.nan, np.float32)
        with self.catalogue.reading() as connection:
            there = vectors_of_ids(connection, numbers.tolist())
            vectors[np.isin(numbers, list(there))] = stack_vectors(
                [there[number] for number in sorted(there)], self.catalogue.dim
            )
        return vectors[place.reshape(ids.shape)]

    def _newer_of(self, ids: Integers) -> Vectors:
        return self.newer[np.searchsorted(self.newer_ids, ids)]


def open_store(catalogue: Catalogue, connection: sqlite3.Connection) -> VectorStore:
    """Return the vector store beside a catalogue, empty where none on disk is of its history."""
    return FaissStore(
        catalogue.folder,
        dim=catalogue.dim,
        kind=catalogue.settings["kind"],
        budget=Budget.read(catalogue.settings),
        belongs=lambda stamp: is_remembered(connection, stamp.generation, stamp.mark),
    )


def count_lag(catalogue: Catalogue, connection: sqlite3.Connection, store: VectorStore) -> int:
    """Return how many rows a store lacks or does not know to be removed, without reading any."""
    count = catalogue.position(connection).count
    stamp = store.stamp
    if stamp is None:
        return count
    (changed,) = connection.execute(
        "SELECT count(DISTINCT id) FROM changes WHERE generation > ? AND id <= ?",
        (stamp.generation, stamp.last_id),
    ).fetchone()
    return int(count - (store.count() - changed) + changed)


def take_snapshot(
    catalogue: Catalogue, connection: sqlite3.Connection, store: VectorStore
) -> Snapshot:
    """Return a snapshot of the catalogue as `connection` sees it, over a store of its history.

    Over an empty one, every vector is read from the catalogue: slower, and as right.
    """
    stamp = store.stamp
    generation, last_id = (stamp.generation, stamp.last_id) if stamp else (0, 0)
    ids, vectors = vectors_since(connection, generation, last_id, dim=catalogue.dim)
    dead = changed_since(connection, generation) if stamp else np.empty(0, np.int64)
    return Snapshot(
        catalogue=catalogue,
        position=catalogue.position(connection),
        store=store,
        dead=dead[dead <= last_id],
        newer=vectors,
        newer_ids=ids,
    )


def follow(snapshot: Snapshot, connection: sqlite3.Connection) -> Snapshot | None:
    """Return `snapshot` with the commits after it, or None when it must be taken anew."""
    position = snapshot.catalogue.position(connection)
    before = snapshot.position
    if position == before:
        return snapshot
    if not is_remembered(connection, before.generation, before.mark):
        return None
    changed = changed_since(connection, before.generation)
    ids, vectors = vectors_since(
        connection, before.generation, before.last_id, dim=snapshot.catalogue.dim
    )
    kept = ~np.isin(snapshot.newer_ids, changed)
    newer_ids = np.concatenate([snapshot.newer_ids[kept], ids])
    newer = np.concatenate([snapshot.newer[kept], vectors])
    order = np.argsort(newer_ids, kind="stable")
    held = snapshot.store.stamp
    return msgspec.structs.replace(
        snapshot,
        position=position,
        dead=np.union1d(snapshot.dead, changed[changed <= (held.last_id if held else 0)]),
        newer=newer[order],
        newer_ids=newer_ids[order],
    )


def is_remembered(connection: sqlite3.Connection, generation: int, mark: int) -> bool:
    """Tell whether `generation` with `mark` is in this catalogue's remembered history."""
    row = connection.execute(
        "SELECT 1 FROM commits WHERE generation = ? AND stamp = ?", (generation, mark)
    ).fetchone()
    return row is not None


def changed_since(connection: sqlite3.Connection, generation: int) -> Integers:
    """Return the ids changed or removed after `generation`: int64, ascending."""
    rows = connection.execute(
        "SELECT DISTINCT id FROM changes WHERE generation > ? ORDER BY id", (generation,)
    )
    return np.fromiter((row[0] for row in check_rows(rows, tuple[int])), np.int64)


def each_since(
    connection: sqlite3.Connection, generation: int, last_id: int, *, dim: int
) -> Iterator[tuple[Integers, Vectors]]:
    """Yield what a reader that stopped at `generation` and `last_id` has not seen, in pieces.

    Yields:
        ids int64 of shape (n,), ascending from piece to piece too, and vectors float32 of
        shape (n, dim); n is 1 or more.
    """
    # Two statements, changed ones first: joined by OR, SQLite would scan the whole table.
    changed = connection.execute(
        "SELECT id, vector FROM vectors WHERE id <= ? AND id IN "
        "(SELECT id FROM changes WHERE generation > ?) ORDER BY id",
        (last_id, generation),
    )
    added = connection.execute(
        "SELECT id, vector FROM vectors WHERE id > ? ORDER BY id", (last_id,)
    )
    for rows in (changed, added):
        while part := check_rows(rows.fetchmany(PIECE), tuple[int, bytes]):
            ids = np.fromiter((row[0] for row in part), np.int64, len(part))
            yield ids, stack_vectors([row[1] for row in part], dim)


def vectors_since(
    connection: sqlite3.Connection, generation: int, last_id: int, *, dim: int
) -> tuple[Integers, Vectors]:
    """Return all that `each_since` yields: ids int64 (n,) and vectors float32 (n, dim)."""
    ids = [np.empty(0, np.int64)]
    joined = bytearray()  # grows where it lies, so that all is never in memory twice
    for some, vectors in each_since(connection, generation, last_id, dim=dim):
        ids.append(some)
        joined += vectors.data.cast("B")
    return np.concatenate(ids), np.frombuffer(joined, np.float32).reshape(-1, dim)
