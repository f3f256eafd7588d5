"""Unit rows are told from others, and their neighbours are those of a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from siam import unit_vectors
from siam.array_types import Integers, Vectors
from siam.errors import DataError
from siam.faiss_library import load_faiss
from siam.unit_vectors import check_unit_rows, exact_neighbours, nearest_rows


def unit_rows(count: int, *, seed: int = 0) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal((count, 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("same_set", [False, True])
def test_neighbours_equal_brute_force(same_set: bool) -> None:
    gallery = unit_rows(60)
    queries = gallery if same_set else unit_rows(25, seed=5)
    near = exact_neighbours(queries, gallery, 7, same_set=same_set)
    table = np.linalg.norm(queries[:, None].astype(float) - gallery, axis=2)
    if same_set:
        np.fill_diagonal(table, np.inf)
    assert near.distances == pytest.approx(np.sort(table, axis=1)[:, :7], abs=1e-6)
    rows = np.arange(len(queries))[:, None]
    assert table[rows, near.positions] == pytest.approx(near.distances, abs=1e-6)
    if not same_set:
        assert (nearest_rows(queries, gallery, 7) == near.positions).all()


def test_queries_are_shared_among_threads_that_search_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unit_vectors, "cores", lambda: 2)
    monkeypatch.setattr(unit_vectors, "QUERIES_PER_SEARCH", 50)
    helpers: list[int] = []

    def search(queries: Vectors, gallery: Vectors, k: int) -> Integers:
        helpers.append(load_faiss().omp_get_max_threads())
        return nearest_rows(queries, gallery, k)

    monkeypatch.setattr(unit_vectors, "nearest_rows", search)
    rows, told = unit_rows(180), []
    exact_neighbours(rows, rows, 3, progress=lambda _, done, total: told.append((done, total)))
    assert helpers == [1] * 4
    assert told == [(50, 180), (100, 180), (150, 180), (180, 180)]


def test_distances_of_many_queries_are_those_of_one_however_close_they_are() -> None:
    """Many are multiplied as a matrix, whose distances would be off by 1e-4 near zero."""
    gallery = unit_rows(500)
    queries = check_unit_rows(gallery[:300] + 1e-4 * unit_rows(300, seed=2))
    many = exact_neighbours(queries, gallery, 3)
    one = exact_neighbours(queries[:1], gallery, 3)
    assert (many.positions[:, 0] == np.arange(300)).all()
    assert (many.positions[:1] == one.positions).all()
    expected = np.linalg.norm(queries.astype(float) - gallery[:300], axis=1)
    assert many.distances[:, 0] == pytest.approx(expected, abs=1e-6)
    assert many.distances[:1] == pytest.approx(one.distances, abs=1e-7)


@pytest.fixture
def no_faiss_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has not imported FAISS, as that of `siam query PICTURE`."""
    monkeypatch.setattr(unit_vectors, "is_loaded", lambda: False)


@pytest.mark.parametrize("copies", [1, 9, 300])
@pytest.mark.usefixtures("no_faiss_yet")
def test_the_nearest_of_one_query_are_those_that_faiss_gives_many(copies: int) -> None:
    """One is compared without FAISS; of equally near rows both give the earlier ones."""
    gallery = np.tile(unit_rows(40), (copies, 1))
    queries = np.concatenate([gallery[:5], unit_rows(20, seed=3)])
    many = nearest_rows(queries, gallery, 7)
    for query, expected in zip(queries, many, strict=True):
        rows = nearest_rows(query[None], gallery, 7)
        assert rows.dtype == np.int64 and rows.shape == (1, 7)
        assert gallery[rows[0]] @ query == pytest.approx(gallery[expected] @ query, abs=1e-6)
        assert len(set(rows[0])) == 7
        assert (np.diff(rows[0][gallery[rows[0]] @ query >= 1 - 1e-6]) > 0).all()


@pytest.mark.parametrize("count", [6, 9_000])
@pytest.mark.usefixtures("no_faiss_yet")
def test_rows_of_a_damaged_file_are_found_last_by_one_query(count: int) -> None:
    gallery = unit_rows(count)
    gallery[0], gallery[5:] = np.nan, np.nan
    rows = nearest_rows(unit_rows(1, seed=1), gallery, 6)[0].tolist()
    assert set(rows[:4]) == {1, 2, 3, 4} and not {1, 2, 3, 4} & set(rows[4:])


@pytest.mark.parametrize("k", [1, 14, 5_000, 9_000])
@pytest.mark.usefixtures("no_faiss_yet")
def test_one_query_among_many_rows_finds_what_comparing_each_alone_finds(k: int) -> None:
    gallery, query = unit_rows(9_000), unit_rows(1, seed=1)
    away = -np.einsum("md,d->m", gallery, query[0])
    assert (
        nearest_rows(query, gallery, k)[0].tolist() == np.argsort(away, kind="stable")[:k].tolist()
    )


def test_one_query_is_answered_alike_where_faiss_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery, query = unit_rows(9_000), unit_rows(1, seed=1)
    found = []
    for loaded in (False, True):
        monkeypatch.setattr(unit_vectors, "is_loaded", lambda loaded=loaded: loaded)
        found.append(exact_neighbours(query, gallery, 14))
    assert (found[0].positions == found[1].positions).all()
    assert (found[0].distances == found[1].distances).all()


def test_no_picture_finds_itself_among_exact_copies() -> None:
    gallery = np.tile(np.array([[1.0, 0.0]], np.float32), (12, 1))
    near = exact_neighbours(gallery, gallery, 3, same_set=True)
    assert near.positions.shape == (12, 3)
    assert not (near.positions == np.arange(12)[:, None]).any()


@pytest.mark.parametrize(
    ("size", "same_set", "width"), [(3, False, 3), (3, True, 2), (1, True, 0), (0, False, 0)]
)
def test_fewer_neighbours_come_back_where_the_gallery_has_fewer(
    size: int, same_set: bool, width: int
) -> None:
    gallery = np.eye(3, dtype=np.float32)[:size]
    queries = gallery if same_set else np.eye(3, dtype=np.float32)
    near = exact_neighbours(queries, gallery, 10, same_set=same_set)
    assert near.distances.shape == near.positions.shape == (len(queries), width)


def test_what_rounding_took_is_set_right_and_one_row_is_a_table() -> None:
    rows = check_unit_rows(np.array([0.6004, 0.8]))
    assert rows.shape == (1, 2)
    assert np.linalg.norm(rows) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize(
    ("rows", "dim", "words"),
    [
        (np.ones((2, 3)), None, "must have length 1 .within 0.001.; row 0 has 1.732"),
        (np.array([[1.0, 0.0], [np.nan, 0.0]]), None, "finite numbers; row 1 holds NaN"),
        (np.eye(2), 3, r"shape \(n, 3\), received \(2, 2\)"),
        (np.ones((1, 1, 1)), None, r"received \(1, 1, 1\)"),
    ],
)
def test_other_rows_are_refused(rows: Vectors, dim: int | None, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        check_unit_rows(rows, dim=dim)
    assert caught.value.cure
