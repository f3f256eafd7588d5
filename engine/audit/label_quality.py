"""How far each label is to be believed, by what pictures of other folds say of its classes.

Each class is taken for a Gaussian with the covariance of all (linear discriminant analysis): some
wrong labels among many move its mean by little, where among a picture's neighbours they would sit
beside just those that they were copied from. A network that was trained on the classes has made
spheres of them; there the directions of a covariance are noise, and it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from siam.array_types import Floats, Integers, Vectors

__all__ = ["LabelQuality", "cross_fit", "judge_labels", "stratified_folds"]


@dataclass(frozen=True)
class LabelQuality:
    """How far each label is to be believed.

    Attributes:
        log_odds: float64 (n,), of the likeliest other label against the given one, larger = more
            likely wrong; minus infinity where no other picture has the label.
        suggested: int64 (n,), the likeliest other label.
    """

    log_odds: Floats
    suggested: Integers


def stratified_folds(labels: Integers, folds: int, *, seed: int) -> Integers:
    """Return a fold for each picture, int64 (n,), 0 to folds - 1, every class in all of them.

    Args:
        labels: int64 (n,).
        folds: 2 or more.
        seed: fixes which picture goes where.

    Example:
        >>> np.bincount(stratified_folds(np.zeros(10, int), 5, seed=0)).tolist()
        [2, 2, 2, 2, 2]
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), np.int64)
    fold[order] = np.arange(len(labels)) % folds
    return fold


def cross_fit(
    vectors: Vectors,
    labels: Integers,
    folds: Integers,
    *,
    classes: int,
    spherical: bool = False,
    trim: bool = True,
) -> Floats:
    """Return how likely each class is for each picture, by the pictures of the other folds.

    All classes are taken for as frequent. The covariance is shrunk (Y. Chen and others, 2010), so
    that few pictures suffice.

    Args:
        vectors: float32 (n, dim), of one network.
        labels: int64 (n,), 0 to classes - 1.
        folds: int64 (n,), as `stratified_folds` gives them; a picture of fold -1 is never judged
            by, and is judged by all the others.
        classes: how many there are.
        spherical: take classes for spheres of one size, in place of one covariance.
        trim: fit again without the pictures that another label suits better, and take the mean.

    Returns:
        float64 (n, classes), logarithms beside one constant: minus half of the squared Mahalanobis
        distance from the class's mean; minus infinity for a class that no picture of the other
        folds has.

    Example:
        >>> rows = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
        >>> labels, folds = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
        >>> cross_fit(rows, labels, folds, classes=2).argmax(axis=1).tolist()
        [0, 0, 1, 1]
    """
    rows = vectors.astype(np.float64)
    fit = partial(fit_folds, rows, labels, folds, classes=classes, spherical=spherical)
    scores = fit(folds)
    if trim:
        suspects = judge_labels(scores, labels).log_odds > 0
        scores = (scores + fit(np.where(suspects, -1, folds))) / 2
    return scores


def fit_folds(
    rows: Floats,
    labels: Integers,
    folds: Integers,
    used: Integers,
    *,
    classes: int,
    spherical: bool,
) -> Floats:
    """Fit the classes without each fold, and judge the pictures of it.

    Args:
        rows, labels, folds, classes, spherical: as for `cross_fit`.
        used: int64 (n,), the folds again, -1 for pictures that are not judged by.
    """
    scores = np.empty((len(labels), classes))
    numbers = np.unique(folds)
    parts = {fold: moments(rows[used == fold], labels[used == fold], classes) for fold in numbers}
    for fold in numbers:
        others = [part for number, part in parts.items() if number not in (fold, -1)]
        scatter, sums, sizes = (sum(moment) for moment in zip(*others, strict=True))
        own = folds == fold
        scores[own] = class_scores(rows[own], scatter, sums, sizes, spherical=spherical)
    return scores


def moments(rows: Floats, labels: Integers, classes: int) -> tuple[Floats, Floats, Floats]:
    """Return the sum of squares (dim, dim), and of each class the sum (classes, dim) and size."""
    one_hot = np.zeros((len(rows), classes))
    one_hot[np.arange(len(rows)), labels] = 1.0
    return rows.T @ rows, one_hot.T @ rows, one_hot.sum(axis=0)


def class_scores(
    rows: Floats, scatter: Floats, sums: Floats, sizes: Floats, *, spherical: bool
) -> Floats:
    """Return minus half of the squared Mahalanobis distances, float64 (n, classes)."""
    means = sums / np.maximum(sizes, 1)[:, None]
    count, dim = max(sizes.sum(), 1.0), len(scatter)
    covariance = (scatter - sums.T @ means) / count
    mean, square = np.trace(covariance) / dim, np.mean(covariance**2)
    share = (square + mean**2) / max((count + 1) * (square - mean**2 / dim), 1e-300)
    share = 1.0 if spherical else min(1.0, share)
    covariance = (1 - share) * covariance + (share * mean + 1e-9) * np.eye(dim)
    directions = np.linalg.solve(covariance, means.T)
    scores: Floats = rows @ directions - 0.5 * np.einsum("cd,dc->c", means, directions)
    scores -= 0.5 * np.einsum("nd,nd->n", rows, np.linalg.solve(covariance, rows.T).T)[:, None]
    scores[:, sizes == 0] = -np.inf
    return scores


def judge_labels(scores: Floats, labels: Integers) -> LabelQuality:
    """Compare each label with the likeliest other one.

    Args:
        scores: float64 (n, classes), two classes at least, of `cross_fit`.
        labels: int64 (n,), as they were given.

    Example:
        >>> quality = judge_labels(np.array([[0.0, -9.0], [-5.0, 0.0]]), np.array([0, 0]))
        >>> quality.log_odds.tolist(), quality.suggested.tolist()
        ([-9.0, 5.0], [1, 1])
    """
    rows = np.arange(len(labels))
    own = scores[rows, labels]
    others = scores.copy()
    others[rows, labels] = -np.inf
    suggested = others.argmax(axis=1)
    best = others[rows, suggested]
    judged = np.isfinite(own) & np.isfinite(best)
    log_odds = np.where(judged, best - np.where(judged, own, 0.0), -np.inf)
    return LabelQuality(log_odds, suggested)
