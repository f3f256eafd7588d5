"""Every index kind against brute force: nearest, filtered, in a radius, after removal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siam.index.gallery import Gallery

COUNT, DIM = 600, 16  # as in conftest.py
KINDS = [
    "flat",
    "hnsw",
    "ivf",
    pytest.param("ivfpq", marks=pytest.mark.slow),
    "sq8",
    "IVF8,Flat",
    "HNSW16,SQ8",
    pytest.param("OPQ4_16,IVF4,PQ4x4", marks=pytest.mark.slow),
]
PLENTY = 1_200  # enough that "ivf" and "ivfpq" are what they say


@pytest.fixture
def made(clustered: Any) -> Callable[..., tuple[Gallery, np.ndarray]]:
    """Return a function that makes a gallery of a kind, with the vectors in it."""

    def make(folder: Path, kind: str, count: int = PLENTY) -> tuple[Gallery, np.ndarray]:
        vectors = clustered(count)
        gallery = Gallery.create(folder, dim=DIM, encoder_hash="", kind=kind)
        labels = np.arange(count) % 10
        gallery.add(vectors, keys=[f"k{i}" for i in range(count)], labels=labels)
        return gallery, vectors

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_finds_what_brute_force_finds(
    tmp_path: Path, kind: str, clustered: Any, nearest: Any, assert_equal: Any, made: Any
) -> None:
    gallery, vectors = made(tmp_path, kind)
    ids = np.arange(1, PLENTY + 1)
    queries = clustered(40, seed=1)
    with gallery:
        gallery.build()
        assert gallery.snapshot().store.info.exact == (kind == "flat")
        expected = nearest(vectors, ids, queries, 10)
        assert_equal(gallery.search(queries, 10, exact=True), expected)
        assert_recall(gallery.search(queries, 10).ids, expected[0])
        # Removed after the build, by few and by many, then compacted, then grown by appending.
        for gone in (ids[::100], ids[::10], ids[::3], ids[::2]):
            gallery.remove(gone)
            left = gallery.select()
            expected = nearest(vectors[left - 1], left, queries, 10)
            found = gallery.search(queries, 10)
            assert (found.counts == 10).all()
            assert_recall(found.ids, expected[0])
        gallery.build()
        expected = nearest(vectors[left - 1], left, queries, 10)
        assert_recall(gallery.search(queries, 10).ids, expected[0])
        added = gallery.add(clustered(20, seed=3), keys=[f"n{i}" for i in range(20)])
        gallery.build()
        assert gallery.snapshot().lag == 0
        assert (gallery.search(clustered(20, seed=3), 1).ids[:, 0] == added).mean() > 0.9


def assert_recall(found: np.ndarray, expected: np.ndarray, least: float = 0.9) -> None:
    hits = [len(set(a) & set(b)) / len(b) for a, b in zip(found, expected, strict=True)]
    assert np.mean(hits) >= least


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1, 3, 30])
def test_fewer_vectors_than_a_kind_learns_from(
    tmp_path: Path,
    kind: str,
    count: int,
    clustered: Any,
    nearest: Any,
    assert_equal: Any,
    made: Any,
) -> None:
    gallery, vectors = made(tmp_path, kind, count)
    with gallery:
        gallery.build()
        queries = clustered(4, seed=1)
        found = gallery.search(queries, 5)
        assert (found.counts == min(5, count)).all()
        expected = nearest(vectors, np.arange(1, count + 1), queries, 5)
        assert_equal(gallery.search(queries, 5, exact=True), expected)


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf", "sq8"])
@pytest.mark.parametrize("built", [True, False])
@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
def test_filters_equal_brute_force(
    tmp_path: Path,
    kind: str,
    built: bool,
    share: float,
    clustered: Any,
    nearest: Any,
    assert_equal: Any,
) -> None:
    """The wanted items lie far from the queries: the trap of selectors inside a graph."""
    count = 2_000
    vectors = clustered(count)
    queries = clustered(20, seed=2)[::10]  # of cluster 0
    wanted = np.zeros(count, bool)
    far = np.argsort(-np.min(np.linalg.norm(vectors[:, None] - queries, axis=2), axis=1))
    wanted[far[: int(count * share)]] = True
    with Gallery.create(tmp_path, dim=DIM, encoder_hash="", kind=kind) as gallery:
        labels = np.where(wanted, "wanted", "other")
        gallery.add(vectors[:1900], keys=[str(i) for i in range(1900)], labels=labels[:1900])
        if built:
            gallery.build()
        gallery.add(vectors[1900:], keys=[str(i) for i in range(1900, count)], labels=labels[1900:])
        gallery.remove([far[0] + 1])
        wanted[far[0]] = False
        ids = np.flatnonzero(wanted) + 1
        found = gallery.search(queries, 10, where="label=wanted")
        assert_equal(found, nearest(vectors[wanted], ids, queries, 10))
        assert (found.counts == min(10, wanted.sum())).all()


def test_one_in_ten_thousand(
    tmp_path: Path, clustered: Any, nearest: Any, assert_equal: Any
) -> None:
    vectors = clustered(20_000, 8)
    with Gallery.create(tmp_path, dim=8, encoder_hash="", kind="flat") as gallery:
        labels = np.full(20_000, "common", dtype=object)
        labels[[4_321, 17_000]] = "rare"
        gallery.add(vectors, keys=[str(i) for i in range(20_000)], labels=labels)
        gallery.build()
        found = gallery.search(vectors[:3], 10, where="label=rare")
        rare = np.array([4_322, 17_001])
        assert_equal(found, nearest(vectors[rare - 1], rare, vectors[:3], 10))


def test_more_than_one_block_of_selected_rows(
    gallery: Gallery,
    vectors: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    nearest: Any,
    assert_equal: Any,
) -> None:
    monkeypatch.setattr("siam.index.stores.faiss_search.GATHER", 64)
    kept = np.flatnonzero(np.arange(COUNT) % 3)
    found = gallery.search(vectors[:7], 12, where="split=train")
    assert_equal(found, nearest(vectors[kept], kept + 1, vectors[:7], 12))


def test_within_cuts_the_nearest(gallery: Gallery, vectors: np.ndarray) -> None:
    plain = gallery.search(vectors[:9], 20)
    cut = gallery.search(vectors[:9], 20, within=0.6)
    kept = plain.distances <= 0.6
    np.testing.assert_array_equal(cut.ids, np.where(kept, plain.ids, -1))
    assert np.isinf(cut.distances[~kept]).all()
    np.testing.assert_array_equal(cut.counts, kept.sum(axis=1))


def test_an_item_is_not_its_own_neighbour(gallery: Gallery, vectors: np.ndarray) -> None:
    gallery.add(vectors[:1], keys=["twin of k0"])
    found = gallery.search_like([1, 2], 3)
    assert found.ids[0, 0] == COUNT + 1
    assert found.distances[0, 0] == 0.0
    assert 2 not in found.ids[1]
    assert found.ids.shape == (2, 3)


def test_the_same_answer_in_any_batch(gallery: Gallery, vectors: np.ndarray) -> None:
    """FAISS rounds batches of 20 and more differently; equal vectors stay at 0 all the same."""
    gallery.build()
    batch = gallery.search(vectors, 5)
    assert (batch.distances[:, 0] == 0).all()
    for row in range(0, COUNT, 97):
        alone = gallery.search(vectors[row], 5)
        np.testing.assert_array_equal(alone.ids[0], batch.ids[row])
        np.testing.assert_array_equal(alone.distances[0], batch.distances[row])


def test_more_neighbours_than_items(gallery: Gallery, vectors: np.ndarray) -> None:
    found = gallery.search(vectors[:2], COUNT + 5)
    assert found.counts.tolist() == [COUNT, COUNT]
    assert sorted(found.ids[0, :COUNT]) == list(range(1, COUNT + 1))
    assert found.ids[0, COUNT:].tolist() == [-1] * 5


@settings(max_examples=25)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 40)),
            st.tuples(st.just("remove"), st.integers(0, 40)),
            st.tuples(st.just("build"), st.just(0)),
            st.tuples(st.just("reopen"), st.just(0)),
        ),
        max_size=14,
    ),
    seed=st.integers(0, 2**16),
)
def test_any_history_ends_in_the_brute_force_answer(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, int]],
    seed: int,
    clustered: Any,
    nearest: Any,
    assert_equal: Any,
) -> None:
    folder = tmp_path_factory.mktemp("history")
    gallery = Gallery.create(folder, dim=DIM, encoder_hash="")
    stored: dict[str, np.ndarray] = {}
    for number, (step, which) in enumerate(steps):
        if step == "add":  # the key repeats now and then, and so brings an item up to date
            vector = clustered(1, seed=seed + number)
            gallery.add(vector, keys=[f"k{which % 10}"])
            stored[f"k{which % 10}"] = vector[0]
        elif step == "remove":
            gallery.remove(list(gallery.ids_of([f"k{which % 10}"]).values()))
            stored.pop(f"k{which % 10}", None)
        elif step == "build":
            gallery.build()
        else:
            gallery.close()
            gallery = Gallery.open(folder)
    with gallery:
        ids_by_key = gallery.ids_of(list(stored))
        assert len(gallery) == len(stored) == len(ids_by_key)
        ids = np.array(sorted(ids_by_key.values()), np.int64)
        key_of = {number: key for key, number in ids_by_key.items()}
        matrix = np.array([stored[key_of[i]] for i in ids], np.float32).reshape(-1, DIM)
        queries = clustered(3, seed=seed)
        assert_equal(gallery.search(queries, 4), nearest(matrix, ids, queries, 4))
