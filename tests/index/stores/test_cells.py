"""Exact search by cells against brute force, for vectors in clumps and for scattered ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from siam.index.gallery import Gallery
from siam.index.stores import cells, faiss_search
from siam.index.stores.cells import CELLS, Cells, divide, search_cells

DIM = 16


def unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def scattered(count: int, *, seed: int) -> np.ndarray:
    return unit(np.random.default_rng(seed).standard_normal((count, DIM)))


def clumped(count: int, *, seed: int, spread: float = 0.2) -> np.ndarray:
    """Return vectors in 10 clumps; the seed changes the vectors, not where the clumps lie."""
    return unit(
        scattered(10, seed=99)[np.arange(count) % 10] + spread * scattered(count, seed=seed)
    )


def found_exactly(vectors: np.ndarray, queries: np.ndarray, k: int) -> None:
    """Compare with brute force by similarity: equal vectors may stand in for each other."""
    found = search_cells(divide(vectors), queries, k)
    assert found is not None
    check(vectors, queries, found)


def check(vectors: np.ndarray, queries: np.ndarray, found: np.ndarray) -> None:
    exact = queries.astype(np.float64) @ vectors.T.astype(np.float64)
    expected = -np.sort(-exact, axis=1)[:, : found.shape[1]]
    np.testing.assert_allclose(np.take_along_axis(exact, found, axis=1), expected, atol=1e-6)
    assert all(len(set(row)) == len(row) for row in found.tolist())


@pytest.fixture
def never_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search by cells also where most of them must be searched."""
    monkeypatch.setattr(cells, "MOST", 1.0)


def test_every_vector_is_in_one_cell_and_none_is_changed() -> None:
    vectors = clumped(3_000, seed=0)
    divided = divide(vectors)
    assert sorted(divided.positions.tolist()) == list(range(3_000))
    np.testing.assert_array_equal(divided.vectors, vectors[divided.positions])
    assert divided.starts[0] == 0 and divided.starts[-1] == 3_000
    for start, end in zip(divided.starts[:-1], divided.starts[1:], strict=True):
        assert (np.diff(divided.positions[start:end]) > 0).all()


@pytest.mark.parametrize("k", [1, 10])
def test_clumps_are_searched_exactly(k: int) -> None:
    vectors, queries = clumped(5_000, seed=0), clumped(400, seed=1)
    found_exactly(vectors, np.concatenate([queries, vectors[:50]]), k)


@pytest.mark.usefixtures("never_given_up")
@pytest.mark.parametrize("k", [1, 10, 700])
def test_queries_between_clumps_opposite_and_anywhere_are_answered_exactly(k: int) -> None:
    vectors, queries = clumped(5_000, seed=0, spread=0.5), clumped(60, seed=1)
    between = unit(queries[:-1] + queries[1:])
    anywhere = scattered(60, seed=2)
    found_exactly(vectors, np.concatenate([queries, between, -queries, anywhere]), k)
    found_exactly(scattered(2_000, seed=3), anywhere, k)


@pytest.mark.usefixtures("never_given_up")
def test_no_cell_is_left_out_wrongly_whatever_the_centres() -> None:
    vectors = clumped(3_000, seed=0)
    queries = np.concatenate([vectors[::97], scattered(20, seed=3)])
    for seed in range(5):
        centres = scattered(CELLS, seed=seed)
        centres[1] = centres[0] + 1e-6  # all but equal
        own = (vectors @ centres.T).argmax(axis=1)
        positions = np.argsort(own, kind="stable")
        gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2) + np.eye(CELLS)
        starts = np.searchsorted(own[positions], np.arange(CELLS + 1))
        poor = Cells(centres, gaps.astype(np.float32), vectors[positions], positions, starts)
        found = search_cells(poor, queries, 5)
        assert found is not None
        check(vectors, queries, found)


def test_most_of_the_clumps_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, queries = clumped(5_000, seed=0, spread=0.1), clumped(400, seed=1, spread=0.1)
    divided, knn, compared = divide(vectors), faiss.knn, []

    def counted(asking: np.ndarray, among: np.ndarray, *rest: Any) -> Any:
        compared.append(len(asking) * len(among))
        return knn(asking, among, *rest)

    monkeypatch.setattr(faiss, "knn", counted)
    assert search_cells(divided, queries, 10) is not None
    assert sum(compared) < 0.5 * len(vectors) * len(queries)


def test_scattered_vectors_are_left_to_faiss() -> None:
    vectors = scattered(5_000, seed=0)
    assert search_cells(divide(vectors), scattered(400, seed=1), 10) is None


def test_equal_vectors_are_found_by_their_position() -> None:
    vectors = np.repeat(clumped(100, seed=0), 20, axis=0)
    found = search_cells(divide(vectors), vectors[::20], 5)
    assert found is not None
    expected = 20 * np.arange(100)[:, None] + np.arange(5)
    np.testing.assert_array_equal(np.sort(found, axis=1), expected)


def test_faiss_keeps_its_threads() -> None:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(2)
    try:
        search_cells(divide(clumped(2_000, seed=0)), clumped(20, seed=1), 3)
        assert faiss.omp_get_max_threads() == 2
    finally:
        faiss.omp_set_num_threads(before)


def test_a_gallery_answers_many_queries_as_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with some rows removed, some changed and some newer than the accelerator."""
    asked = []
    searched = faiss_search.search_cells

    def noticed(divided: Cells, queries: np.ndarray, k: int) -> np.ndarray | None:
        asked.append(len(queries))
        return searched(divided, queries, k)

    monkeypatch.setattr(faiss_search, "search_cells", noticed)
    vectors, queries = clumped(5_000, seed=0), clumped(300, seed=1)
    with Gallery.create(tmp_path / "index", dim=DIM, encoder_hash="", kind="flat") as gallery:
        gallery.add(vectors, keys=[f"k{i}" for i in range(5_000)])
        gallery.build()
        gallery.remove([7, 8, 9])
        gallery.add(queries[:20], keys=[f"new{i}" for i in range(20)])
        gallery.add(queries[20:21], keys=["k30"])
        together = gallery.search(queries, 10)
        assert asked == [300]
        for row, query in enumerate(queries):
            alone = gallery.search(query, 10)
            np.testing.assert_array_equal(together.ids[row], alone.ids[0])
            np.testing.assert_allclose(together.distances[row], alone.distances[0], atol=1e-6)
        assert not np.isin([7, 8, 9], together.ids).any()
        assert together.ids[20, 0] == 31 and together.distances[20, 0] == 0
        # Also beyond the removed rows that a search fetches to spare.
        gallery.remove(np.arange(100, 200))
        assert not np.isin(np.arange(100, 200), gallery.search(queries, 10).ids).any()
        assert asked == [300, 300]
