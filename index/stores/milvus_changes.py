"""Changes of a gallery on a Milvus server, which knows no transaction over several rows.

A gallery that is filled afresh goes to a collection of its own, which no search sees before it is
whole and its alias is switched to it: so what was there answers until then, and a filling that was
killed goes on from where it was. A change of what is there is sent when all of it is known: first
the collection is marked as on its way to the new commit, then rows go by their id, at last it is
said to hold the commit. Where that ends in between, the collection still says the old commit, and
sending the same again, or more, makes it whole: by its id a row comes twice to the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from siam.array_types import Integers
from siam.errors import StoreError
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_rows import Facts, write_facts
from siam.index.stores.vector_store import Stamp

__all__ = [
    "IDS",
    "Change",
    "Row",
    "answering_name",
    "batch_rows",
    "count_rows",
    "delete_rows",
    "upsert_rows",
]

Row = dict[str, Any]
MOST_BYTES = 8 << 20  # in one call: Milvus takes 64 MB, and thumbnails differ in size
MOST_ROWS = 5000
IDS = 10_000


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
