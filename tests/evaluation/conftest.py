"""Embeddings with known structure: a cluster per class on the unit sphere."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from siam.evaluation.calibration import Calibration
from siam.evaluation.calibration_fit import fit_calibration
from siam.evaluation.distances import Embedded
from siam.evaluation.measure import Measurements, measure

CLASSES = ("ant", "bee", "cat", "dog")
Clusters = Callable[..., tuple[np.ndarray, np.ndarray]]


def make_clusters(
    count: int, *, classes: int = 4, dim: int = 8, spread: float = 0.25, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return unit embeddings (count, dim) and labels (count,) of clusters at fixed centres."""
    centres = np.random.default_rng(99).normal(size=(classes, dim))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    rows = centres[labels] + spread * random.normal(size=(count, dim))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), labels.astype(np.int64)


@pytest.fixture(scope="session")
def clusters() -> Clusters:
    return make_clusters


@pytest.fixture(scope="session")
def every_pair() -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return a plain loop over all pairs: (distances, 1 where the classes agree)."""

    def loop(vectors: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = [
            (np.linalg.norm(vectors[i].astype(float) - vectors[j]), labels[i] == labels[j])
            for i, j in itertools.combinations(range(len(labels)), 2)
        ]
        distances, same = zip(*found, strict=True)
        return np.array(distances), np.array(same).astype(int)

    return loop


@pytest.fixture(scope="session")
def calibration() -> Calibration:
    return fit_calibration(
        Embedded(*make_clusters(200, seed=1)), Embedded(*make_clusters(400, seed=2))
    )


@pytest.fixture(scope="session")
def measured(calibration: Calibration) -> Measurements:
    nonsense = np.random.default_rng(3).normal(size=(50, 8))
    nonsense /= np.linalg.norm(nonsense, axis=1, keepdims=True)
    return measure(
        Embedded(*make_clusters(120, seed=4)),
        Embedded(*make_clusters(400, seed=2)),
        calibration,
        classes=CLASSES,
        groups=("insect", "insect", "pet", "pet"),
        out_of_distribution={"nonsense": nonsense.astype(np.float32)},
    )
