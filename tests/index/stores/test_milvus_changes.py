"""What is done once although an answer was lost: told by a connection that loses them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from siam.errors import StoreError
from siam.index.stores.milvus_address import parse_address
from siam.index.stores.milvus_changes import batch_rows
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_rows import (
    FIELDS,
    Facts,
    as_row,
    create_collection,
    read_facts,
    thumbnail_of,
)


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
    create_collection(connection, "c", dim=4, facts=Facts(1, ""))
    assert connection.there and connection.calls.count("create_collection") == 1 + times


def test_what_goes_on_failing_is_told() -> None:
    with pytest.raises(StoreError):
        create_collection(LosingConnection(2), "c", dim=4, facts=Facts(1, ""))


NAMES = [{"name": name} for name in sorted(FIELDS)]
FACTS = '{"format": 1, "encoder": "e"}'


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ({"fields": NAMES}, "was not made by siam"),
        ({"fields": NAMES, "properties": {"siam": "[1]"}}, "was not made by siam"),
        ({"fields": NAMES[1:], "properties": {"siam": FACTS}}, "was not made by siam"),
        ({"fields": NAMES, "properties": {"siam": FACTS.replace("1", "2")}}, "format 2, this"),
    ],
)
def test_a_collection_of_others_is_refused(described: dict[str, Any], words: str) -> None:
    connection = LosingConnection(0)
    connection.address = parse_address("milvus://localhost/c")
    with pytest.raises(StoreError, match=words):
        read_facts(connection, described)


def test_a_thumbnail_that_cannot_be_read_is_none() -> None:
    row = as_row(1, np.ones(1, np.float32), thumbnail=b"png")
    assert thumbnail_of(row) == b"png"
    assert thumbnail_of({"thumbnail": "no base64"}) is thumbnail_of({"thumbnail": ""}) is None


@pytest.mark.parametrize("dim", [1, 64, 1280, 100_000])
def test_a_batch_fits_into_a_call(dim: int) -> None:
    assert 50 <= batch_rows(dim) <= 5000
    assert batch_rows(dim) * (4 * dim + 1500) <= 50_000_000
