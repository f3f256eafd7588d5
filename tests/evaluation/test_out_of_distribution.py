from __future__ import annotations

import numpy as np
import pytest

from siam.errors import DataError
from siam.evaluation.out_of_distribution import detect


def test_figures_equal_loops():
    random = np.random.default_rng(0)
    inside, outside = random.normal(0.3, 0.1, 80), random.normal(0.5, 0.15, 60)
    figures = detect(inside, outside, limit=0.45, matches=outside <= 0.4).figures
    values = {name: value for name, (value, _) in figures.items()}
    wins = [1.0 if s > k else 0.5 if s == k else 0.0 for k in inside for s in outside]
    assert values["auroc"] == pytest.approx(np.mean(wins))
    accepting = np.quantile(inside, 0.95)
    assert values["let_through"] == pytest.approx(np.mean([s <= accepting for s in outside]))
    assert values["false_alarm"] == pytest.approx(np.mean([k > 0.45 for k in inside]))
    assert values["let_through_at_limit"] == pytest.approx(np.mean([s <= 0.45 for s in outside]))
    assert values["match"] == pytest.approx(np.mean([s <= 0.4 for s in outside]))
    for name, (value, (low, high)) in figures.items():
        assert 0 <= low <= value <= high <= 1, name


def test_perfect_detection_is_not_certain():
    detection = detect(np.full(30, 0.1), np.full(30, 0.9), limit=0.5, matches=np.zeros(30, bool))
    value, (low, _) = detection.figures["auroc"]
    assert value == 1.0
    assert low < 0.95


@pytest.mark.parametrize(("inside", "outside"), [(0, 3), (3, 0)])
def test_both_kinds_are_needed(inside, outside):
    with pytest.raises(DataError, match=f"received {inside} in and {outside} out of distribution"):
        detect(np.ones(inside), np.ones(outside), limit=0.5, matches=np.zeros(outside, bool))
