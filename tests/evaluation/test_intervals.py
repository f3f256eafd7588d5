from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siam.evaluation.intervals import (
    around,
    bootstrap_mean,
    bootstrap_pairs,
    percentile_figures,
    wilson,
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_holds_its_estimate_and_stays_within_0_and_1(successes, trials):
    successes = min(successes, trials)
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1


def test_nothing_tried_tells_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    assert bootstrap_mean(np.array([])) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_interval_of_a_mean_holds_the_mean(values):
    low, high = bootstrap_mean(np.array(values))
    assert 0 <= low <= np.mean(values) + 1e-12
    assert np.mean(values) - 1e-12 <= high <= 1


def test_interval_of_a_mean_agrees_with_normal_theory():
    values = np.random.default_rng(0).random(2000)
    # One end of 500 resamples is itself off by 6 % of half of the interval.
    ends = np.mean([bootstrap_mean(values, seed=seed) for seed in range(8)], axis=0)
    half = 1.96 * values.std() / np.sqrt(2000)
    assert ends == pytest.approx((values.mean() - half, values.mean() + half), abs=0.06 * half)


def test_equal_values_are_still_uncertain():
    assert bootstrap_mean(np.ones(20)) == pytest.approx(wilson(20, 20))


def test_pairs_are_resampled_by_picture_not_by_pair():
    """One bad picture in 40 pairs counts as one mistake, not as forty."""
    random = np.random.default_rng(0)
    left = np.concatenate([np.zeros(40, int), random.integers(1, 100, 960)])
    right = random.integers(100, 200, 1000)
    wrong = left == 0
    [(share, by_picture)] = bootstrap_pairs(
        lambda w: [np.average(wrong, weights=w)], left, right, seed=1
    )
    assert share == pytest.approx(0.04)
    by_pair = wilson(40, 1000)
    assert by_picture[0] == 0.0  # the picture is not drawn in a third of the resamples
    assert by_picture[1] > by_pair[1]


def test_statistics_that_fail_in_every_resample_know_nothing():
    assert percentile_figures([0.5], np.full((3, 1), np.nan), 2) == [(0.5, (0.0, 1.0))]


def test_around_clips_and_stretches():
    assert around(0.5, (0.6, 1.4)) == (0.5, 1.0)
    assert around(0.5, (-0.2, 0.3)) == (0.0, 0.5)
