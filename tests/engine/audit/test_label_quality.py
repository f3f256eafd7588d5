"""Wrong labels stand first, are as probable as they are frequent, and come with the right one."""

from __future__ import annotations

import numpy as np
import pytest

from siam.engine.audit.embeddings import Space, Spaces, choose_shape
from siam.engine.audit.label_calibration import calibrate_labels, wrong_share
from siam.engine.audit.label_quality import (
    LabelQuality,
    cross_fit,
    judge_labels,
    stratified_folds,
)

CLASSES, DIM = 4, 6


def clusters(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unit rows about one direction a class, and their labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, count)
    rows = np.eye(DIM)[labels] + 0.2 * random.standard_normal((count, DIM))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


def flip(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return labels a share of which is another."""
    random = np.random.default_rng(seed)
    noisy, rows = labels.copy(), random.choice(len(labels), round(share * len(labels)), False)
    noisy[rows] = (labels[rows] + random.integers(1, CLASSES, len(rows))) % CLASSES
    return noisy


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_flipped_labels_come_first_with_calibrated_probabilities(share: float) -> None:
    rows, right = clusters(3000, 0)
    given = flip(right, share, 1)
    wrong = given != right
    folds = stratified_folds(given, 5, seed=0)

    def judge(labels: np.ndarray) -> LabelQuality:
        return judge_labels(cross_fit(rows, labels, folds, classes=CLASSES), labels)

    quality = judge(given)
    calibrated = calibrate_labels(
        judge, quality, given, np.zeros(len(given), bool), classes=CLASSES, seed=0
    )
    first = np.argsort(-quality.log_odds)[: round(1.2 * wrong.sum())]
    assert wrong[first].sum() >= 0.95 * wrong.sum()
    assert (quality.suggested[wrong] == right[wrong]).mean() > 0.95
    assert calibrated.wrong_share == pytest.approx(share, abs=0.3 * share)
    # Of those that are called wrong with p, a share of p is, within a few points.
    likely = calibrated.probability > 0.5
    assert calibrated.probability[likely].mean() == pytest.approx(wrong[likely].mean(), abs=0.08)
    error = np.abs(calibrated.probability.sum() - wrong.sum())
    assert error <= 0.3 * wrong.sum() + 5


def test_two_classes_by_hand() -> None:
    """On a line, with one covariance: the log-odds are (m1 - m0) / s * (x - middle)."""
    rows = np.array([[0.9], [1.1], [2.9], [3.1], [2.0], [3.0]], np.float32)
    labels, folds = np.array([0, 0, 1, 1, 0, 0]), np.array([1, 1, 1, 1, 0, 0])
    scores = cross_fit(rows, labels, folds, classes=2, trim=False)[4:]
    assert scores[0, 0] == pytest.approx(scores[0, 1], abs=1e-5)
    assert scores[1, 1] - scores[1, 0] == pytest.approx(2 / 0.01 * 1.0, rel=1e-3)


def test_spheres_by_hand() -> None:
    """One variance in all directions: the log-odds are (far^2 - near^2) / 2 / variance."""
    rows = np.array([[0, 0.1], [0, -0.1], [1, 0.1], [1, -0.1], [0.2, 0.7]], np.float32)
    labels, folds = np.array([0, 0, 1, 1, 0]), np.array([1, 1, 1, 1, 0])
    scores = cross_fit(rows, labels, folds, classes=2, spherical=True, trim=False)[4]
    variance = 0.1**2 / 2  # of the two directions, one has none
    assert scores[0] - scores[1] == pytest.approx((0.8**2 - 0.2**2) / 2 / variance, rel=1e-3)


@pytest.mark.parametrize(("stretch", "spherical"), [(1.0, True), (40.0, False)])
def test_the_shape_of_classes_is_chosen_by_the_labels_it_says(
    stretch: float, spherical: bool
) -> None:
    """Long parallel clusters need their covariance; of round ones it says no more."""
    random = np.random.default_rng(0)
    labels = np.arange(600) % 2
    rows = random.standard_normal((600, 8)) * np.r_[stretch, np.ones(7)]
    rows[:, 1] += 8 * labels
    spaces = Spaces(
        [Space(rows.astype(np.float32), np.ones(600, bool))], stratified_folds(labels, 5, seed=0)
    )
    assert choose_shape(spaces, labels, classes=2).spherical == spherical


def test_a_class_of_one_picture_is_not_judged() -> None:
    rows, labels = clusters(50, 0)
    labels[7] = CLASSES
    folds = stratified_folds(labels, 5, seed=0)
    quality = judge_labels(cross_fit(rows, labels, folds, classes=CLASSES + 1), labels)
    assert np.flatnonzero(np.isneginf(quality.log_odds)).tolist() == [7]


def test_right_labels_are_called_right() -> None:
    """Where none is wrong, next to none is called so."""
    assert wrong_share(np.linspace(1, 9, 200), np.linspace(-9, -1, 1000))[0] == 0.0


def test_folds_hold_every_class() -> None:
    labels = np.repeat([0, 1, 2], [10, 5, 100])
    folds = stratified_folds(labels, 5, seed=3)
    assert all(set(folds[labels == label]) == set(range(5)) for label in range(3))
