"""What can be asked of a gallery on a server; there is no catalogue, its rows are all there is."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from siam.array_types import Integers, Labels, Vectors
from siam.errors import StoreError, UsageError
from siam.index.filters import COLUMNS, select
from siam.index.gallery import Gallery
from siam.index.matches import Item, Matches
from siam.index.ranking import rank
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_connection import WAIT, MilvusConnection
from siam.index.stores.milvus_filters import to_expression
from siam.index.stores.milvus_rows import stack_rows, thumbnail_of
from siam.index.stores.milvus_store import MilvusStore
from siam.unit_vectors import check_unit_rows

__all__ = ["RemoteReader", "meta_of"]

KEYS = 500  # looked up in one call: each may be kilobytes long


class RemoteReader(Gallery):
    """The asking half of a `RemoteGallery`; safe to share between threads.

    Args:
        store: opened.
        address: where it is.
        dim: length of the vectors.
        encoder_hash: SHA-256 of the encoder that filled it.
        read_only: never write.
    """

    on_server = True

    def __init__(
        self,
        store: MilvusStore,
        connection: MilvusConnection,
        *,
        dim: int,
        encoder_hash: str,
        read_only: bool,
    ) -> None:
        self.store, self.address, self._connection = store, connection.address, connection
        self.dim, self.encoder_hash, self.read_only = dim, encoder_hash, read_only
        self.folder, self.notices = Path(str(connection.address)), ()

    @classmethod
    def connect(
        cls,
        address: str,
        *,
        dim: int,
        encoder_hash: str,
        read_only: bool = True,
        patience: float = WAIT,
    ) -> Self:
        """Open the gallery at an address.

        Args:
            address: milvus://HOST:PORT/COLLECTION; see `parse_address`.
            dim: length of the encoder's vectors.
            encoder_hash: SHA-256 of the encoder that it will be used with.
            read_only: never write.
            patience: seconds that a server which answered before may be away.

        Raises:
            UsageError: it is no address.
            StoreError: it cannot be reached, refuses the token, holds no gallery, or one of another
                encoder.
        """
        connection = MilvusConnection(parse_address(address), patience)
        try:
            store = MilvusStore(connection, dim=dim, encoder=encoder_hash)
            if store.facts is None:
                raise StoreError(
                    f"There is no gallery in {connection.address}.",
                    f"Copy a run's there:  siam index push --store {connection.address}",
                )
        except BaseException:
            connection.close()
            raise
        return cls(store, connection, dim=dim, encoder_hash=encoder_hash, read_only=read_only)

    def __getattr__(self, name: str) -> NoReturn:
        if name == "catalogue":
            raise StoreError(
                f"The store {self.address} has no catalogue, which this needs.",
                "Ask the run's own index:  --store local",
            )
        raise AttributeError(name)

    def __len__(self) -> int:
        return self.store.count()

    @property
    def kind(self) -> str:
        """The kind of the server's index."""
        return self.store.facts.kind if self.store.facts else "none"

    def search(
        self,
        vectors: ArrayLike,
        k: int = 10,
        *,
        where: str | Sequence[str] | None = None,
        within: float | None = None,
        exact: bool = False,
    ) -> Matches:
        """Return the `k` nearest items of each vector; see `Reader.search`."""
        if k < 1:
            raise UsageError(f"k must be 1 or more, received {k}.")
        queries = check_unit_rows(vectors, dim=self.dim, what="query vectors")
        expression, sure = to_expression(where or ())
        held: dict[int, Vectors] = {}
        if sure:
            proposed = self.store.propose(queries, k, exact=exact, expression=expression, held=held)
        else:
            proposed = self.store.propose(queries, k, where=self.select(where), held=held)
        matches = rank(queries, [(proposed, lambda ids: stack_rows(held, ids, self.dim))], k)
        return matches if within is None else matches.within(within)

    def select(self, where: str | Sequence[str] | None = None) -> Integers:
        """Return the ids that pass the filters: int64, ascending; all of them without one."""
        expression, sure = to_expression(where or ())
        if sure:
            pages = self.store.rows(["id"], expression)
            return np.fromiter((row["id"] for page in pages for row in page), np.int64)
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            texts = ", ".join(f"{name} TEXT" for name in (*COLUMNS, "meta"))
            connection.execute(f"CREATE TABLE items (id INTEGER PRIMARY KEY, {texts})")
            places = ", ".join("?" * (len(COLUMNS) + 2))
            for page in self.store.rows([*COLUMNS, "meta"], expression):
                connection.executemany(
                    f"INSERT INTO items VALUES ({places})",
                    ((row["id"], *(row[name] for name in COLUMNS), meta_of(row)) for row in page),
                )
            return select(connection, where or (), has_field=self._has_field)

    def _has_field(self, name: str) -> bool:
        """Return whether any item has a further value of this name."""
        pages = self.store.rows(["meta"], f"exists meta[{msgspec.json.encode(name).decode()}]")
        return any(True for _ in pages)

    def ids_of(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the ids of those `keys` that are in the index."""
        found: dict[str, int] = {}
        for start in range(0, len(keys), KEYS):
            listed = msgspec.json.encode(list(keys[start : start + KEYS])).decode()
            for page in self.store.rows(["key"], f"key in {listed}"):
                found |= {row["key"]: row["id"] for row in page}
        return found

    def items_there(self, ids: Sequence[int] | Integers) -> list[Item]:
        """Return those of the items `ids` that the index holds."""
        fields = ["key", "label", "origin", "split", "hash", "meta"]
        return [
            Item(
                id=number,
                key=row["key"],
                label=row["label"] or None,
                origin=row["origin"],
                split=row["split"] or None,
                hash=row["hash"],
                meta=msgspec.json.decode(meta_of(row) or "{}"),
            )
            for number, row in self.store.fetch(_numbers(ids), fields).items()
        ]

    def labels_of(self, ids: Integers) -> Labels:
        """Return the label of each id: str in the shape of `ids`, None for no label or item."""
        numbers, place = np.unique(np.asarray(ids, np.int64), return_inverse=True)
        there = self.store.fetch(_numbers(numbers), ["label"])
        names = np.array(
            [there[n]["label"] or None if n in there else None for n in numbers.tolist()], object
        )
        return names[place.reshape(np.shape(ids))]

    def thumbnails(self, ids: Sequence[int] | Integers) -> list[bytes | None]:
        """Return each item's thumbnail as PNG bytes, None where there is none."""
        there = self.store.fetch(_numbers(ids), ["thumbnail"])
        numbers = [int(number) for number in ids]
        return [thumbnail_of(there[n]) if n in there else None for n in numbers]

    def vectors_of(self, ids: Sequence[int] | Integers) -> Vectors:
        """Return the vectors of items as float32 of shape (n, dim).

        Raises:
            UsageError: an id that the index does not hold.
        """
        numbers = np.array([int(number) for number in ids], np.int64)
        vectors = self.store.vectors_of(numbers)
        missing = numbers[np.isnan(vectors).any(axis=1)]
        if len(missing):
            raise UsageError(f"The index holds no item {missing[0]}.")
        return vectors

    def everything(self) -> tuple[Integers, Vectors]:
        """Return all ids, int64 ascending, and their vectors, float32 of shape (n, dim)."""
        ids, vectors = [np.empty(0, np.int64)], [np.empty((0, self.dim), np.float32)]
        for some, rows in self.each_vector():
            ids.append(some)
            vectors.append(rows)
        return np.concatenate(ids), np.concatenate(vectors)

    def each_vector(self) -> Iterator[tuple[Integers, Vectors]]:
        """Yield ids, rising, and vectors in pieces."""
        for page in self.store.rows(["vector"]):
            ids = np.array([row["id"] for row in page], np.int64)
            yield ids, np.array([row["vector"] for row in page], np.float32)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _numbers(ids: Sequence[int] | Integers) -> list[int]:
    return [number for number in (int(i) for i in ids) if 0 < number < 1 << 63]


def meta_of(row: Mapping[str, Any]) -> str:
    """Return a row's further values as a catalogue keeps them: JSON, or ""."""
    meta = row["meta"]
    values = msgspec.json.decode(meta) if isinstance(meta, str | bytes) else meta
    return msgspec.json.encode(values).decode() if values else ""
