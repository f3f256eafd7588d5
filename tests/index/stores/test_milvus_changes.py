"""What is done once although an answer was lost: told by a connection that loses them."""

from __future__ import annotations

from typing import Any

import pytest

from siam.errors import StoreError
from siam.index.stores.milvus_changes import batch_rows
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_rows import create_collection
from siam.index.stores.vector_store import Stamp


class LosingConnection(MilvusConnection):
    """Makes a collection, and loses the answer the first `times`."""

    def __init__(self, times: int) -> None:
        self.left, self.there, self.calls = times, False, list[str]()

    def call(self, method: str, *args: Any, timeout: float = 0.0, **options: Any) -> None:
        self.calls.append(method)
        if method == "drop_collection":
            self.there = False
        elif self.there:
            raise StoreError("It exists.")
        else:
            self.there = True
            if self.left:
                self.left -= 1
                raise StoreError("It exists: the answer was lost, and it was asked for again.")


@pytest.mark.parametrize("times", [0, 1])
def test_a_collection_is_made_whole_although_an_answer_was_lost(times: int) -> None:
    connection = LosingConnection(times)
    create_collection(connection, "c", dim=4, encoder="", toward=Stamp(1, 1, 1))
    assert connection.there and connection.calls.count("create_collection") == 1 + times


def test_what_goes_on_failing_is_told() -> None:
    with pytest.raises(StoreError):
        create_collection(LosingConnection(2), "c", dim=4, encoder="", toward=Stamp(1, 1, 1))


@pytest.mark.parametrize("dim", [1, 64, 1280, 100_000])
def test_a_batch_fits_into_a_call(dim: int) -> None:
    assert 50 <= batch_rows(dim) <= 5000
    assert batch_rows(dim) * (4 * dim + 1500) <= 50_000_000
