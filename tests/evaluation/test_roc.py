from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from siam.evaluation.roc import (
    Roc,
    SortedPairs,
    auc,
    equal_error,
    roc_of_counts,
    roc_of_pairs,
    threshold_at,
    true_accept_rate_at,
)

# Few distinct distances, so that ties are common.
pairs_of_both_kinds = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 1)), min_size=2, max_size=40
).filter(lambda rows: len({kind for _, kind in rows}) == 2)


def split(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row[0] / 10 for row in rows]), np.array([row[1] for row in rows])


@given(pairs_of_both_kinds)
def test_auc_counts_the_same_pairs_that_are_closer(rows):
    distances, same = split(rows)
    wins = [
        1.0 if a < b else 0.5 if a == b else 0.0
        for a in distances[same == 1]
        for b in distances[same == 0]
    ]
    assert auc(roc_of_pairs(distances, same)) == pytest.approx(np.mean(wins))
    assert auc(roc_of_pairs(distances, same)) == pytest.approx(roc_auc_score(same, -distances))


@given(pairs_of_both_kinds)
def test_auc_does_not_change_under_a_rising_transform(rows):
    distances, same = split(rows)
    assert auc(roc_of_pairs(np.exp(distances), same)) == pytest.approx(
        auc(roc_of_pairs(distances, same))
    )


@given(pairs_of_both_kinds)
def test_curve_equals_a_loop_over_thresholds(rows):
    distances, same = split(rows)
    curve = roc_of_pairs(distances, same)
    for threshold, accepts, hits in zip(
        curve.thresholds, curve.false_accept_rates, curve.true_accept_rates, strict=True
    ):
        assert accepts == pytest.approx(np.mean(distances[same == 0] <= threshold))
        assert hits == pytest.approx(np.mean(distances[same == 1] <= threshold))


@given(pairs_of_both_kinds)
def test_eer_is_the_same_with_the_two_kinds_and_directions_exchanged(rows):
    distances, same = split(rows)
    exchanged = roc_of_pairs(3 - distances, 1 - same)
    assert equal_error(exchanged)[0] == pytest.approx(equal_error(roc_of_pairs(distances, same))[0])


@given(pairs_of_both_kinds)
def test_eer_lies_on_the_curve_where_both_errors_are_equal(rows):
    distances, same = split(rows)
    curve = roc_of_pairs(distances, same)
    error, threshold = equal_error(curve)
    assert 0 <= error <= 1
    assert threshold >= 0
    assert np.min(np.abs(_dense(curve) - [error, 1 - error]).max(axis=1)) < 2e-2


def _dense(curve: Roc) -> np.ndarray:
    """Return many points along the straight pieces of the curve."""
    places = np.linspace(0, len(curve.false_accept_rates) - 1, 200 * len(curve.false_accept_rates))
    known = np.arange(len(curve.false_accept_rates))
    return np.stack(
        [
            np.interp(places, known, curve.false_accept_rates),
            np.interp(places, known, curve.true_accept_rates),
        ],
        axis=1,
    )


def test_eer_of_a_hand_computed_case():
    # At 0.3: one of two different pairs accepted, one of two same pairs rejected.
    curve = roc_of_pairs(np.array([0.1, 0.4, 0.3, 0.9]), np.array([1, 1, 0, 0]))
    assert equal_error(curve) == (0.5, 0.3)


@pytest.mark.parametrize(
    ("distances", "error"), [([0.1, 0.2, 0.8, 0.9], 0.0), ([0.8, 0.9, 0.1, 0.2], 1.0)]
)
def test_eer_of_perfect_and_reversed_separation(distances, error):
    curve = roc_of_pairs(np.array(distances), np.array([1, 1, 0, 0]))
    assert equal_error(curve)[0] == pytest.approx(error)


def test_all_distances_equal_tell_nothing():
    curve = roc_of_pairs(np.full(10, 0.5), np.arange(10) % 2)
    assert auc(curve) == 0.5
    assert equal_error(curve)[0] == 0.5


@given(pairs_of_both_kinds, st.floats(0, 1))
def test_true_accept_rate_at_and_threshold_keep_the_rate_and_are_the_best_that_do(rows, rate):
    distances, same = split(rows)
    curve = roc_of_pairs(distances, same)
    allowed = [-1.0, *(d for d in distances if np.mean(distances[same == 0] <= d) <= rate)]
    assert threshold_at(curve, rate) == max(allowed)
    assert true_accept_rate_at(curve, rate) == pytest.approx(
        np.mean(distances[same == 1] <= max(allowed))
    )


@given(pairs_of_both_kinds, st.integers(0, 1000))
def test_weighting_a_pair_is_repeating_it(rows, seed):
    distances, same = split(rows)
    weights = np.random.default_rng(seed).integers(0, 3, len(same))
    assume(weights[same == 1].sum() and weights[same == 0].sum())
    pairs = SortedPairs(distances, same)
    weighted = roc_of_counts(pairs.thresholds, *pairs.counts(weights.astype(float)))
    repeated = roc_of_pairs(np.repeat(distances, weights), np.repeat(same, weights))
    assert auc(weighted) == pytest.approx(auc(repeated))
    assert equal_error(weighted)[0] == pytest.approx(equal_error(repeated)[0])
