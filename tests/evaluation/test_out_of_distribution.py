from __future__ import annotations

import numpy as np
import pytest

from siam.errors import DataError
from siam.evaluation.out_of_distribution import detect


def test_figures_equal_loops():
    random = np.random.default_rng(0)
    known, strange = random.normal(0.3, 0.1, 80), random.normal(0.5, 0.15, 60)
    found = detect(known, strange, limit=0.45)
    wins = [1.0 if s > k else 0.5 if s == k else 0.0 for k in known for s in strange]
    assert found.auroc == pytest.approx(np.mean(wins))
    accepting = np.quantile(known, 0.95)
    assert found.let_through == pytest.approx(np.mean([s <= accepting for s in strange]))
    assert found.false_alarm == pytest.approx(np.mean([k > 0.45 for k in known]))
    assert found.let_through_at_limit == pytest.approx(np.mean([s <= 0.45 for s in strange]))
    for name, (low, high) in found.intervals.items():
        assert 0 <= low <= getattr(found, name) <= high <= 1, name


def test_perfect_detection_is_not_certain():
    found = detect(np.full(30, 0.1), np.full(30, 0.9), limit=0.5)
    assert found.auroc == 1.0
    assert found.intervals["auroc"][0] < 0.95


@pytest.mark.parametrize(("known", "strange"), [(0, 3), (3, 0)])
def test_both_kinds_are_needed(known, strange):
    with pytest.raises(DataError, match=f"received {known} known and {strange} strange"):
        detect(np.ones(known), np.ones(strange), limit=0.5)
