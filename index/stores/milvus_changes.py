"""Changes of a gallery on a Milvus server, which knows no transaction over several rows.

A gallery that is filled afresh goes to a collection of its own, which no search sees before it is
whole and its alias is switched to it: so what was there answers until then, and a filling that was
killed goes on from where it was. A change of what is there is sent when all of it is known: first
the collection is marked as on its way to the new commit, then rows go by their id, at last it is
said to hold the commit. Where that ends in between, the collection still says the old commit, and
sending the same again, or more, makes it whole: by its id a row comes twice to the same place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from siam.array_types import Integers
from siam.errors import StoreError
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_rows import (
    Facts,
    create_collection,
    new_name,
    read_facts,
    write_facts,
)
from siam.index.stores.vector_store import Stamp

__all__ = [
    "Building",
    "Change",
    "answering_name",
    "batch_rows",
    "check_unchanged",
    "delete_rows",
    "upsert_rows",
]

Row = dict[str, Any]
MOST_BYTES = 8 << 20  # in one call: Milvus takes 64 MB, and thumbnails differ in size
MOST_ROWS = 5000
IDS = 10_000
BUILD = 3600.0  # seconds that a server may take to put a whole collection in order


def batch_rows(dim: int) -> int:
    """Return how many rows of `dim` numbers go to the server at once."""
    return max(50, min(MOST_ROWS, MOST_BYTES // (4 * dim + 1500)))


def upsert_rows(connection: MilvusConnection, name: str, rows: Sequence[Row], dim: int) -> None:
    """Send rows, each in place of that of its id."""
    size = batch_rows(dim)
    for start in range(0, len(rows), size):
        connection.call("upsert", name, list(rows[start : start + size]))


def delete_rows(connection: MilvusConnection, name: str, ids: Sequence[int]) -> None:
    """Delete rows; ids that are not there are passed over."""
    for start in range(0, len(ids), IDS):
        connection.call("delete", name, ids=list(ids[start : start + IDS]))


def count_rows(connection: MilvusConnection, name: str) -> int:
    """Return how many rows a collection holds."""
    counted = connection.call("query", name, output_fields=["count(*)"], consistency_level="Strong")
    return int(counted[0]["count(*)"])


class Change:
    """Rows to add and ids to remove, kept until `send`."""

    def __init__(self) -> None:
        self._rows: dict[int, Row | None] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows, or put them in the place of those of their ids."""
        self._rows.update((row["id"], row) for row in rows)

    def remove(self, ids: Integers) -> None:
        """Remove rows."""
        self._rows.update(dict.fromkeys(ids.tolist()))

    def send(
        self, connection: MilvusConnection, name: str, facts: Facts, stamp: Stamp, dim: int
    ) -> Facts:
        """Make the collection hold `stamp`; return what it says of itself then."""
        facts = msgspec.structs.replace(facts, toward=stamp)
        write_facts(connection, name, facts)
        delete_rows(connection, name, [i for i, row in self._rows.items() if row is None])
        upsert_rows(connection, name, [row for row in self._rows.values() if row], dim)
        facts = msgspec.structs.replace(facts, stamp=stamp, toward=None)
        write_facts(connection, name, facts)
        return facts


