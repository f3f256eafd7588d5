from __future__ import annotations

import itertools

import numpy as np
import pytest

from siam.evaluation import mistakes
from siam.evaluation.distances import Embedded
from siam.evaluation.mistakes import worst_pairs, wrong_neighbours


def loop_worst(vectors, labels, count, *, closest):
    """Each picture's own worst partner, then the worst pairs without a picture twice."""
    sign = 1 if closest else -1
    own = {}
    for i, j in itertools.permutations(range(len(labels)), 2):
        if (labels[i] == labels[j]) == closest:
            continue
        distance = float(np.linalg.norm(vectors[i].astype(float) - vectors[j]))
        if i not in own or sign * distance < sign * own[i][0] - 1e-12:
            own[i] = (distance, j)
    used, kept = set(), []
    for i, (distance, j) in sorted(own.items(), key=lambda item: (sign * item[1][0], item[0])):
        if len(kept) < count and i not in used and j not in used:
            used |= {i, j}
            kept.append(distance)
    return kept


@pytest.mark.parametrize("block", [7, 512])
def test_worst_pairs_equal_a_loop(clusters, monkeypatch, block):
    monkeypatch.setattr(mistakes, "ROWS_PER_BLOCK", block)
    vectors, labels = clusters(50, spread=0.7)
    closest, farthest = worst_pairs(Embedded(vectors, labels), 6)
    assert closest.distances == pytest.approx(loop_worst(vectors, labels, 6, closest=True))
    assert farthest.distances == pytest.approx(loop_worst(vectors, labels, 6, closest=False))
    assert (labels[closest.left] != labels[closest.right]).all()
    assert (labels[farthest.left] == labels[farthest.right]).all()
    shown = np.concatenate([closest.left, closest.right])
    assert len(set(shown.tolist())) == len(shown)


def test_one_class_has_no_pair_of_different_classes(clusters):
    vectors, _ = clusters(10)
    closest, farthest = worst_pairs(Embedded(vectors, np.zeros(10)), 4)
    assert len(closest.left) == 0
    assert len(farthest.left) > 0


def test_one_picture_per_class_has_no_pair_of_one_class():
    closest, farthest = worst_pairs(Embedded(np.eye(4), np.arange(4)), 4)
    assert (closest.left.tolist(), closest.right.tolist()) == ([0], [1])
    assert len(farthest.left) == 0


def test_no_picture_makes_no_pair():
    closest, farthest = worst_pairs(Embedded(np.zeros((0, 3)), np.zeros(0)), 4)
    assert len(closest.left) == len(farthest.left) == 0


def test_the_surest_mistakes_come_first():
    right = np.array([True, False, False, True, False])
    probabilities = np.array([0.99, 0.4, 0.9, 0.1, 0.6])
    assert wrong_neighbours(right, probabilities, 2).tolist() == [2, 4]
