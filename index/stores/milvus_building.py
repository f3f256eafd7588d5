"""A collection that is filled afresh beside the one that answers, on a Milvus server."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import msgspec

from siam.array_types import Integers
from siam.errors import StoreError
from siam.index.stores.milvus_changes import (
    Row,
    answering_name,
    batch_rows,
    count_rows,
    delete_rows,
)
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_kinds import USUAL, build_settings
from siam.index.stores.milvus_rows import (
    EXACT,
    Facts,
    create_collection,
    new_name,
    read_facts,
    write_facts,
)
from siam.index.stores.vector_store import Stamp

__all__ = ["Building", "check_unchanged"]

BUILD = 3600.0  # seconds that a server may take to put a whole collection in order


class Building:
    """A collection that is filled beside the one that answers, and then takes its place.

    One that was begun for the same commit is gone on with: ids rise, so that the rows that are
    there are the first ones, but for the last batches, which are sent again.

    Args:
        connection: to the server.
        stamp: the commit that it will hold.
        dim: length of a vector.
        encoder: SHA-256 of the encoder.
        kind: of its index.
        replace: also take the place of what clients changed.

    Raises:
        StoreError: the server knows no such kind.
    """

    def __init__(
        self,
        connection: MilvusConnection,
        stamp: Stamp,
        *,
        dim: int,
        encoder: str,
        kind: str = EXACT,
        replace: bool = False,
    ) -> None:
        self._replace = replace
        self._connection, self._dim, self._stamp = connection, dim, stamp
        self._alias = connection.address.collection
        built = build_settings(kind, count=stamp.last_id, dim=dim)
        self.facts = Facts(1, encoder, toward=stamp, kind=kind, built=built)
        begun = next((name for name, facts in self._begun() if facts == self.facts), None)
        self.name = begun or new_name(self._alias, stamp.mark)
        if begun is None:
            create_collection(connection, self.name, dim=dim, facts=self.facts)
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
            if self._seen == len(part) and self.facts.kind not in USUAL:
                self._build_index()  # a server that does not know it says so now, not at the end
            self._count = self._count + len(part) if rising and self._count >= 0 else -1
            self._highest = max(self._highest, *ids)

    def remove(self, ids: Integers) -> None:
        """Remove rows."""
        if len(ids) and self._seen:
            delete_rows(self._connection, self.name, ids.tolist())
            self._count = -1

    def complete(self) -> None:
        """Wait until all is there, in order.

        Raises:
            StoreError: it does not hold as many rows as were sent, or its kind cannot be built.
        """
        connection = self._connection
        self._build_index()
        there = count_rows(connection, self.name)
        if self._count >= 0 and there != self._count:
            connection.call("drop_collection", self.name)
            raise StoreError(
                f"The store {connection.address} holds {there:,} of {self._count:,} rows.",
                "What it holds was dropped: push the gallery again.",
            )

    def _build_index(self) -> None:
        """Let the server put in order what it holds until now.

        Raises:
            StoreError: it cannot.
        """
        call, kind = self._connection.call, self.facts.kind
        call("flush", self.name, timeout=BUILD)
        try:
            if kind != EXACT:  # milvus-lite would build it at some time later, and say no refusal
                call("release_collection", self.name)
            call("load_collection", self.name, timeout=BUILD)
            while int(call("describe_index", self.name, "vector").get("pending_index_rows", 0)):
                time.sleep(1)
        except StoreError as error:
            said = error.problem.partition(" refuses: ")[2]
            if not said:  # as where it is away, or full
                raise
            call("drop_collection", self.name)
            raise StoreError(
                f"The store {self._connection.address} builds no index of kind {kind}: {said}",
                "Push with another --kind; FLAT is known to every server.",
            ) from error

    def answer(self, facts: Facts) -> Facts:
        """Let the collection answer in place of the one before; return what it says of itself then.

        Args:
            facts: what it says until then.

        Raises:
            StoreError: clients changed what is there meanwhile.
        """
        connection = self._connection
        facts = msgspec.structs.replace(facts, stamp=self._stamp, toward=None)
        write_facts(connection, self.name, facts)
        before = answering_name(connection)
        if before and not self._replace:
            self._check_unchanged(before)
        self._point_to(self.name, before)
        if before and before != self.name and not self._replace:
            try:
                self._check_unchanged(before)  # a client may have written until just now
            except StoreError:
                self._point_to(before, self.name)
                connection.call("drop_collection", self.name)
                raise
        for name, _ in list(self._begun()):
            connection.call("drop_collection", name)
        return facts

    def _check_unchanged(self, name: str) -> None:
        described = self._connection.call("describe_collection", name)
        check_unchanged(self._connection, read_facts(self._connection, described))

    def _point_to(self, name: str, before: str) -> None:
        """Let the alias point to a collection, in place of the one before."""
        change = "alter_alias" if before else "create_alias"
        try:
            self._connection.call(change, name, self._alias)
        except StoreError:  # the name exists: as where the answer to a first attempt was lost
            if answering_name(self._connection) != name:
                raise


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
