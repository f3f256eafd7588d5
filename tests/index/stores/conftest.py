"""The stores that the contract is put to, one of them the least that a store can be."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from siam.array_types import Integers, Vectors
from siam.index.stores.budget import Budget
from siam.index.stores.faiss_store import FaissStore
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_store import MilvusStore
from siam.index.stores.vector_store import Stamp, StoreInfo, VectorStore
from siam.progress import Progress, silent

DIM = 16


class PlainStore:
    """The least that a store can be: a dictionary, compared with whole, which keeps no copies."""

    held: dict[Path, tuple[Stamp, dict[int, Vectors]]] = {}

    def __init__(self, place: Path) -> None:
        self._place = place
        self._stamp, self._vectors = self.held.get(place, (None, {}))

    @property
    def stamp(self) -> Stamp | None:
        return self._stamp

    @property
    def info(self) -> StoreInfo:
        return StoreInfo("plain")

    def count(self) -> int:
        return len(self._vectors)

    @contextlib.contextmanager
    def writing(
        self, stamp: Stamp, *, afresh: bool = False, progress: Progress = silent
    ) -> Iterator[None]:
        before = self._vectors
        self._vectors = {} if afresh else dict(before)
        try:
            yield
        except BaseException:
            self._vectors = before
            raise
        self._stamp = stamp
        self.held[self._place] = (stamp, self._vectors)

    def add(self, ids: Integers, vectors: Vectors) -> None:
        self._vectors.update(zip(ids.tolist(), vectors, strict=True))

    def remove(self, ids: Integers) -> None:
        for number in ids.tolist():
            self._vectors.pop(number, None)

    def propose(
        self,
        vectors: Vectors,
        k: int,
        *,
        where: Integers | None = None,
        without: Integers | None = None,
        exact: bool = False,
    ) -> Integers:
        ids = np.array(list(self._vectors), np.int64)
        if where is not None:
            ids = ids[np.isin(ids, where)]
        if without is not None:
            ids = ids[~np.isin(ids, without)]
        if not len(ids):
            return np.empty((len(vectors), 0), np.int64)
        similarity = vectors @ np.stack([self._vectors[i] for i in ids.tolist()]).T
        return ids[np.argsort(-similarity, axis=1)[:, : k + 4]]

    def vectors_of(self, ids: Integers) -> None:
        return None

    def verify(self) -> list[str]:
        return []


def faiss_of(kind: str) -> Callable[[Path], VectorStore]:
    return lambda place: FaissStore(place, dim=DIM, kind=kind, budget=Budget())


STORES: dict[str, Callable[[Path], VectorStore]] = {
    "flat": faiss_of("flat"),
    "hnsw": faiss_of("hnsw"),
    "ivf": faiss_of("IVF8,Flat"),
    "quantised": faiss_of("IVF8,SQ8"),
    "plain": PlainStore,
}


MILVUS = [f"milvus {kind}" for kind in ("FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8")]


@pytest.fixture(params=[*STORES, *(pytest.param(name, marks=pytest.mark.slow) for name in MILVUS)])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], VectorStore]:
    """Return what opens the store of one place, again and again."""
    if request.param in MILVUS:
        kind = request.param.removeprefix("milvus ")
        server = request.getfixturevalue("milvus")
        address = parse_address(server.address(f"c{secrets.token_hex(8)}"))
        return lambda: MilvusStore(MilvusConnection(address), dim=DIM, kind=kind)
    make = STORES[request.param]
    return lambda: make(tmp_path)
