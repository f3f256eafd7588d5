"""Whether probabilities mean what they say: of all "90 %", are nine in ten right?

Expected calibration error (ECE): Naeini, Cooper and Hauskrecht, AAAI 2015; with 15 bins of equal
width as in "On Calibration of Modern Neural Networks", Guo et al., ICML 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.array_types import Booleans, Floats, Integers, PairLabels, Reals
from siam.evaluation.intervals import Figure, Interval, bootstrap_pairs, bootstrap_pictures

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
    if len(probabilities) == 0:
        return _empty()
    sums = _BinSums(probabilities, right)
    [error] = bootstrap_pictures(sums.error, len(probabilities), seed=seed)
    return sums.reliability(error)


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
    if len(probabilities) == 0:
        return _empty()
    sums = _BinSums(probabilities, np.asarray(same) == 1)
    [error] = bootstrap_pairs(sums.error, left, right, seed=seed)
    return sums.reliability(error)


class _BinSums:
    """Which bin each probability lies in, and weighted sums over the bins."""

    def __init__(self, probabilities: Reals, outcomes: Booleans) -> None:
        self.probabilities = np.asarray(probabilities, np.float64)
        self.outcomes = np.asarray(outcomes, np.float64)
        self.bins = np.clip((self.probabilities * BINS).astype(np.int64), 0, BINS - 1)

    def sums(self, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the weights, and the sums of confidence and of right answers, of each bin."""

        def total(values: Floats) -> Floats:
            totals: Floats = np.bincount(self.bins, values, minlength=BINS).astype(np.float64)
            return totals

        return (
            total(weights),
            total(weights * self.probabilities),
            total(weights * self.outcomes),
        )

    def error(self, weights: Floats) -> list[float]:
        """Return the expected calibration error alone; NaN where nothing has weight."""
        count, confidence, right = self.sums(weights)
        total = count.sum()
        return [np.abs(confidence - right).sum() / total if total > 0 else np.nan]

    def reliability(self, error: Figure) -> Reliability:
        """Return the curve with its error."""
        count, confidence, right = self.sums(np.ones_like(self.outcomes))
        nonempty = count > 0
        return Reliability(
            confidences=confidence[nonempty] / count[nonempty],
            accuracies=right[nonempty] / count[nonempty],
            counts=count[nonempty].astype(np.int64),
            ece=error[0],
            ece_ci95=error[1],
        )


def _empty() -> Reliability:
    nothing = np.zeros(0)
    return Reliability(nothing, nothing, np.zeros(0, np.int64), 0.0, (0.0, 1.0))
