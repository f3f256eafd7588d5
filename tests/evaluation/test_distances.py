from __future__ import annotations

import numpy as np
import pytest

from siam.errors import DataError
from siam.evaluation.distances import check_embeddings, distance_block, nearest, pair_distances


def loop_distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(sum((float(x) - float(y)) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5)


def test_pair_distances_equal_a_loop(clusters):
    vectors, _ = clusters(20)
    left, right = np.array([0, 3, 7, 7]), np.array([1, 3, 19, 0])
    expected = [loop_distance(vectors[i], vectors[j]) for i, j in zip(left, right, strict=True)]
    assert pair_distances(vectors, left, right) == pytest.approx(expected)


def test_distance_block_equals_a_loop_even_for_close_rows():
    rows = np.array([[1.0, 0.0], [np.cos(1e-5), np.sin(1e-5)], [-1.0, 0.0]])
    expected = [[loop_distance(a, b) for b in rows] for a in rows]
    assert distance_block(rows, rows) == pytest.approx(np.array(expected), abs=1e-8)


@pytest.mark.parametrize("same_set", [False, True])
def test_nearest_equals_brute_force(clusters, same_set):
    gallery, _ = clusters(60)
    queries = gallery if same_set else clusters(25, seed=5)[0]
    found = nearest(queries, gallery, 7, same_set=same_set)
    table = np.array([[loop_distance(q, g) for g in gallery] for q in queries])
    if same_set:
        np.fill_diagonal(table, np.inf)
    assert found.distances == pytest.approx(np.sort(table, axis=1)[:, :7], abs=1e-3)
    rows = np.arange(len(queries))[:, None]
    assert table[rows, found.positions] == pytest.approx(found.distances, abs=1e-3)


def test_no_picture_finds_itself_among_exact_copies():
    gallery = np.tile(np.array([[1.0, 0.0]], np.float32), (12, 1))
    found = nearest(gallery, gallery, 3, same_set=True)
    assert found.positions.shape == (12, 3)
    assert not (found.positions == np.arange(12)[:, None]).any()


@pytest.mark.parametrize(
    ("size", "same_set", "width"), [(3, False, 3), (3, True, 2), (1, True, 0), (0, False, 0)]
)
def test_fewer_neighbours_come_back_where_the_gallery_has_fewer(size, same_set, width):
    gallery = np.eye(3, dtype=np.float32)[:size]
    queries = gallery if same_set else np.eye(3, dtype=np.float32)
    found = nearest(queries, gallery, 10, same_set=same_set)
    assert found.distances.shape == found.positions.shape == (len(queries), width)


@pytest.mark.parametrize(
    ("embeddings", "labels", "words"),
    [
        (np.ones((2, 3)), [0, 1], "length 1, row 0 has length 1.732"),
        (np.array([[1.0, 0.0], [np.nan, 0.0]]), [0, 1], "row 1 has length nan"),
        (np.eye(2), [0], r"received \(2, 2\) and \(1,\)"),
        (np.ones(3), [0, 1, 2], r"received \(3,\)"),
    ],
)
def test_embeddings_that_are_not_unit_rows_with_labels_are_refused(embeddings, labels, words):
    with pytest.raises(DataError, match=words):
        check_embeddings(embeddings, np.array(labels))
