"""What the gallery asks of a vector store, whatever is behind it.

The catalogue (SQLite) is the truth. A store is derived from it and disposable: it proposes ids that
may be near, and the gallery ranks them by exact distance. It may lag: its `stamp` names the commit
of the catalogue that it holds, and the gallery reads what came after it from the catalogue itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from siam.array_types import Integers, Vectors
from siam.progress import Progress, silent

__all__ = ["Stamp", "StoreInfo", "VectorStore"]


class Stamp(msgspec.Struct, frozen=True):
    """A commit of a catalogue, told from commits of every other history.

    Attributes:
        generation: how many commits came up to it.
        mark: its random number.
        last_id: the highest id given until then.
    """

    generation: int
    mark: int
    last_id: int


class StoreInfo(msgspec.Struct, frozen=True):
    """How a store searches.

    Attributes:
        structure: what it is, such as a FAISS factory string; "none" where it holds nothing.
        exact: whether it looks at every vector, so that it must find all that is near.
        settings: its search settings by name.
        recall: share of the exact 10 nearest that it was measured to find, 0 to 1.
        recall_error: standard error of that measurement.
    """

    structure: str
    exact: bool = True
    settings: Mapping[str, int] = {}
    recall: float = 1.0
    recall_error: float = 0.0


class VectorStore(Protocol):
    """Vectors by id, and a proposal of those near a query.

    Whatever passes `tests/index/stores/test_contract.py` can stand behind a gallery. Ids are int64,
    1 or more; vectors float32 of shape (n, dim) and unit length; nearness is Euclidean, which on
    unit vectors orders as the inner product does.
    """

    @property
    def stamp(self) -> Stamp | None:
        """The commit that the store holds, also after reopening; None before the first one."""

    @property
    def info(self) -> StoreInfo:
        """How it searches."""

    def count(self) -> int:
        """Return how many vectors it holds."""

    def writing(
        self, stamp: Stamp, *, afresh: bool = False, progress: Progress = silent
    ) -> AbstractContextManager[None]:
        """Open a change, inside of which `add` and `remove` may be called, in pieces of any size.

        When the block ends well, all of it is there at once, durably, and `stamp` with it; when it
        does not, or the process is killed, the store is as it was.

        Args:
            stamp: the commit that the store holds afterwards.
            afresh: begin with nothing, whatever the store held.
            progress: told of vectors indexed.
        """

    def add(self, ids: Integers, vectors: Vectors) -> None:
        """Add vectors; one whose id is there already takes that one's place."""

    def remove(self, ids: Integers) -> None:
        """Remove vectors; ids that are not there are passed over."""

    def propose(
        self,
        vectors: Vectors,
        k: int,
        *,
        where: Integers | None = None,
        without: Integers | None = None,
        exact: bool = False,
    ) -> Integers:
        """Return candidates for the `k` nearest of each query.

        Args:
            vectors: float32 of shape (n, dim), unit length.
            k: 1 or more.
            where: propose among these ids alone, and all that are near: exactly.
            without: propose none of these; ascending. Not together with `where`.
            exact: look at every vector, also where the store would approximate.

        Returns:
            int64 of shape (n, m), in no order, -1 for none: `k` or some more of each, so that
            rounding decides nothing, or as many as there are.
        """

    def vectors_of(self, ids: Integers) -> Vectors | None:
        """Return exact copies of vectors, to rank by; None where it keeps none to hand.

        Args:
            ids: int64 of any shape.

        Returns:
            float32 of shape (*ids.shape, dim), NaN where the store does not hold the id.
        """

    def verify(self) -> list[str]:
        """Return a sentence for each thing that is not as it was written, however long it takes."""
