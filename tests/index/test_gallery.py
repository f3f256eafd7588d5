"""The gallery's life: create, add, change, remove, close, open."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.errors import DataError, StoreError, UsageError
from siam.index.gallery import Gallery

COUNT, DIM = 600, 16  # as in conftest.py


def test_items_come_back_whole_after_reopening(gallery: Gallery, vectors: np.ndarray) -> None:
    gallery.close()
    with Gallery.open(gallery.folder, encoder_hash="e" * 64) as again:
        assert len(again) == COUNT
        item = again.items([18])[0]
        assert (item.key, item.label, item.origin, item.split) == ("k17", "7", "k17", "train")
        assert item.meta == {"rank": 17, "taken": "2024-06-01"}
        np.testing.assert_array_equal(again.vectors_of([18, 1]), vectors[[17, 0]])
        assert again.thumbnails([17, 18]) == [None, b"png17"]
        assert again.ids_of(["k17", "nobody"]) == {"k17": 18}


def test_ids_are_never_used_again(gallery: Gallery, vectors: np.ndarray) -> None:
    assert gallery.remove([COUNT, COUNT - 1, 9_999]) == 2
    gallery.close()
    with Gallery.open(gallery.folder) as again:
        assert again.add(vectors[:1], keys=["new"]).tolist() == [COUNT + 1]
        with pytest.raises(UsageError, match="holds no item 600"):
            again.items([COUNT])


def test_adding_the_same_twice_changes_nothing(gallery: Gallery, vectors: np.ndarray) -> None:
    before = gallery.snapshot().position.generation
    ids = gallery.add(
        vectors[:50],
        keys=[f"k{i}" for i in range(50)],
        labels=np.arange(50) % 10,
        splits=["train" if i % 3 else "test" for i in range(50)],
        metas=[{"rank": i, "taken": f"2024-{1 + i % 12:02}-01"} for i in range(50)],
        thumbnails=[b"png%d" % i if i % 2 else None for i in range(50)],
    )
    assert ids.tolist() == list(range(1, 51))
    assert len(gallery) == COUNT
    assert gallery.snapshot().position.generation == before


def test_a_changed_vector_is_found_under_its_old_id(gallery: Gallery, clustered: Any) -> None:
    gallery.build()
    moved = clustered(1, seed=77)
    assert gallery.add(moved, keys=["k5"], labels=["other"]).tolist() == [6]
    matches = gallery.search(moved, 1)
    assert (matches.ids[0, 0], matches.distances[0, 0]) == (6, 0.0)
    assert gallery.labels_of(np.array([6])).tolist() == ["other"]
    assert len(gallery) == COUNT


def test_labels_of_few_and_many(gallery: Gallery, clustered: Any) -> None:
    few = gallery.labels_of(np.array([[1, 2], [-1, 600]]))
    assert few.tolist() == [["0", "1"], [None, "9"]]
    many = gallery.labels_of(np.tile(np.array([1, 2, -1, 10_000]), (500, 1)))
    assert many.shape == (500, 4)
    assert many[3].tolist() == ["0", "1", None, None]
    gallery.add(clustered(1), keys=["k0"], labels=["changed"])
    assert gallery.labels_of(np.full(2_000, 1))[0] == "changed"


def test_a_reader_that_stays_open_takes_the_store_that_another_built(
    gallery: Gallery, clustered: Any
) -> None:
    """A server reads for days: what it holds beside the store must not grow for ever."""
    more = clustered(1_100, seed=5)
    gallery.build()
    with Gallery.open(gallery.folder, read_only=True) as reader:
        reader.search(more[:1], 1)
        gallery.add(more, keys=[f"more{i}" for i in range(len(more))])
        assert reader.search(more[:1], 1).distances[0, 0] == 0
        assert reader.snapshot().lag == 1_100
        gallery.build()
        gallery.remove([1])
        assert reader.search(more[:1], 1).distances[0, 0] == 0
        assert reader.snapshot().lag == 1


def test_items_are_labelled_anew(gallery: Gallery, vectors: np.ndarray) -> None:
    before = gallery.snapshot().position.generation
    assert gallery.relabel([1, 2, 2, 9_999], "other") == 2
    assert gallery.relabel([1], "other") == 0  # as it was: nothing is committed
    assert gallery.relabel([2], None) == 1
    assert gallery.snapshot().position.generation == before + 2
    assert gallery.labels_of(np.array([1, 2, 3])).tolist() == ["other", None, "2"]
    np.testing.assert_array_equal(gallery.vectors_of([1, 2]), vectors[:2])


def test_no_label_is_none_also_in_an_index_of_an_older_siam(
    gallery: Gallery, clustered: Any
) -> None:
    """Its column holds "" where there is none, which a filter finds as before."""
    ids = gallery.add(clustered(2, seed=6), keys=["a", "b"], labels=[None, "x"])
    assert [item.label for item in gallery.items(ids)] == [None, "x"]
    assert gallery.labels_of(ids).tolist() == [None, "x"]
    assert gallery.labels_of(np.tile(ids, 1_000))[:2].tolist() == [None, "x"]
    assert gallery.select("label=''").tolist() == ids[:1].tolist()


def test_a_new_class_is_searchable_at_once(gallery: Gallery, clustered: Any) -> None:
    new = clustered(3, seed=5, clusters=3)
    gallery.add(new, keys=["a", "b", "c"], labels=["new"] * 3)
    matches = gallery.search(new, 1, where="label=new")
    assert gallery.labels_of(matches.ids).ravel().tolist() == ["new"] * 3


@pytest.mark.parametrize("removed", ["all", "some"])
def test_delete_then_reload_then_add(
    gallery: Gallery, vectors: np.ndarray, removed: str, nearest: Any, assert_equal: Any
) -> None:
    gallery.build()
    ids = gallery.select() if removed == "all" else gallery.select("label=3")
    gallery.remove(ids)
    gallery.close()
    left = np.setdiff1d(np.arange(1, COUNT + 1), ids)
    with Gallery.open(gallery.folder) as again:
        assert again.select().tolist() == left.tolist()
        assert_equal(again.search(vectors[:5], 3), nearest(vectors[left - 1], left, vectors[:5], 3))
        again.add(vectors[:4], keys=list("abcd"))
        assert len(again) == len(left) + 4
        assert again.search(vectors[:1], 1).distances[0, 0] == 0.0


def test_an_empty_index_answers_with_nothing(tmp_path: Path) -> None:
    with Gallery.create(tmp_path, dim=4, encoder_hash="") as gallery:
        for _ in range(2):
            matches = gallery.search(np.eye(4), 3)
            assert matches.ids.tolist() == [[-1] * 3] * 4
            assert np.isinf(matches.distances).all()
            assert matches.counts.tolist() == [0, 0, 0, 0]
            assert gallery.search(np.eye(4), 3, where="label=1").counts.tolist() == [0] * 4
            assert gallery.labels_of(np.full(2_000, -1)).tolist() == [None] * 2_000
            gallery.build()


def test_one_item(tmp_path: Path) -> None:
    with Gallery.create(tmp_path, dim=4, encoder_hash="") as gallery:
        gallery.add(np.eye(4)[:1], keys=["only"])
        for _ in range(2):
            matches = gallery.search(np.eye(4)[:2], 5)
            assert matches.ids.tolist() == [[1, -1, -1, -1, -1]] * 2
            assert matches.distances[:, 0].tolist() == [0.0, pytest.approx(2**0.5)]
            assert gallery.search_like([1], 2).counts.tolist() == [0]
            gallery.build()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.array([[np.nan] * DIM]), "row 0 holds NaN"),
        (np.array([[np.inf] + [0] * (DIM - 1)]), "NaN or infinity"),
        (np.zeros((1, DIM)), "length 1 .* row 0 has 0"),
        (np.ones((1, DIM)), "row 0 has 4"),
        (np.ones((1, 3)), r"shape \(n, 16\), received \(1, 3\)"),
        (np.ones((1, 2, 8)), r"received \(1, 2, 8\)"),
    ],
)
def test_bad_vectors_are_refused_everywhere(gallery: Gallery, bad: np.ndarray, words: str) -> None:
    with pytest.raises(DataError, match=words):
        gallery.add(bad, keys=["bad"])
    with pytest.raises(DataError, match=words):
        gallery.search(bad, 1)
    assert len(gallery) == COUNT


def test_columns_must_fit(gallery: Gallery, vectors: np.ndarray) -> None:
    with pytest.raises(UsageError, match="labels must have one entry per vector: 1 for 2"):
        gallery.add(vectors[:2], keys=["a", "b"], labels=["x"])
    with pytest.raises(UsageError, match="'a' is empty or comes twice"):
        gallery.add(vectors[:2], keys=["a", "a"])
    with pytest.raises(UsageError, match="'' is empty"):
        gallery.add(vectors[:1], keys=[""])
    with pytest.raises(DataError, match="Metadata must be"):
        gallery.add(vectors[:1], keys=["a"], metas=[{"x": float("nan")}])
    with pytest.raises(UsageError, match="k must be 1 or more, received 0"):
        gallery.search(vectors[:1], 0)
    with pytest.raises(UsageError, match="received the radius -1"):
        gallery.search(vectors[:1], within=-1)
    assert len(gallery) == COUNT


def test_another_encoder_is_refused_with_the_cure(gallery: Gallery) -> None:
    with pytest.raises(StoreError) as caught:
        Gallery.open(gallery.folder, encoder_hash="f" * 64)
    assert "filled by the encoder eeeeeeeeeeee, this one is ffffffffffff" in caught.value.problem
    assert "--run" in caught.value.cure
    assert caught.value.exit_code == 4


def test_missing_and_existing_folders(tmp_path: Path, gallery: Gallery) -> None:
    with pytest.raises(StoreError, match="There is no index in"):
        Gallery.open(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="There is an index in .* already"):
        Gallery.create(gallery.folder, dim=3, encoder_hash="")
    with pytest.raises(UsageError, match="'nonsense' is no index kind"):
        Gallery.create(tmp_path / "new", dim=3, encoder_hash="", kind="nonsense")
    assert not (tmp_path / "new").exists()


def test_a_reader_cannot_write(gallery: Gallery, vectors: np.ndarray) -> None:
    gallery.close()
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.search(vectors[:1], 1).ids[0, 0] == 1
        with pytest.raises(StoreError, match="for reading only"):
            reader.add(vectors[:1], keys=["x"])
    # The reader leaves nothing behind but what was there.
    assert sorted(os.listdir(gallery.folder))[0].startswith(".build-lock")
