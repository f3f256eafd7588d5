from __future__ import annotations

import numpy as np
import pytest

from siam.evaluation import retrieval
from siam.evaluation.distances import Embedded
from siam.evaluation.retrieval import RANKS, retrieve


def loop_figures(query, label, gallery, labels, skip=None):
    """Recall@k, MAP@R and R-precision of one query, as the definitions read."""
    rows = [row for row in range(len(gallery)) if row != skip]
    rows.sort(key=lambda row: float(np.linalg.norm(query.astype(float) - gallery[row])))
    right = [labels[row] == label for row in rows]
    relevant = sum(right)
    precisions = [sum(right[: i + 1]) / (i + 1) for i in range(relevant) if right[i]]
    recalls = {f"recall@{k}": float(any(right[:k])) for k in RANKS}
    return recalls, sum(precisions) / relevant, sum(right[:relevant]) / relevant


@pytest.mark.parametrize("same_set", [False, True])
@pytest.mark.parametrize("entries_at_once", [10, 8_000_000])
def test_figures_equal_a_loop(clusters, monkeypatch, same_set, entries_at_once):
    monkeypatch.setattr(retrieval, "ENTRIES_AT_ONCE", entries_at_once)
    gallery, labels = clusters(60, spread=0.6)
    queries, query_labels = (gallery, labels) if same_set else clusters(31, spread=0.6, seed=8)
    found = retrieve(Embedded(queries, query_labels), Embedded(gallery, labels), same_set=same_set)
    for row in range(len(queries)):
        recalls, average_precision, r_precision = loop_figures(
            queries[row], query_labels[row], gallery, labels, row if same_set else None
        )
        assert {f"recall@{k}": float(hits[row]) for k, hits in found.hits.items()} == recalls
        assert found.average_precision[row] == pytest.approx(average_precision)
        assert found.r_precision[row] == pytest.approx(r_precision)
    assert found.answerable.all()


def test_recall_does_not_fall_with_rank(clusters):
    gallery, labels = clusters(60, spread=0.9)
    figures = retrieve(
        Embedded(*clusters(80, spread=0.9, seed=3)), Embedded(gallery, labels)
    ).figures()
    recalls = [figures[f"recall@{rank}"].mean() for rank in RANKS]
    assert recalls == sorted(recalls)


def test_a_class_that_the_gallery_lacks_is_not_judged(clusters):
    gallery, labels = clusters(40)
    kept = labels != 2
    queries, query_labels = clusters(20, seed=1)
    found = retrieve(Embedded(queries, query_labels), Embedded(gallery[kept], labels[kept]))
    assert np.array_equal(found.answerable, query_labels != 2)
    assert len(found.figures()["map@r"]) == (query_labels != 2).sum()


def test_one_picture_per_class_leaves_nothing_to_judge():
    vectors = np.eye(4, dtype=np.float32)
    found = retrieve(*2 * [Embedded(vectors, np.arange(4))], same_set=True)
    assert not found.answerable.any()
    assert all(len(values) == 0 for values in found.figures().values())


def test_one_class_is_always_found(clusters):
    vectors, _ = clusters(15)
    figures = retrieve(*2 * [Embedded(vectors, np.zeros(15))], same_set=True).figures()
    assert all(values.mean() == 1.0 for values in figures.values())


def test_all_distances_equal_count_against_the_query():
    """Ranked last among equals, the one right item of three others has precision 1/3 at rank 3."""
    gallery = np.tile(np.array([[1.0, 0.0]], np.float32), (3, 1))
    found = retrieve(Embedded(gallery[:1], np.array([7])), Embedded(gallery, np.array([7, 1, 1])))
    assert (found.average_precision[0], found.r_precision[0]) == (0.0, 0.0)


def test_an_empty_gallery_answers_nothing():
    vectors = np.eye(2, dtype=np.float32)
    found = retrieve(Embedded(vectors, np.arange(2)), Embedded(vectors[:0], np.arange(0)))
    assert found.predictions.tolist() == [-1, -1]
    assert not found.answerable.any()
