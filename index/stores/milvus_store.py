"""The vector store that a Milvus server answers for: on one machine, or on a cluster of them.

What the collection of a gallery holds beside vectors, and how changes become whole, is in
`milvus_rows.py` and `milvus_changes.py`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zlib import crc32

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.errors import StoreError
from siam.index.stores.milvus_building import Building
from siam.index.stores.milvus_changes import (
    Change,
    answering_name,
    delete_rows,
    upsert_rows,
)
from siam.index.stores.milvus_connection import MilvusConnection, MissingCollection
from siam.index.stores.milvus_reader import MilvusReader
from siam.index.stores.milvus_rows import (
    EXACT,
    Describe,
    bare_rows,
    plain_stamp,
    write_facts,
)
from siam.index.stores.milvus_search import Probe, choose_effort
from siam.index.stores.vector_store import Stamp
from siam.progress import Progress, silent

__all__ = ["MilvusStore"]


class MilvusStore(MilvusReader):
    """A `VectorStore` on a Milvus server; any number of clients read it, and may write to it.

    Args:
        connection: to the server.
        dim: length of the vectors.
        encoder: SHA-256 of the encoder that made them.
        describe: what makes the rows that `add` sends; bare ones when left out.
        replace: take a collection of another encoder too, to fill it afresh.
        kind: of the index when it is filled afresh, one of `KINDS`; as it is, or `EXACT` where
            nothing is, when left out.
        probe: what the effort of an approximate kind is measured with.

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
        kind: str | None = None,
        probe: Probe | None = None,
    ) -> None:
        self._describe, self._probe = describe, probe
        self._change: Change | Building | None = None
        self.sent = 0  # rows, by the last filling
        super().__init__(connection, dim=dim, encoder=encoder, replace=replace)
        self._kind = kind or (self._facts.kind if self._facts else EXACT)

    def holds(self, stamp: Stamp) -> bool:
        """Return whether it is just this commit, whole, of its kind and changed by nobody."""
        facts, wanted = self._facts, (self._encoder, plain_stamp(stamp), self._kind)
        same = facts and (facts.encoder, facts.stamp, facts.kind) == wanted
        return bool(same and facts and facts.toward is None and not facts.changed)

    @contextlib.contextmanager
    def writing(
        self, stamp: Stamp, *, afresh: bool = False, progress: Progress = silent
    ) -> Iterator[None]:
        """Open a change; see `VectorStore.writing`."""
        connection, stamp = self._connection, plain_stamp(stamp)
        building = (
            Building(
                connection,
                stamp,
                dim=self._dim,
                encoder=self._encoder,
                kind=self._kind,
                replace=self._replace,
            )
            if afresh or not self._name
            else None
        )
        self._change = change = building or Change()
        try:
            yield
        finally:
            self._change = None
        if building:
            building.complete()
            ask = functools.partial(connection.call, "search", building.name)
            facts = choose_effort(ask, building.facts, self._probe)
            self._facts, self._name = building.answer(facts), building.name
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
        self._write(lambda name: upsert_rows(self._connection, name, rows, self._dim))

    def drop(self, ids: Sequence[int]) -> None:
        """Delete rows at once; any client may, at any time."""
        self._write(lambda name: delete_rows(self._connection, name, ids))

    def _write(self, send: Callable[[str], None]) -> None:
        """Send a change to what answers: again to what took that one's place in the meantime."""
        while True:
            self._mark_changed()
            name = self._name
            try:
                send(name)
            except MissingCollection:
                if answering_name(self._connection) in ("", name):
                    raise
            if answering_name(self._connection) == name:
                return
            self._open()

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
