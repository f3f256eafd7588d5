from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.evaluation.reliability import BINS, pair_reliability, picture_reliability

said = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def loop_error(rows: list[tuple[float, bool]]) -> float:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for row in rows:
        bins.setdefault(min(int(row[0] * BINS), BINS - 1), []).append(row)
    gaps = [
        len(found) * abs(np.mean([p for p, _ in found]) - np.mean([o for _, o in found]))
        for found in bins.values()
    ]
    return float(sum(gaps) / len(rows))


@given(said)
def test_error_equals_a_loop_and_lies_in_its_interval(rows):
    probabilities, outcomes = (np.array(column) for column in zip(*rows, strict=True))
    found = picture_reliability(probabilities, outcomes)
    assert found.ece == pytest.approx(loop_error(rows))
    assert 0 <= found.ece_ci95[0] <= found.ece <= found.ece_ci95[1] <= 1
    assert found.counts.sum() == len(rows)


def test_pairs_are_binned_like_pictures_but_resampled_by_picture():
    random = np.random.default_rng(0)
    probabilities = random.random(500)
    same = (random.random(500) < probabilities).astype(int)
    left, right = random.integers(0, 30, 500), random.integers(30, 60, 500)
    by_pair = pair_reliability(probabilities, same, left, right)
    by_picture = picture_reliability(probabilities, same == 1)
    assert by_pair.ece == pytest.approx(by_picture.ece)
    assert np.array_equal(by_pair.counts, by_picture.counts)
    assert by_pair.ece_ci95[1] > by_picture.ece_ci95[1]


def test_true_probabilities_have_a_small_error_and_wrong_ones_a_large_one():
    random = np.random.default_rng(1)
    probabilities = random.random(5000)
    outcomes = random.random(5000) < probabilities
    assert picture_reliability(probabilities, outcomes).ece < 0.03
    assert picture_reliability(1 - probabilities, outcomes).ece > 0.3


def test_nothing_said_is_nothing_wrong():
    nothing = np.zeros(0)
    assert picture_reliability(nothing, nothing).ece == 0.0
    assert pair_reliability(nothing, nothing, nothing, nothing).ece_ci95 == (0.0, 1.0)


def test_certain_and_right_is_still_uncertain():
    low, high = picture_reliability(np.ones(20), np.ones(20, bool)).ece_ci95
    assert (low, high) == (0.0, pytest.approx(0.161, abs=1e-3))
