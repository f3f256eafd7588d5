"""What can be asked of an index: nearest items, items by id or key, labels, vectors."""

from __future__ import annotations

import threading
from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import ArrayLike

from siam.array_types import Integers, Labels, Vectors
from siam.errors import UsageError
from siam.index import items as rows
from siam.index.catalogue import Catalogue
from siam.index.filters import select
from siam.index.matches import Item, Matches
from siam.index.schema import check_rows
from siam.index.snapshot import Snapshot, follow, open_store, take_snapshot, vectors_since
from siam.unit_vectors import check_unit_rows, without_self

__all__ = ["Reader"]


class Reader:
    """The asking half of a `Gallery`; safe to share between threads.

    Attributes:
        catalogue: the database below.
        folder: where catalogue and accelerator lie.
        dim: length of the vectors.
        encoder_hash: SHA-256 of the encoder that filled the index.
        read_only: whether it was opened so.
        notices: sentences about what was found amiss on opening and set right.
        on_server: whether it is asked of a server, and there is no catalogue: a `RemoteReader`.
    """

    on_server = False

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._lock = threading.RLock()
        self._snapshot: Snapshot | None = None
        self._version = -1
        self.folder = catalogue.folder
        self.dim = catalogue.dim
        self.encoder_hash = catalogue.settings["encoder"]
        self.read_only = catalogue.read_only
        self.notices = catalogue.notices

    def __len__(self) -> int:
        with self.catalogue.reading() as connection:
            return self.catalogue.position(connection).count

    def search(
        self,
        vectors: ArrayLike,
        k: int = 10,
        *,
        where: str | Sequence[str] | None = None,
        within: float | None = None,
        exact: bool = False,
    ) -> Matches:
        """Return the `k` nearest items of each vector.

        Args:
            vectors: (n, dim) or (dim,), unit length.
            k: 1 or more; where the index holds fewer, the rest is -1 and infinity.
            where: filters such as "label=3 and split=train" (see `siam.index.filters`);
                several must all hold. Filtered searches are exact for every index kind.
            within: keep only matches at this distance or nearer, 0 to 2.
            exact: compare with every vector, also where the index kind is approximate.

        Raises:
            UsageError: k below 1, a radius outside 0 to 2, or a filter that cannot be read.
            DataError: vectors with NaN, another dimension or another length than 1.
        """
        if k < 1:
            raise UsageError(f"k must be 1 or more, received {k}.")
        queries = check_unit_rows(vectors, dim=self.dim, what="query vectors")
        snapshot = self.snapshot()
        k = min(k, max(1, snapshot.count)) if k > 10_000 else k
        among = self.select(where) if where else None
        matches = snapshot.search(queries, k, among=among, exact=exact)
        return matches if within is None else matches.within(within)

    def search_like(
        self, ids: Sequence[int], k: int = 10, *, where: str | Sequence[str] | None = None
    ) -> Matches:
        """Return the `k` nearest items of each indexed item, which is not its own neighbour.

        Raises:
            UsageError: an id that the index does not hold.
        """
        wider = self.search(self.vectors_of(ids), k + 1, where=where)
        # An item that the filter hides, or that more than k twins displace, gives up the last.
        distances, found = without_self(wider.distances, wider.ids, np.asarray(ids, np.int64))
        return Matches(found, distances)

    def select(self, where: str | Sequence[str] | None = None) -> Integers:
        """Return the ids that pass the filters: int64, ascending; all of them without one."""
        with self.catalogue.reading() as connection:
            return select(connection, where or ())

    def ids_of(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the ids of those `keys` that are in the index."""
        with self.catalogue.reading() as connection:
            return rows.ids_of_keys(connection, keys)

    def items(self, ids: Sequence[int] | Integers) -> list[Item]:
        """Return the items `ids`, in that order.

        Raises:
            UsageError: an id that the index does not hold.
        """
        numbers = _numbers(ids)
        by_id = {item.id: item for item in self.items_there(numbers)}
        _require(numbers, by_id)
        return [by_id[number] for number in numbers]

    def items_there(self, ids: Sequence[int] | Integers) -> list[Item]:
        """Return those of the items `ids` that the index holds."""
        with self.catalogue.reading() as connection:
            return list(rows.items_of(connection, _numbers(ids)).values())

    def labels_of(self, ids: Integers) -> Labels:
        """Return the label of each id: str in the shape of `ids`, None for no label or item."""
        numbers, place = np.unique(np.asarray(ids, np.int64), return_inverse=True)
        with self.catalogue.reading() as connection:
            by_id = rows.labels_of_ids(connection, numbers.tolist())
        names = np.array([by_id.get(number) for number in numbers.tolist()], dtype=object)
        return names[place.reshape(np.shape(ids))]

    def thumbnails(self, ids: Sequence[int] | Integers) -> list[bytes | None]:
        """Return each item's thumbnail as PNG bytes, None where there is none."""
        numbers = _numbers(ids)
        with self.catalogue.reading() as connection:
            by_id = rows.thumbnails_of(connection, numbers)
        return [by_id.get(number) for number in numbers]

    def vectors_of(self, ids: Sequence[int] | Integers) -> Vectors:
        """Return the vectors of items as float32 of shape (n, dim), read from the catalogue.

        Raises:
            UsageError: an id that the index does not hold.
        """
        numbers = _numbers(ids)
        with self.catalogue.reading() as connection:
            by_id = rows.vectors_of_ids(connection, numbers)
            _require(numbers, by_id)
            return rows.stack_vectors([by_id[number] for number in numbers], self.dim)

    def everything(self) -> tuple[Integers, Vectors]:
        """Return all ids, int64 ascending, and their vectors, float32 of shape (n, dim)."""
        with self.catalogue.reading() as connection:
            return vectors_since(connection, 0, 0, dim=self.dim)

    def checksums(self) -> tuple[Integers, Integers]:
        """Return all ids, int64 ascending, and the CRC-32 of each one's vector, int64 (n,)."""
        with self.catalogue.reading() as connection:
            found = connection.execute("SELECT id, checksum FROM vectors ORDER BY id").fetchall()
        pairs = np.array(check_rows(found, tuple[int, int]), np.int64).reshape(-1, 2)
        return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])

    def snapshot(self) -> Snapshot:
        """Return the newest commit's vectors; the same object while nothing is committed."""
        version = self.catalogue.data_version()
        snapshot = self._snapshot
        if snapshot is not None and version == self._version:
            return snapshot
        with self._lock, self.catalogue.reading() as connection:
            fresh = follow(self._snapshot, connection) if self._snapshot else None
            if fresh is None or fresh.outgrown:
                # Another process may have brought the store up to date since.
                store = open_store(self.catalogue, connection)
                if fresh is None or store.stamp != fresh.store.stamp:
                    fresh = take_snapshot(self.catalogue, connection, store)
            self._snapshot, self._version = fresh, version
            return fresh


def _numbers(ids: Sequence[int] | Integers) -> list[int]:
    numbers = [int(i) for i in ids]
    _require(numbers, range(-(1 << 63), 1 << 63))  # no other is an id
    return numbers


def _require(numbers: list[int], there: Container[int]) -> None:
    missing = next((number for number in numbers if number not in there), None)
    if missing is not None:
        raise UsageError(
            f"The index holds no item {missing}.",
            "`siam index info` tells which ids there are; those of removed items stay unused.",
        )
