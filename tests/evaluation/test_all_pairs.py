from __future__ import annotations

import numpy as np
import pytest

from siam.errors import DataError
from siam.evaluation import all_pairs
from siam.evaluation.all_pairs import BIN_WIDTH, EDGES, count_all_pairs, jackknife
from siam.evaluation.roc import auc, equal_error, roc_of_counts, roc_of_pairs


@pytest.mark.parametrize("count", [2, 5, 23, 24, 70])
def test_counts_equal_a_loop_over_every_pair(clusters, every_pair, count):
    vectors, labels = clusters(count, classes=2, spread=0.6)
    distances, same = every_pair(vectors, labels)
    pairs = count_all_pairs(vectors, labels)
    assert pairs.count == count * (count - 1) // 2
    for counts, kind in ((pairs.same, 1), (pairs.different, 0)):
        placed = np.repeat(EDGES, counts)
        wanted = np.sort(distances[same == kind])
        assert len(placed) == len(wanted)
        # Each lies in its bin, up to the float64 rounding at the bin's ends.
        assert np.all(placed >= wanted - 1e-7)
        assert np.all(placed - BIN_WIDTH <= wanted + 1e-7)


def test_blocks_smaller_than_a_group_count_the_same(clusters, monkeypatch):
    vectors, labels = clusters(150)
    whole = count_all_pairs(vectors, labels)
    monkeypatch.setattr(all_pairs, "ROWS_PER_BLOCK", 4)
    pieces = count_all_pairs(vectors, labels)
    assert np.array_equal(whole.same, pieces.same)
    assert np.array_equal(whole.different, pieces.different)
    assert np.array_equal(whole.same_by_group, pieces.same_by_group)


def test_curve_agrees_with_the_one_of_single_pairs(clusters, every_pair):
    vectors, labels = clusters(90, spread=0.6)
    exact = roc_of_pairs(*every_pair(vectors, labels))
    counted = count_all_pairs(vectors, labels).roc()
    assert auc(counted) == pytest.approx(auc(exact), abs=1e-4)
    assert equal_error(counted)[0] == pytest.approx(equal_error(exact)[0], abs=1e-3)


def test_copies_lie_in_the_first_bin():
    vectors = np.tile(np.array([[0.6, 0.8]], np.float32), (6, 1))
    pairs = count_all_pairs(vectors, np.zeros(6, int))
    assert pairs.same[0] == 15


def test_leaving_a_group_out_leaves_the_pairs_of_the_others(clusters):
    """Each pair within a group touches one group, each other pair two."""
    vectors, labels = clusters(48)
    pairs = count_all_pairs(vectors, labels)
    groups = len(pairs.same_by_group)
    within = groups * (2 * 1 // 2)  # 24 groups of two pictures
    touched = pairs.same_by_group.sum() + pairs.different_by_group.sum()
    assert touched == within + 2 * (pairs.count - within)


def figures(same: np.ndarray, different: np.ndarray) -> list[float]:
    curve = roc_of_counts(EDGES, same, different)
    return [auc(curve), equal_error(curve)[0]]


@pytest.mark.slow
def test_jackknife_holds_the_estimate_and_is_about_as_wide_as_repeated_samples(clusters):
    estimates, widths = [], []
    for seed in range(12):
        pairs = count_all_pairs(*clusters(150, spread=0.6, seed=seed))
        estimate, (low, high) = jackknife(pairs, figures)[0]
        assert low <= estimate <= high
        estimates.append(estimate)
        widths.append(high - low)
    assert 0.4 < np.median(widths) / (2 * 2.07 * np.std(estimates, ddof=1)) < 2.5


def test_perfect_separation_is_not_certain():
    vectors = np.repeat(np.eye(2, dtype=np.float32), 30, axis=0)
    pairs = count_all_pairs(vectors, np.repeat([0, 1], 30))
    _, (low, high) = jackknife(pairs, figures)[0]
    assert high == 1.0
    assert 0.9 < low < 0.95


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_one_kind_of_pair_makes_no_curve(labels):
    with pytest.raises(DataError, match="both kinds"):
        count_all_pairs(np.eye(3), np.array(labels)).roc()


def test_no_pictures_make_no_pairs():
    assert count_all_pairs(np.zeros((0, 3)), np.zeros(0)).count == 0
