from __future__ import annotations

import numpy as np
import pytest

from siam.errors import DataError
from siam.evaluation.distances import Embedded, distance_block, pair_distances


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


@pytest.mark.parametrize(
    ("embeddings", "labels", "words"),
    [
        (np.ones((2, 3)), [0, 1], "length 1 .*; row 0 has 1.732"),
        (np.array([[1.0, 0.0], [np.nan, 0.0]]), [0, 1], "row 1 holds NaN"),
        (np.eye(2), [0], r"received \(2, 2\) and \(1,\)"),
        (np.ones(3), [0, 1, 2], r"received \(3,\)"),
    ],
)
def test_embeddings_that_are_not_unit_rows_with_labels_are_refused(embeddings, labels, words):
    with pytest.raises(DataError, match=words):
        Embedded(embeddings, np.array(labels))