class Building:
    """A collection that is filled beside the one that answers, and then takes its place.

    One that was begun for the same commit is gone on with: ids rise, so that the rows that are
    there are the first ones, but for the last batches, which are sent again.

    Args:
        connection: to the server.
        stamp: the commit that it will hold.
        dim: length of a vector.
        encoder: SHA-256 of the encoder.
        replace: also take the place of what clients changed.
    """

    def __init__(
        self,
        connection: MilvusConnection,
        stamp: Stamp,
        *,
        dim: int,
        encoder: str,
        replace: bool = False,
    ) -> None:
        self._replace = replace
        self._connection, self._dim, self._stamp = connection, dim, stamp
        self._alias = connection.address.collection
        self._facts = Facts(1, encoder, toward=stamp)
        begun = next((name for name, facts in self._begun() if facts == self._facts), None)
        self.name = begun or new_name(self._alias, stamp.mark)
        if begun is None:
            create_collection(connection, self.name, dim=dim, encoder=encoder, toward=stamp)
        there = count_rows(connection, self.name) if begun else 0
        self._sure = max(0, there - 2 * batch_rows(dim))
        self._there, self._seen, self._highest, self._count = there, 0, 0, 0
        self.sent = 0  # rows, by this filling

    def _begun(self) -> Iterator[tuple[str, Facts]]:
        """Yield the collections that were begun for this alias and are not what it points to."""
        answering = answering_name(self._connection)
        for name in self._connection.call("list_collections"):
            head, _, tail = name.rpartition(f"{self._alias}__")
            if head or len(tail) != 25 or name == answering:
                continue
            described = self._connection.call("describe_collection", name)
            try:
                yield name, read_facts(self._connection, described)
            except StoreError:
                continue  # somebody else's

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows, or put them in the place of those of their ids."""
        size = batch_rows(self._dim)
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            ids = [row["id"] for row in part]
            rising = ids[0] > self._highest and all(a < b for a, b in zip(ids, ids[1:]))  # noqa: B905
            self._seen += len(part)
            there = rising and self._seen <= self._sure  # since the last time
            if not there and rising and self._seen - len(part) >= self._there:
                self._connection.insert(self.name, part)
            elif not there:
                self._connection.call("upsert", self.name, list(part))
            self.sent += 0 if there else len(part)
            self._count = self._count + len(part) if rising and self._count >= 0 else -1
            self._highest = max(self._highest, *ids)

    def remove(self, ids: Integers) -> None:
        """Remove rows."""
        if len(ids) and self._seen:
            delete_rows(self._connection, self.name, ids.tolist())
            self._count = -1

    def finish(self) -> Facts:
        """Let the collection answer in place of the one before; return what it says of itself.

        Raises:
            StoreError: it does not hold as many rows as were sent, or clients changed what is there
                meanwhile.
        """
        connection = self._connection
        connection.call("flush", self.name, timeout=BUILD)
        connection.call("load_collection", self.name, timeout=BUILD)
        there = count_rows(connection, self.name)
        if self._count >= 0 and there != self._count:
            connection.call("drop_collection", self.name)
            raise StoreError(
                f"The store {connection.address} holds {there:,} of {self._count:,} rows.",
                "What it holds was dropped: push the gallery again.",
            )
        facts = msgspec.structs.replace(self._facts, stamp=self._stamp, toward=None)
        write_facts(connection, self.name, facts)
        before = answering_name(connection)
        if before and not self._replace:
            check_unchanged(
                connection,
                read_facts(connection, connection.call("describe_collection", before)),
            )
        change = "alter_alias" if before else "create_alias"
        try:
            connection.call(change, self.name, self._alias)
        except StoreError:  # the name exists: as where the answer to a first attempt was lost
            if answering_name(connection) != self.name:
                raise
        for name, _ in list(self._begun()):
            connection.call("drop_collection", name)
        return facts


def check_unchanged(connection: MilvusConnection, facts: Facts) -> None:
    """Refuse to take the place of what clients added or removed.

    Raises:
        StoreError: they did.
    """
    if facts.changed:
        raise StoreError(
            f"Pictures of the store {connection.address} were added or removed by its clients "
            "since it was filled; a push would lose that.",
            "To put this gallery in its place all the same:  siam index push --replace",
        )


def answering_name(connection: MilvusConnection) -> str:
    """Return the collection that the alias points to, "" where there is none.

    Raises:
        StoreError: the name is a collection's own.
    """
    alias = connection.address.collection
    if not connection.call("has_collection", alias):
        return ""
    name = str(connection.call("describe_collection", alias)["collection_name"])
    if name == alias:
        raise StoreError(
            f"The collection {connection.address} was not made by siam.",
            "Name another one:  milvus://HOST:PORT/COLLECTION",
        )
    return name
