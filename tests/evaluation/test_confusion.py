from __future__ import annotations

import numpy as np
import pytest

from siam.evaluation.confusion import confuse, score_classes
from siam.evaluation.intervals import wilson

LABELS = np.array([0, 0, 0, 0, 1, 1, 2])
VOTED = np.array([0, 0, 1, 2, 1, -1, 2])
NAMES = ("ant", "bee", "cat", "dog")


def test_matrix_equals_a_loop():
    expected = np.zeros((4, 4), int)
    for label, vote in zip(LABELS, VOTED, strict=True):
        if vote >= 0:
            expected[label, vote] += 1
    assert np.array_equal(confuse(LABELS, VOTED, 4), expected)


def test_class_scores_by_hand():
    ant, bee, cat, dog = score_classes(LABELS, VOTED, NAMES)
    assert (ant.count, ant.recall, ant.precision) == (4, 0.5, 1.0)
    assert ant.mistaken_for == (("bee", 1), ("cat", 1))
    assert (bee.count, bee.recall, bee.precision) == (2, 0.5, 0.5)
    assert bee.recall_ci95 == wilson(1, 2)
    assert (cat.recall, cat.precision) == (1.0, 0.5)
    assert (dog.count, dog.recall, dog.precision) == (0, None, None)


@pytest.mark.parametrize("voted", [np.array([], int), np.array([-1, -1])])
def test_nothing_voted_counts_nothing(voted):
    assert confuse(np.zeros(len(voted), int), voted, 2).tolist() == [[0, 0], [0, 0]]
