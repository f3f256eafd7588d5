from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from siam.errors import DataError
from siam.evaluation.distances import pair_distances
from siam.evaluation.pairs import PairScores, best_threshold, score_pairs

LEFT, RIGHT = np.array([0, 1, 2, 3]), np.array([4, 5, 6, 7])
rows = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 1)), min_size=2, max_size=30).filter(
    lambda found: len({kind for _, kind in found}) == 2
)


def balanced_accuracy(distances: np.ndarray, same: np.ndarray, threshold: float) -> float:
    hits = sum(d <= threshold for d, s in zip(distances, same, strict=True) if s == 1)
    passes = sum(d > threshold for d, s in zip(distances, same, strict=True) if s == 0)
    return (hits / np.sum(same == 1) + passes / np.sum(same == 0)) / 2


def values_of(scores: PairScores, *names: str) -> tuple[float, ...]:
    return tuple(scores.figures[name][0] for name in names)


@given(rows)
def test_best_threshold_beats_every_other(found):
    distances, same = np.array([d / 10 for d, _ in found]), np.array([s for _, s in found])
    chosen = balanced_accuracy(distances, same, best_threshold(distances, same))
    others = [balanced_accuracy(distances, same, t) for t in np.arange(0, 2, 0.05)]
    assert chosen >= max(others) - 1e-9


def test_scores_of_a_hand_computed_case():
    distances, same = np.array([0.1, 0.4, 0.3, 0.9]), np.array([1, 1, 0, 0])
    scores = score_pairs(distances, same, LEFT, RIGHT, threshold=0.35)
    assert values_of(scores, "tar", "far", "accuracy") == (0.5, 0.5, 0.5)
    assert values_of(scores, "auc", "eer") == (0.75, 0.5)
    # Precision 1 at recall 1/2, then 2/3 at recall 1.
    assert values_of(scores, "average_precision") == pytest.approx((0.5 * 1 + 0.5 * 2 / 3,))
    assert scores.count == 4


def test_threshold_zero_accepts_only_copies():
    scores = score_pairs(
        np.array([0.0, 0.4, 0.3, 0.9]), np.array([1, 1, 0, 0]), LEFT, RIGHT, threshold=0.0
    )
    assert values_of(scores, "tar", "far") == (0.5, 0.0)


def test_every_figure_lies_in_its_interval(clusters):
    vectors, labels = clusters(80, spread=0.5)
    random = np.random.default_rng(0)
    left, right = random.integers(0, 80, (2, 600))
    left, right = left[left != right], right[left != right]
    same = (labels[left] == labels[right]).astype(np.int8)
    distances = pair_distances(vectors, left, right)
    scores = score_pairs(distances, same, left, right, threshold=1.0)
    assert values_of(scores, "auc", "average_precision") == pytest.approx(
        (roc_auc_score(same, -distances), average_precision_score(same, -distances))
    )
    for name, (value, (low, high)) in scores.figures.items():
        assert 0 <= low <= value <= high <= 1, name


def test_perfect_pairs_are_not_certain():
    scores = score_pairs(
        np.array([0.1, 0.2, 1.0, 1.1]), np.array([1, 1, 0, 0]), LEFT, RIGHT, threshold=0.5
    )
    accuracy, (low, _) = scores.figures["accuracy"]
    assert accuracy == 1.0
    assert low < 0.8


@pytest.mark.parametrize("kind", [0, 1])
def test_pairs_of_one_kind_are_refused(kind):
    same = np.full(4, kind)
    with pytest.raises(DataError, match="both kinds"):
        best_threshold(np.ones(4), same)
    with pytest.raises(DataError, match="both kinds"):
        score_pairs(np.ones(4), same, LEFT, RIGHT, threshold=0.5)
