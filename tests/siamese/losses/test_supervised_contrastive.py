"""The supervised contrastive loss against a plain loop, and beside outliers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from siam.siamese.losses.supervised_contrastive import supervised_contrastive


def unit_rows(n: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def plain_loop(labels: np.ndarray, rows: np.ndarray) -> float:
    losses = []
    for anchor in range(len(labels)):
        rest = [other for other in range(len(labels)) if other != anchor]
        total = sum(math.exp(rows[anchor] @ rows[other] / 0.1) for other in rest)
        terms = [
            math.log(total) - rows[anchor] @ rows[other] / 0.1
            for other in rest
            if labels[other] == labels[anchor]
        ]
        if terms:
            losses.append(sum(terms) / len(terms))
    return sum(losses) / len(losses) if losses else 0.0


@pytest.mark.parametrize(
    "labels",
    [[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2], [3, 3, 3], [0, 1, 2], [5]],
    ids=["balanced", "uneven", "one class", "no same pair", "one picture"],
)
def test_it_equals_a_plain_loop(labels: list[int]) -> None:
    for seed in range(3):
        rows = unit_rows(len(labels), 3, seed)
        found = float(supervised_contrastive(np.array(labels), rows))
        assert found == pytest.approx(plain_loop(np.array(labels), rows), rel=1e-3, abs=1e-5)


def test_outliers_are_rivals_of_every_class_and_want_no_company() -> None:
    """As classes of one picture each, which have no pair to bring together, are."""
    rows = unit_rows(8, 4, seed=2)
    found = float(supervised_contrastive(np.array([0, 0, 0, 1, 1, 1, -1, -1]), rows))
    apart = float(supervised_contrastive(np.array([0, 0, 0, 1, 1, 1, 2, 3]), rows))
    assert found == pytest.approx(apart, rel=1e-5)
    without = float(supervised_contrastive(np.array([0, 0, 0, 1, 1, 1]), rows[:6]))
    assert abs(found - without) > 1e-3
