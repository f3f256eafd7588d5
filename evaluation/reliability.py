"""Whether probabilities mean what they say: of all "90 %", are nine in ten right?

Expected calibration error (ECE): Naeini, Cooper and Hauskrecht, AAAI 2015; with 15 bins of equal
width as in "On Calibration of Modern Neural Networks", Guo et al., ICML 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siam.array_types import Booleans, Floats, Integers, PairLabels, Reals
from siam.evaluation.intervals import (
    Figure,
    Interval,
    Statistics,
    bootstrap_pairs,
    bootstrap_pictures,
)

__all__ = ["BINS", "Reliability", "pair_reliability", "picture_reliability"]

BINS = 15


@dataclass(frozen=True)
class Reliability:
    """Predicted probabilities and observed shares in bins of equal width; empty bins are left out.

    Attributes:
        confidences: float64 (b,), mean probability in each bin.
        accuracies: float64 (b,), share that came true.
        counts: int64 (b,), how many fell into the bin.
        ece: expected calibration error, 0 to 1: mean |confidence - accuracy|, weighted by counts.
        ece_ci95: its 95 % interval over pictures. Resampling adds noise to every bin, so it tends
            to lie above the estimate.
    """

    confidences: Floats
    accuracies: Floats
    counts: Integers
    ece: float
    ece_ci95: Interval


def picture_reliability(probabilities: Reals, right: Booleans, *, seed: int = 0) -> Reliability:
    """Judge one probability per picture.

    Args:
        probabilities: (n,), 0 to 1, that the picture's label is right.
        right: bool (n,), whether it was.
        seed: of the resampling of pictures.
    """
    count = len(probabilities)
    return _reliability(
        probabilities, right, lambda error: bootstrap_pictures(error, count, seed=seed)
    )


def pair_reliability(
    probabilities: Reals,
    same: PairLabels,
    left: Integers,
    right: Integers,
    *,
    seed: int = 0,
) -> Reliability:
    """Judge one probability per pair of pictures.

    Args:
        probabilities: (count,), 0 to 1, that the two are of one class.
        same: (count,), 1 = same class, 0 = different.
        left, right: int64 (count,), the pictures of each pair.
        seed: of the resampling of pictures.
    """
    return _reliability(
        probabilities,
        np.asarray(same) == 1,
        lambda error: bootstrap_pairs(error, left, right, seed=seed),
    )


def _reliability(
    probabilities: Reals, outcomes: Booleans, resample: Callable[[Statistics], list[Figure]]
) -> Reliability:
    said, right = np.asarray(probabilities, np.float64), np.asarray(outcomes, np.float64)
    bins = np.clip((said * BINS).astype(np.int64), 0, BINS - 1)

    def sums(weights: Floats) -> Floats:
        """Return the weight, and the sums of confidence and of right answers, of each bin."""
        return np.stack([np.bincount(bins, weights * x, BINS) for x in (1.0, said, right)])

    def error(weights: Floats) -> list[float]:
        """Return the expected calibration error alone; NaN where nothing has weight."""
        count, confidence, hits = sums(weights)
        total = count.sum()
        return [np.abs(confidence - hits).sum() / total if total > 0 else np.nan]

    [(ece, interval)] = resample(error) if len(said) else [(0.0, (0.0, 1.0))]
    count, confidence, hits = sums(np.ones(len(said)))
    filled = count > 0
    return Reliability(
        confidences=confidence[filled] / count[filled],
        accuracies=hits[filled] / count[filled],
        counts=count[filled].astype(np.int64),
        ece=ece,
        ece_ci95=interval,
    )
