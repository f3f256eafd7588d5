"""The asking half of the store on a Milvus server: what is near, and what is there.

An approximate kind of index proposes what it finds. Where a filter, or what was removed, leaves it
fewer than there are, it looks harder, and at last every row that passes is compared here: a filter
costs no neighbour.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from siam.array_types import Integers, Vectors
from siam.index.ranking import brute_force_in
from siam.index.stores.milvus_changes import IDS, answering_name, batch_rows
from siam.index.stores.milvus_connection import MilvusConnection, MissingCollection
from siam.index.stores.milvus_kinds import efforts, limit_for
from siam.index.stores.milvus_rows import EXACT, Facts, check_fits, read_facts, stack_rows
from siam.index.stores.milvus_search import search
from siam.index.stores.vector_store import Stamp, StoreInfo

__all__ = ["MilvusReader"]

# Rows that pass a filter and are compared one by one, before a graph is asked that would have to
# walk past all the others.
FEW = 10_000


class MilvusReader:
    """A collection behind an alias; it is none yet where nobody filled one.

    Args:
        connection: to the server.
        dim: length of the vectors.
        encoder: SHA-256 of the encoder that made them.
        replace: take a collection of another encoder too, to fill it afresh.

    Raises:
        StoreError: the collection is none of siam's, or of vectors of another length or encoder.
    """

    def __init__(
        self, connection: MilvusConnection, *, dim: int, encoder: str, replace: bool
    ) -> None:
        self._connection, self._dim, self._encoder = connection, dim, encoder
        self._replace, self._name = replace, ""
        self._facts: Facts | None = None
        self._open()

    def _open(self) -> None:
        self._name, self._facts = answering_name(self._connection), None
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
        """How it searches."""
        facts = self._facts
        if facts is None:
            return StoreInfo("none")
        return StoreInfo(
            f"Milvus {facts.kind}",
            facts.kind == EXACT,
            facts.effort,
            facts.recall,
            facts.recall_error,
        )

    def count(self, expression: str = "") -> int:
        """Return how many vectors it holds, or rows that pass an expression."""
        if not self._name:
            return 0
        counted = self.ask(
            "query", filter=expression, output_fields=["count(*)"], consistency_level="Strong"
        )
        return int(counted[0]["count(*)"])

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
            vectors, k, where, without, exact: as there.
            expression: propose among the rows that pass this expression of Milvus' alone.
            held: is given the vectors of what is proposed, by id: sooner than `vectors_of`.

        Raises:
            UsageError: more neighbours than Milvus gives.
        """
        facts = self._facts
        limit = limit_for(facts.kind if facts else EXACT, k)
        nobody = np.empty((len(vectors), 0), np.int64)
        if facts is None or not len(vectors):
            return nobody
        if where is not None:
            parts = [where[start : start + IDS].tolist() for start in range(0, len(where), IDS)]
            if facts.kind != EXACT:
                return self._compare(map(self._vectors_by_id, parts), vectors, limit, held)
            lots = [self._search(vectors, limit, [f"id in {part}"], {}, held) for part in parts]
            return np.concatenate([nobody, *lots], axis=1)
        left_out = [f"id not in {without.tolist()}"] if without is not None and len(without) else []
        wanted = [f"({expression})", *left_out] if expression else left_out
        if facts.toward and facts.stamp:  # ids after it are of a change under way
            wanted.append(f"id <= {facts.stamp.last_id}")
        if facts.kind == EXACT:
            return self._search(vectors, limit, wanted, {}, held)
        if exact:
            return self._compare(self._passing(wanted), vectors, limit, held)
        return self._approximate(facts, vectors, limit, wanted, held)

    def _approximate(
        self,
        facts: Facts,
        vectors: Vectors,
        limit: int,
        conditions: Sequence[str],
        held: dict[int, Vectors] | None,
    ) -> Integers:
        hardest = efforts(facts.kind, facts.built)[-1]
        passing = -1
        if conditions:
            passing = self.count(" and ".join(conditions))
            graph = "nprobe" not in hardest  # lists that are all looked into miss nothing
            if passing <= (FEW if graph else limit):
                return self._compare(self._passing(conditions), vectors, limit, held)
        for effort in (hardest,) if conditions else (facts.effort, hardest):
            found = self._search(vectors, limit, conditions, effort, held)
            if found.shape[1] == limit and (found >= 0).all():
                return found
        if passing < 0:
            passing = self.count()
        if (found >= 0).sum(axis=1).min() >= min(limit, passing):
            return found
        return self._compare(self._passing(conditions), vectors, limit, held)

    def _search(
        self,
        vectors: Vectors,
        limit: int,
        conditions: Sequence[str],
        effort: dict[str, int],
        held: dict[int, Vectors] | None,
    ) -> Integers:
        return search(
            functools.partial(self.ask, "search"),
            vectors,
            limit,
            expression=" and ".join(conditions),
            effort=effort,
            held=held,
        )

    def _compare(
        self,
        pieces: Iterable[tuple[Integers, Vectors]],
        vectors: Vectors,
        limit: int,
        held: dict[int, Vectors] | None,
    ) -> Integers:
        ids = brute_force_in(pieces, vectors, limit).ids
        if held is not None:
            numbers = np.unique(ids[ids > 0])
            held.update(zip(numbers.tolist(), self.vectors_of(numbers), strict=True))
        return ids

    def _passing(self, conditions: Sequence[str]) -> Iterator[tuple[Integers, Vectors]]:
        """Yield the ids and vectors of the rows that pass all conditions, some at a time."""
        for page in self.rows(["vector"], " and ".join(conditions)):
            ids = np.array([row["id"] for row in page], np.int64)
            yield ids, np.array([row["vector"] for row in page], np.float32)

    def _vectors_by_id(self, ids: Sequence[int]) -> tuple[Integers, Vectors]:
        there = self.fetch(ids, ["vector"])
        vectors = [row["vector"] for row in there.values()]
        return np.array([*there], np.int64), np.array(vectors, np.float32).reshape(-1, self._dim)

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
        """Yield the rows that pass an expression, by rising id, some at a time.

        Where another collection took the place of this one, those of that one follow.
        """
        size = batch_rows(self._dim) if {"vector", "thumbnail"} & {*fields} else IDS
        last = 0
        while self._name:
            try:
                for page in self._connection.rows(
                    self._name, ["id", *fields], batch=size, expression=expression, after=last
                ):
                    yield page
                    last = page[-1]["id"]
                return
            except MissingCollection:
                self._open()
                if not self._name:
                    raise

    def vectors_of(self, ids: Integers) -> Vectors:
        """Return the vectors of ids of any shape; NaN where there is none."""
        numbers = [number for number in np.unique(ids).tolist() if number > 0]
        there = self.fetch(numbers, ["vector"])
        return stack_rows({n: row["vector"] for n, row in there.items()}, ids, self._dim)
