"""Rows of the catalogue: what may come in, what a known key changes, what goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.errors import DataError, UsageError
from siam.index import items
from siam.index.gallery import Gallery
from siam.index.matches import Item

VECTORS = np.eye(4, dtype=np.float32)
KEYS = ["a", "b", "c", "d"]


def new_items(**columns: Any) -> items.NewItems:
    """Put the four vectors together with some columns of their own."""
    names = ("labels", "origins", "splits", "hashes", "stats", "metas", "thumbnails")
    return items.new_items(VECTORS, {"keys": KEYS, **dict.fromkeys(names), **columns})


@pytest.fixture
def four(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.create(tmp_path / "index", dim=4, encoder_hash="") as gallery:
        gallery.add(VECTORS, keys=KEYS, labels=["x", None, "y", 7], splits=["train", None, "", "t"])
        yield gallery


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"labels": ["x"]}, "labels must have one entry per vector: 1 for 4"),
        ({"splits": ["x"] * 5}, "splits must have one entry per vector: 5 for 4"),
        ({"keys": ["a", "b", "c"]}, "keys must have one entry per vector: 3 for 4"),
        ({"keys": ["a", "b", "a", "d"]}, "'a' is empty or comes twice"),
        ({"keys": ["a", "b", "", "d"]}, "'' is empty or comes twice"),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        new_items(**columns)


@pytest.mark.parametrize("meta", [{"lux": float("nan")}, {"lux": {1, 2}}])
def test_metadata_that_json_cannot_hold_is_refused(meta: Mapping[str, Any]) -> None:
    with pytest.raises(DataError, match="JSON"):
        new_items(metas=[meta] * 4)


def test_one_split_stands_for_all_and_what_is_left_out_is_none(four: Gallery) -> None:
    ids = four.add(VECTORS, keys=["e", "f", "g", "h"], splits="test", labels=[1, None, "b", ""])
    assert four.items(ids) == [
        Item(5, "e", "1", "e", "test"),
        Item(6, "f", None, "f", "test"),
        Item(7, "g", "b", "g", "test"),
        Item(8, "h", None, "h", "test"),
    ]


def test_items_come_back_as_they_were_told(four: Gallery) -> None:
    with four.catalogue.reading() as connection:
        found = items.items_of(connection, [4, 1, 2, 9])
        labels = items.labels_of_ids(connection, [1, 2, 9])
    assert found == {
        1: Item(1, "a", "x", "a", "train"),
        2: Item(2, "b", None, "b"),
        4: Item(4, "d", "7", "d", "t"),
    }
    assert labels == {1: "x", 2: None}
    assert four.labels_of(four.select()).tolist() == ["x", None, "y", "7"]


def test_more_keys_than_one_statement_takes_are_looked_up(
    four: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "CHUNK", 2)
    with four.catalogue.reading() as connection:
        found = items.ids_of_keys(connection, ["d", "nobody", "a", "c", "b"])
    assert found == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_a_known_key_keeps_its_id_and_takes_the_new_values(four: Gallery) -> None:
    ids = four.add(VECTORS[::-1][:2], keys=["b", "e"], labels=["z", "w"], thumbnails=[b"P", None])
    assert ids.tolist() == [2, 5]
    assert [item.label for item in four.items([2, 5])] == ["z", "w"]
    np.testing.assert_array_equal(four.vectors_of([2, 5]), VECTORS[::-1][:2])
    assert four.thumbnails([2, 5]) == [b"P", None]


def test_what_is_deleted_takes_its_vector_along_and_its_id_stays_unused(four: Gallery) -> None:
    with four.catalogue.writing() as connection:
        assert items.delete(connection, [2, 9, 4]) == [2, 4]
        left = connection.execute("SELECT id FROM vectors ORDER BY id").fetchall()
    assert left == [(1,), (3,)]
    assert four.add(VECTORS[:1], keys=["f"]).tolist() == [5]
