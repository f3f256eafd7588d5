"""The trade between false accepts and true accepts, from counts at each distance.

A pair is accepted as "same class" where its distance is at most the threshold, so that a
threshold of 0.0 still accepts identical pictures. The false-accept rate is the share of
different pairs accepted; the true-accept rate the share of same pairs accepted.
The equal error rate (EER) is where the false-accept rate equals 1 minus the
true-accept rate, interpolated between the two neighbouring points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.array_types import Floats, Integers, PairLabels, Reals
from siam.errors import DataError

__all__ = [
    "Roc",
    "SortedPairs",
    "auc",
    "equal_error",
    "need_both_kinds",
    "roc_of_counts",
    "roc_of_pairs",
    "threshold_at",
    "true_accept_rate_at",
]


@dataclass(frozen=True)
class Roc:
    """Operating points in rising order of threshold, the first of which accepts nothing.

    Attributes:
        thresholds: float64 (m,), distances; the first is -1, below any distance.
        false_accept_rates: float64 (m,), share of different pairs accepted, 0 to 1, rising.
        true_accept_rates: float64 (m,), share of same pairs accepted, 0 to 1, rising.
    """

    thresholds: Floats
    false_accept_rates: Floats
    true_accept_rates: Floats


def roc_of_counts(thresholds: Reals, same: Floats | Integers, different: Floats | Integers) -> Roc:
    """Return the curve of pairs counted by distance.

    Args:
        thresholds: (m,), rising distances.
        same, different: (m,), (weighted) pairs at a distance above the threshold before and at
            most this one. Each must hold at least one pair.
    """
    hits = np.concatenate([[0.0], np.cumsum(same, dtype=np.float64)])
    accepts = np.concatenate([[0.0], np.cumsum(different, dtype=np.float64)])
    return Roc(np.concatenate([[-1.0], thresholds]), accepts / accepts[-1], hits / hits[-1])


def need_both_kinds(same: int, different: int) -> None:
    """Raise DataError unless there are same and different pairs."""
    if same == 0 or different == 0:
        raise DataError(
            f"Pairs of both kinds are needed, received {same} same and {different} different.",
            "Use at least two classes, with two pictures in one of them.",
        )


class SortedPairs:
    """Pairs in order of distance, so that curves of many weightings cost one pass each.

    Args:
        distances: (count,), smaller = closer.
        same: (count,), 1 = same class, 0 = different.

    Raises:
        DataError: one of the two kinds is missing.
    """

    def __init__(self, distances: Reals, same: PairLabels) -> None:
        self._order = np.argsort(distances, kind="stable")
        in_order = np.asarray(distances)[self._order]
        self._is_same = np.asarray(same)[self._order] == 1
        need_both_kinds(int(self._is_same.sum()), int((~self._is_same).sum()))
        # A threshold cannot fall within a run of equal distances.
        self._starts = np.flatnonzero(np.append(True, np.diff(in_order) > 0))
        self.thresholds = in_order[self._starts]

    def counts(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return the weight of same and of different pairs at each of `thresholds`."""
        weights = weights[self._order]
        return (
            np.add.reduceat(weights * self._is_same, self._starts),
            np.add.reduceat(weights * ~self._is_same, self._starts),
        )


def roc_of_pairs(distances: Reals, same: PairLabels) -> Roc:
    """Return the curve of single pairs.

    Args:
        distances: (count,), smaller = closer.
        same: (count,), 1 = same class, 0 = different; both must occur.

    Example:
        >>> curve = roc_of_pairs(np.array([0.1, 0.4, 0.3, 0.9]), np.array([1, 1, 0, 0]))
        >>> curve.true_accept_rates.tolist(), curve.false_accept_rates.tolist()
        ([0.0, 0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 0.5, 1.0])
    """
    pairs = SortedPairs(distances, same)
    return roc_of_counts(pairs.thresholds, *pairs.counts(np.ones(len(distances))))


def auc(curve: Roc) -> float:
    """Return the area under the curve: the chance that a same pair is closer than a different one.

    Ties count one half, as in the Mann-Whitney U statistic.
    """
    return float(np.trapezoid(curve.true_accept_rates, curve.false_accept_rates))


def equal_error(curve: Roc) -> tuple[float, float]:
    """Return the equal error rate, 0 to 1, and the threshold where it lies."""
    difference = curve.false_accept_rates - (1 - curve.true_accept_rates)  # rises from -1 to 1
    after = int(np.argmax(difference >= 0))
    before = after - 1
    step = -difference[before] / (difference[after] - difference[before])
    low, high = curve.false_accept_rates[[before, after]]
    error = low + step * (high - low)
    return float(error), float(max(curve.thresholds[after], 0.0))


def true_accept_rate_at(curve: Roc, false_accept_rate: float) -> float:
    """Return the largest true-accept rate at a false-accept rate of at most `false_accept_rate`."""
    return float(curve.true_accept_rates[_last_point(curve, false_accept_rate)])


def threshold_at(curve: Roc, false_accept_rate: float) -> float:
    """Return the largest threshold with a false-accept rate of at most `false_accept_rate`.

    It is -1.0, which accepts nothing, where even the smallest distance lets more pairs in.
    """
    return float(curve.thresholds[_last_point(curve, false_accept_rate)])


def _last_point(curve: Roc, false_accept_rate: float) -> int:
    """Return the last point of the curve that keeps a false-accept rate."""
    return int(np.searchsorted(curve.false_accept_rates, false_accept_rate, side="right")) - 1
