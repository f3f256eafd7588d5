"""What the user writes about items: which to remove, and values to keep with new ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from siam.engine.index.item_options import items_to_remove, parse_meta
from siam.errors import UsageError
from siam.index.gallery import Gallery


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    """Six items: three of "it's", three of "b"."""
    with Gallery.create(tmp_path / "index", dim=6, encoder_hash="") as made:
        keys = [f"{place}.png" for place in range(6)]
        made.add(np.eye(6, dtype=np.float32), keys=keys, labels=["it's", "b"] * 3)
        yield made


def test_ids_and_keys_name_items_once(gallery: Gallery) -> None:
    assert items_to_remove(gallery, ["3.png", "4", "1"], label=None, where=[]) == [1, 4]


def test_a_name_of_other_bytes_is_told_in_text(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match=r"'caf\\xe9.png'"):
        items_to_remove(gallery, ["caf\udce9.png"], label=None, where=[])


def test_label_and_filters_must_all_hold(gallery: Gallery) -> None:
    assert items_to_remove(gallery, [], label="it's", where=[]) == [1, 3, 5]
    assert items_to_remove(gallery, [], label="it's", where=["id>1", "id<5"]) == [3]
    assert items_to_remove(gallery, ["2"], label=None, where=["id=5"]) == [2, 5]


@pytest.mark.parametrize(
    ("items", "words"),
    [([], "Nothing says what to remove"), (["nobody"], "'nobody'"), (["99"], "holds no item 99")],
)
def test_what_names_nothing_is_refused(gallery: Gallery, items: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        items_to_remove(gallery, items, label=None, where=[])


def test_metadata_is_read() -> None:
    assert parse_meta(["a=1", "b=2.5", "c=x=y", "d=", "e=1e5"]) == {
        "a": 1, "b": 2.5, "c": "x=y", "d": "", "e": "1e5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("nothing", "--meta takes name=value"),
        ("a b=1", "a name of letters and digits, received 'a b'"),
        ("=1", "a name of letters and digits, received ''"),
    ],
)
def test_metadata_that_a_filter_could_not_name_is_refused(pair: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_meta([pair])


def test_a_label_that_nobody_has_is_refused(gallery: Gallery) -> None:
    with pytest.raises(UsageError, match="no item with the label 'nobody'"):
        items_to_remove(gallery, [], label="nobody", where=[])
    assert items_to_remove(gallery, [], label="b", where=["id>99"]) == []
