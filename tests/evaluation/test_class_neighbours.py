"""Neighbours with and without one's own class, against a loop over every pair."""

from __future__ import annotations

import numpy as np
import pytest

from siam.evaluation import class_neighbours
from siam.evaluation.class_neighbours import neighbours_by_class
from siam.evaluation.distances import Embedded

K = 4


def loop_neighbours(
    queries: Embedded, gallery: Embedded, *, same_set: bool, others: bool
) -> list[list[int]]:
    """The rows of the nearest few of each query, as the words read."""
    found = []
    for row, label in enumerate(queries.labels):
        away = np.linalg.norm(gallery.embeddings - queries.embeddings[row], axis=1)
        allowed = [
            place
            for place in range(len(gallery.labels))
            if not (same_set and place == row) and not (others and gallery.labels[place] == label)
        ]
        found.append(sorted(allowed, key=lambda place: (away[place], place))[:K])
    return found


@pytest.mark.parametrize("same_set", [False, True])
@pytest.mark.parametrize("few", [0, 12, 100])
def test_both_equal_a_loop_for_small_classes_and_for_large(
    clusters, monkeypatch: pytest.MonkeyPatch, few: int, same_set: bool
) -> None:
    monkeypatch.setattr(class_neighbours, "FEW", few)
    gallery = Embedded(*clusters(60, spread=0.6))
    kept = np.sort(
        np.r_[np.flatnonzero(gallery.labels != 2), np.flatnonzero(gallery.labels == 2)[:9]]
    )
    gallery = Embedded(gallery.embeddings[kept], gallery.labels[kept])
    queries = gallery if same_set else Embedded(*clusters(31, spread=0.6, seed=8))
    near, others = neighbours_by_class(queries, gallery, K, same_set=same_set)
    for found, without in ((near, False), (others, True)):
        expected = loop_neighbours(queries, gallery, same_set=same_set, others=without)
        assert found.positions.tolist() == expected
        gaps = gallery.embeddings[found.positions] - queries.embeddings[:, None]
        np.testing.assert_allclose(found.distances, np.linalg.norm(gaps, axis=2), atol=1e-6)


@pytest.mark.parametrize("few", [0, 100])
def test_what_is_missing_is_infinitely_far(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(class_neighbours, "FEW", few)
    gallery = Embedded(np.eye(3), np.array([0, 0, 1]))
    asked = Embedded(np.eye(3)[:2], np.array([0, 5]))
    near, others = neighbours_by_class(asked, gallery, 4)
    assert np.isfinite(near.distances).sum(axis=1).tolist() == [3, 3]
    assert np.isfinite(others.distances).sum(axis=1).tolist() == [1, 3]
    nothing, _ = neighbours_by_class(asked, Embedded(np.empty((0, 3)), np.empty(0)), 4)
    assert np.isinf(nothing.distances).all()
