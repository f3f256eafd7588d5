"""What every vector store keeps to: FAISS's kinds, and a plain one that lives in memory.

A new store joins by one more entry in `STORES` of `conftest.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from siam.array_types import Vectors
from siam.index.build import bring_up_to_date
from siam.index.gallery import Gallery
from siam.index.snapshot import Snapshot, take_snapshot
from siam.index.stores.vector_store import Stamp, VectorStore
from siam.index.verify import verify

DIM, COUNT = 16, 300
IDS = np.arange(1, COUNT + 1)
OpenStore = Callable[[], VectorStore]


@pytest.fixture
def vectors(clustered: Any) -> Vectors:
    made: Vectors = clustered(COUNT)
    return made


@pytest.fixture
def store(reopen: OpenStore, vectors: Vectors) -> VectorStore:
    """Return a store of `COUNT` vectors, written in three pieces."""
    made = reopen()
    with made.writing(Stamp(1, 11, COUNT)):
        for part in np.split(np.arange(COUNT), 3):
            made.add(IDS[part], vectors[part])
    return made


def first(store: VectorStore, queries: Vectors, vectors: Vectors, **options: Any) -> list[int]:
    """Return the id of the nearest candidate of each query, ranked by the vectors given."""
    proposed = store.propose(queries, 10, **options)
    nearest = []
    for query, ids in zip(queries, proposed, strict=True):
        there = ids[ids >= 0]
        nearest.append(int(there[np.argmax(vectors[there - 1] @ query)]))
    return nearest


def test_an_empty_store_proposes_nobody(reopen: OpenStore, vectors: Vectors) -> None:
    store = reopen()
    assert (store.stamp, store.count(), store.verify()) == (None, 0, [])
    assert not (store.propose(vectors[:3], 5) >= 0).any()
    assert not (store.propose(vectors[:3], 5, where=IDS) >= 0).any()
    with store.writing(Stamp(0, 5, 0)):
        pass
    assert (reopen().stamp, reopen().count()) == (Stamp(0, 5, 0), 0)
    assert not (store.propose(vectors[:3], 5, exact=True) >= 0).any()


def test_what_was_added_is_proposed_also_after_reopening(
    store: VectorStore, reopen: OpenStore, vectors: Vectors
) -> None:
    for opened in (store, reopen()):
        assert opened.count() == COUNT
        assert first(opened, vectors, vectors, exact=True) == IDS.tolist()
        assert np.mean(np.equal(first(opened, vectors, vectors), IDS)) > 0.95


def test_adding_the_same_again_changes_nothing_but_the_stamp(
    store: VectorStore, reopen: OpenStore, vectors: Vectors
) -> None:
    with store.writing(Stamp(2, 22, COUNT)):
        store.add(IDS[:50], vectors[:50])
        store.add(IDS[20:70], vectors[20:70])
    for opened in (store, reopen()):
        assert (opened.count(), opened.stamp) == (COUNT, Stamp(2, 22, COUNT))
        assert first(opened, vectors, vectors, exact=True) == IDS.tolist()
        for proposed in opened.propose(vectors[:9], 20, exact=True):
            assert len(set(proposed[proposed >= 0])) == (proposed >= 0).sum()


def test_a_vector_takes_the_place_of_the_one_of_its_id(
    store: VectorStore, reopen: OpenStore, vectors: Vectors
) -> None:
    with store.writing(Stamp(2, 22, COUNT)):
        store.add(IDS[:1], vectors[1:2])
        store.add(IDS[:1], -vectors[:1])
    for opened in (store, reopen()):
        assert opened.count() == COUNT
        assert 1 in opened.propose(-vectors[:1], 3, exact=True)
        assert 1 not in opened.propose(vectors[:1], 3, exact=True)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_what_was_removed_is_never_proposed(
    store: VectorStore, reopen: OpenStore, vectors: Vectors, share: float
) -> None:
    gone = IDS[: int(share * COUNT)]
    with store.writing(Stamp(2, 22, COUNT)):
        store.remove(np.append(gone, 99_999))
    for opened in (store, reopen()):
        assert opened.count() == COUNT - len(gone)
        for options in ({}, {"exact": True}, {"where": IDS}):
            proposed = opened.propose(vectors, 10, **options)
            assert not np.isin(proposed, gone).any()
            assert ((proposed >= 0).sum(axis=1) >= min(10, COUNT - len(gone))).all()


def test_removing_and_adding_in_one_change_keeps_their_order(
    store: VectorStore, vectors: Vectors
) -> None:
    with store.writing(Stamp(2, 22, COUNT + 2)):
        store.add(np.array([COUNT + 1]), -vectors[:1])
        store.remove(np.array([1, 2, COUNT + 1]))
        store.add(IDS[:1], vectors[:1])
    assert store.count() == COUNT - 1
    proposed = store.propose(vectors[:1], COUNT, exact=True)
    assert 1 in proposed and not np.isin([2, COUNT + 1], proposed).any()


def test_only_what_is_allowed_is_proposed_and_all_of_it(
    store: VectorStore, vectors: Vectors, nearest: Any
) -> None:
    for allowed in (IDS[::7], IDS[-3:], np.array([5, 99_999])):
        proposed = store.propose(vectors[:20], 4, where=allowed)
        assert np.isin(proposed, np.append(allowed, -1)).all()
        held = allowed[allowed <= COUNT]
        expected, _ = nearest(vectors[held - 1], held, vectors[:20], 4)
        for ids, wanted in zip(proposed, expected, strict=True):
            assert set(wanted[wanted >= 0]) <= set(ids)


def test_what_is_to_be_left_out_is_not_proposed_and_costs_no_neighbour(
    store: VectorStore, vectors: Vectors, nearest: Any
) -> None:
    for unwanted in (IDS[:2], IDS[::2], IDS[5:]):
        left = np.setdiff1d(IDS, unwanted)
        expected, _ = nearest(vectors[left - 1], left, vectors[:20], 4)
        proposed = store.propose(vectors[:20], 4, without=unwanted, exact=True)
        assert not np.isin(proposed, unwanted).any()
        for ids, wanted in zip(proposed, expected, strict=True):
            assert set(wanted) <= set(ids)
        assert ((store.propose(vectors[:20], 4, without=unwanted) >= 0).sum(axis=1) >= 4).all()


def test_more_candidates_than_there_are_vectors(store: VectorStore, vectors: Vectors) -> None:
    for proposed in store.propose(vectors[:2], COUNT + 100, exact=True):
        assert sorted(proposed[proposed >= 0]) == IDS.tolist()


def test_each_change_has_its_stamp_and_keeps_it(
    store: VectorStore, reopen: OpenStore, vectors: Vectors
) -> None:
    for number in range(2, 5):
        stamp = Stamp(number, number * 11, COUNT)
        with store.writing(stamp):
            store.remove(IDS[number : number + 1])
        assert store.stamp == reopen().stamp == stamp


def test_a_change_that_fails_leaves_the_store_as_it_was(
    store: VectorStore, reopen: OpenStore, vectors: Vectors
) -> None:
    with pytest.raises(RuntimeError, match="stop"), store.writing(Stamp(2, 22, COUNT)):
        store.remove(IDS[:100])
        store.add(IDS[:1], -vectors[:1])
        raise RuntimeError("stop")
    for opened in (store, reopen()):
        assert (opened.count(), opened.stamp) == (COUNT, Stamp(1, 11, COUNT))
        assert first(opened, vectors, vectors, exact=True) == IDS.tolist()


def test_beginning_afresh_forgets_what_was_there(
    store: VectorStore, reopen: OpenStore, vectors: Vectors
) -> None:
    with store.writing(Stamp(2, 22, COUNT), afresh=True):
        store.add(IDS[:40], vectors[:40])
    for opened in (store, reopen()):
        assert opened.count() == 40
        proposed = opened.propose(vectors[200:], 50, exact=True)
        assert set(proposed[proposed >= 0]) == set(IDS[:40])


def test_copies_are_exact_where_there_are_any(store: VectorStore, vectors: Vectors) -> None:
    copies = store.vectors_of(np.array([[7, 3], [99_999, 1]]))
    if copies is None:
        pytest.skip("this store keeps none")
    np.testing.assert_array_equal(copies[[0, 0, 1], [0, 1, 1]], vectors[[6, 2, 0]])
    assert np.isnan(copies[1, 0]).all()


def test_a_damaged_file_is_told(store: VectorStore, reopen: OpenStore, tmp_path: Path) -> None:
    assert store.verify() == []
    files = [path for path in tmp_path.rglob("*") if path.suffix in (".npy", ".faiss")]
    if not files:
        pytest.skip("this store has no files")
    for path in files:
        content = bytearray(path.read_bytes())
        content[-1] ^= 0x40
        path.write_bytes(content)
        assert any(path.name in sentence for sentence in store.verify())


def test_the_gallery_ranks_what_a_store_proposes_exactly(
    reopen: OpenStore,
    tmp_path: Path,
    vectors: Vectors,
    clustered: Any,
    nearest: Any,
    assert_equal: Any,
) -> None:
    """Also while the store lags: items are newer, changed and removed since its commit."""
    queries = clustered(25, seed=1)
    store = reopen()
    with Gallery.create(tmp_path, dim=DIM, encoder_hash="") as gallery:
        gallery.add(vectors, keys=[f"k{i}" for i in range(COUNT)])
        bring_up_to_date(gallery.catalogue, store)
        compare(gallery, store, queries, nearest, assert_equal)
        gallery.remove(IDS[::10])
        gallery.add(clustered(20, seed=2), keys=[f"n{i}" for i in range(20)])
        gallery.add(clustered(5, seed=3), keys=[f"k{i}" for i in range(1, 6)])
        compare(gallery, store, queries, nearest, assert_equal)
        bring_up_to_date(gallery.catalogue, store)
        snapshot = compare(gallery, store, queries, nearest, assert_equal)
        assert (snapshot.lag, store.count()) == (0, COUNT - 30 + 20)
        bring_up_to_date(gallery.catalogue, store, afresh=True)
        compare(gallery, store, queries, nearest, assert_equal)
        assert verify(gallery).clean


def compare(
    gallery: Gallery, store: VectorStore, queries: Vectors, nearest: Any, assert_equal: Any
) -> Snapshot:
    """Compare searches of a gallery over a store with brute force over the catalogue."""
    with gallery.catalogue.reading() as connection:
        snapshot = take_snapshot(gallery.catalogue, connection, store)
    ids, vectors = gallery.everything()
    assert_equal(snapshot.search(queries, 10, exact=True), nearest(vectors, ids, queries, 10))
    some = ids[::3]
    among = snapshot.search(queries, 10, among=some)
    assert_equal(among, nearest(vectors[::3], some, queries, 10))
    proposed = snapshot.search(queries, 10)
    place = np.searchsorted(ids, proposed.ids)
    np.testing.assert_array_equal(ids[place], proposed.ids)
    exact = np.linalg.norm(vectors[place] - queries[:, None], axis=2)
    np.testing.assert_allclose(proposed.distances, exact, atol=2e-6)
    return snapshot
