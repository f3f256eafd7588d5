from __future__ import annotations

from math import comb

import numpy as np
import pytest

from siam.errors import DataError
from siam.evaluation.distances import pair_distances
from siam.evaluation.roc import auc, equal_error, roc_of_pairs
from siam.evaluation.significance import compare_pairs, compare_pictures


def test_right_or_wrong_is_the_exact_binomial_test():
    """Of 12 pictures where the runs differ the first is right 10 times."""
    first = np.array([1] * 10 + [0] * 2 + [1] * 50)
    second = np.array([0] * 10 + [1] * 2 + [1] * 50)
    expected = 2 * sum(comb(12, k) for k in (10, 11, 12)) / 2**12
    found = compare_pictures(first, second)
    assert found.p_value == pytest.approx(expected)
    assert found.significant
    assert found.difference == pytest.approx(8 / 62)
    low, high = found.difference_ci95
    assert 0 < low < found.difference < high


def test_sign_flips_equal_every_possible_flip():
    gaps = np.array([0.3, 0.5, -0.1, 0.2, 0.4, 0.25, -0.05, 0.6])
    sums = [
        abs(sum(g if flip >> i & 1 else -g for i, g in enumerate(gaps))) for flip in range(2**8)
    ]
    expected = np.mean([total >= abs(gaps.sum()) - 1e-9 for total in sums])
    found = compare_pictures(gaps, np.zeros(8))
    assert found.p_value == pytest.approx(expected, abs=0.01)


def test_equal_runs_do_not_differ():
    values = np.random.default_rng(0).random(50)
    found = compare_pictures(values, values)
    assert (found.difference, found.p_value, found.significant) == (0.0, 1.0, False)


def test_chance_is_called_a_difference_about_once_in_twenty():
    random = np.random.default_rng(0)
    calls = [
        compare_pictures(random.random(40), random.random(40), seed=seed).significant
        for seed in range(60)
    ]
    assert sum(calls) <= 9


def test_pairs_of_a_better_run_are_better(clusters):
    good, labels = clusters(120, spread=0.3)
    poor, _ = clusters(120, spread=0.9)
    random = np.random.default_rng(0)
    left, right = random.integers(0, 60, 800), random.integers(60, 120, 800)
    same = (labels[left] == labels[right]).astype(int)
    first, second = pair_distances(good, left, right), pair_distances(poor, left, right)
    found = compare_pairs(first, second, same, left, right)
    for name, figure in (("auc", auc), ("eer", lambda curve: equal_error(curve)[0])):
        ours = found[name]
        assert ours.first == pytest.approx(figure(roc_of_pairs(first, same)))
        assert ours.second == pytest.approx(figure(roc_of_pairs(second, same)))
        assert ours.significant
    assert found["auc"].difference > 0 > found["eer"].difference


def test_a_run_does_not_differ_from_itself(clusters):
    vectors, labels = clusters(60)
    left, right = np.arange(30), np.arange(30, 60)
    right = np.roll(right, 1)
    left, right = np.append(left, left), np.append(right, np.roll(right, 1))
    same = (labels[left] == labels[right]).astype(int)
    same[:5] = 1
    distances = pair_distances(vectors, left, right)
    found = compare_pairs(distances, distances, same, left, right)
    assert found["auc"].p_value == 1.0
    assert not found["eer"].significant


@pytest.mark.parametrize("sizes", [(3, 4), (0, 0)])
def test_other_pictures_cannot_be_compared(sizes):
    with pytest.raises(DataError, match=f"received {sizes[0]} and {sizes[1]}"):
        compare_pictures(np.ones(sizes[0]), np.ones(sizes[1]))
