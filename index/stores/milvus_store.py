"""The vector store that a Milvus server answers for: on one machine, or on a cluster of them.

What the collection of a gallery holds beside vectors, and how changes become whole, is in
`milvus_rows.py` and `milvus_changes.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.errors import StoreError, UsageError
from siam.index.stores.milvus_changes import (
    IDS,
    Building,
    Change,
    answering_name,
    batch_rows,
    delete_rows,
    upsert_rows,
)
from siam.index.stores.milvus_connection import MilvusConnection, MissingCollection
from siam.index.stores.milvus_rows import (
    Describe,
    Facts,
    bare_rows,
    check_fits,
    plain_stamp,
    read_facts,
    stack_rows,
    write_facts,
)
from siam.index.stores.vector_store import Stamp, StoreInfo
from siam.progress import Progress, silent

__all__ = ["MilvusStore"]

TIES = 4  # candidates beyond the k-th, so that rounding decides nothing
MOST = 16_384  # results that Milvus gives for a query
QUERIES = 1024  # in one call


class MilvusStore:
    """A `VectorStore` on a Milvus server; any number of clients read it, and may write to it.

    Args:
        connection: to the server.
        dim: length of the vectors.
        encoder: SHA-256 of the encoder that made them.
        describe: what makes the rows that `add` sends; bare ones when left out.
        replace: take a collection of another encoder too, to fill it afresh.

    Raises:
        StoreError: the collection is none of siam's, or of vectors of another length or encoder.
    """

    def __init__(
        self,
        connection: MilvusConnection,
        *,
        dim: int,
        encoder: str = "",
        describe: Describe = bare_rows,
        replace: bool = False,
    ) -> None:
        self._connection, self._dim, self._encoder = connection, dim, encoder
        self._describe, self._replace = describe, replace
        self._change: Change | Building | None = None
        self._facts: Facts | None = None
        self._name, self.sent = "", 0  # rows sent by the last filling
        self._open()

    def _open(self) -> None:
        self._name = answering_name(self._connection)
        if not self._name:
            return
        place = self._connection.address
        described = self._connection.call("describe_collection", self._name)
        facts = read_facts(self._connection, described)
        if not self._replace:
            check_fits(place, facts, described, dim=self._dim, encoder=self._encoder)
        self._facts = facts

    def ask(self, method: str, **options: Any) -> Any:
        """Ask the collection; where another one took its place meanwhile, ask that one.

        Raises:
            MissingCollection: there is none any more.
        """
        try:
            return self._connection.call(method, self._name, **options)
        except MissingCollection:
            self._open()
            if not self._name:
                raise
            return self._connection.call(method, self._name, **options)

    @property
    def facts(self) -> Facts | None:
        """What the collection says of itself."""
        return self._facts

    @property
    def stamp(self) -> Stamp | None:
        """The commit that the store holds."""
        return self._facts.stamp if self._facts else None

    @property
    def info(self) -> StoreInfo:
        """How it searches: with every vector."""
        return StoreInfo("Milvus FLAT" if self._name else "none")

    def count(self) -> int:
        """Return how many vectors it holds."""
        if not self._name:
            return 0
        counted = self.ask("query", output_fields=["count(*)"], consistency_level="Strong")
        return int(counted[0]["count(*)"])

    def holds(self, stamp: Stamp) -> bool:
        """Return whether it is just this commit, whole and changed by nobody."""
        facts = self._facts
        same = facts and (facts.encoder, facts.stamp) == (self._encoder, plain_stamp(stamp))
        return bool(same and facts and facts.toward is None and not facts.changed)

    @contextlib.contextmanager
    def writing(
        self, stamp: Stamp, *, afresh: bool = False, progress: Progress = silent
    ) -> Iterator[None]:
        """Open a change; see `VectorStore.writing`."""
        connection, stamp = self._connection, plain_stamp(stamp)
        building = (
            Building(connection, stamp, dim=self._dim, encoder=self._encoder, replace=self._replace)
            if afresh or not self._name
            else None
        )
        self._change = change = building or Change()
        try:
            yield
        finally:
            self._change = None
        if building:
            self._facts, self._name = building.finish(), building.name
            self.sent = building.sent
        elif isinstance(change, Change) and self._facts:
            self._facts = change.send(connection, self._name, self._facts, stamp, self._dim)

    def add(self, ids: Integers, vectors: Vectors) -> None:
        """Add vectors; one whose id is there already takes that one's place."""
        assert self._change is not None, "add outside of writing"
        if len(ids):
            self._change.add(self._describe(ids, vectors))

    def remove(self, ids: Integers) -> None:
        """Remove vectors; ids that are not there are passed over."""
        assert self._change is not None, "remove outside of writing"
        self._change.remove(np.asarray(ids, np.int64))

    def put(self, rows: Sequence[dict[str, Any]]) -> None:
        """Send rows at once, each in place of that of its id; any client may, at any time."""
        self._mark_changed()
        upsert_rows(self._connection, self._name, rows, self._dim)

    def drop(self, ids: Sequence[int]) -> None:
        """Delete rows at once; any client may, at any time."""
        self._mark_changed()
        delete_rows(self._connection, self._name, ids)

    def _mark_changed(self) -> None:
        """Note that clients changed the collection: once, whoever of them is first."""
        for left in (2, 1, 0):
            if self._facts is None or self._facts.changed:
                return
            try:
                facts = msgspec.structs.replace(self._facts, changed=True)
                write_facts(self._connection, self._name, facts)
                self._facts = facts
            except MissingCollection:
                self._open()  # another one took its place
            except StoreError:  # as where two clients note it at once
                if not left:
                    raise
                self._open()

    def propose(
        self,
        vectors: Vectors,
        k: int,
        *,
        where: Integers | None = None,
        without: Integers | None = None,
        exact: bool = False,
        expression: str = "",
        held: dict[int, Vectors] | None = None,
    ) -> Integers:
        """Return candidates for the `k` nearest of each query; see `VectorStore.propose`.

        Args:
            vectors, k, where, without: as there.
            exact: every search is.
            expression: propose among the rows that pass this expression of Milvus' alone.
            held: is given the vectors of what is proposed, by id: sooner than `vectors_of`.

        Raises:
            UsageError: more neighbours than Milvus gives.
        """
        if k + TIES > MOST:
            raise UsageError(f"A store gives {MOST - TIES:,} neighbours at most, received {k:,}.")
        nobody = np.empty((len(vectors), 0), np.int64)
        if not self._name or not len(vectors):
            return nobody
        if where is not None:
            parts = [where[start : start + IDS].tolist() for start in range(0, len(where), IDS)]
            lots = [self._search(vectors, k + TIES, [f"id in {part}"], held) for part in parts]
            return np.concatenate([nobody, *lots], axis=1)
        left_out = [f"id not in {without.tolist()}"] if without is not None and len(without) else []
        wanted = [f"({expression})", *left_out] if expression else left_out
        return self._search(vectors, k + TIES, wanted, held)

    def _search(
        self,
        vectors: Vectors,
        limit: int,
        conditions: Sequence[str],
        held: dict[int, Vectors] | None,
    ) -> Integers:
        torn = self._facts is not None and self._facts.toward is not None
        if torn and self._facts and self._facts.stamp:  # ids after it are of a change under way
            conditions = [*conditions, f"id <= {self._facts.stamp.last_id}"]
        found: list[list[int]] = []
        for start in range(0, len(vectors), QUERIES):
            answers = self.ask(
                "search",
                data=list(vectors[start : start + QUERIES]),
                limit=limit,
                filter=" and ".join(conditions),
                output_fields=["id"] if held is None else ["vector"],
                consistency_level="Strong",
            )
            found += [[hit["id"] for hit in hits] for hits in answers]
            for hit in (hit for hits in answers for hit in hits if held is not None):
                if held is not None and hit["id"] not in held:
                    held[hit["id"]] = np.array(hit["entity"]["vector"], np.float32)
        width = max(map(len, found))
        padded = [row + [-1] * (width - len(row)) for row in found]
        return np.array(padded, np.int64).reshape(len(vectors), width)

    def fetch(self, ids: Sequence[int], fields: Sequence[str]) -> dict[int, dict[str, Any]]:
        """Return fields of those rows that are there, by id."""
        if not self._name:
            return {}
        size = batch_rows(self._dim) if {"vector", "thumbnail"} & {*fields} else IDS
        rows: dict[int, dict[str, Any]] = {}
        for start in range(0, len(ids), size):
            some = list(ids[start : start + size])
            for row in self.ask(
                "get", ids=some, output_fields=["id", *fields], consistency_level="Strong"
            ):
                rows[row["id"]] = row
        return rows

    def rows(self, fields: Sequence[str], expression: str = "") -> Iterator[list[dict[str, Any]]]:
        """Yield the rows that pass an expression, by rising id, some at a time."""
        if self._name:
            size = batch_rows(self._dim) if {"vector", "thumbnail"} & {*fields} else IDS
            yield from self._connection.rows(
                self._name, ["id", *fields], batch=size, expression=expression
            )

    def vectors_of(self, ids: Integers) -> Vectors:
        """Return the vectors of ids of any shape; NaN where there is none."""
        numbers = [number for number in np.unique(ids).tolist() if number > 0]
        there = self.fetch(numbers, ["vector"])
        return stack_rows({n: row["vector"] for n, row in there.items()}, ids, self._dim)

    def verify(self) -> list[str]:
        """Return a sentence for what is not as it was written: counts and checksums of vectors."""
        if not self._name:
            return []
        problems = []
        if self._facts and self._facts.toward is not None:
            problems.append("A change of the store was cut short; make it again.")
        there, wrong = 0, 0
        for page in self.rows(["vector", "checksum"]):
            there += len(page)
            wrong += sum(
                crc32(np.array(row["vector"], np.float32).tobytes()) != row["checksum"]
                for row in page
            )
        if wrong:
            problems.append(f"{wrong:,} vectors of the store are not what was written.")
        if there != (counted := self.count()):
            problems.append(f"The store counts {counted:,} rows and holds {there:,}.")
        return problems
