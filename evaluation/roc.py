"""The trade between false accepts and true accepts, from counts at each distance.

A pair is accepted as "same class" where its distance is at most the threshold, so that a
threshold of 0.0 still accepts identical pictures. FAR, the false-accept rate, is the share of
different pairs accepted; TAR, the true-accept rate, the share of same pairs accepted.
The equal error rate (EER) is where FAR = 1 - TAR, interpolated between the two neighbouring points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = [
    "Roc",
    "SortedPairs",
    "auc",
    "equal_error",
    "roc_of_counts",
    "roc_of_pairs",
    "threshold_at",
    "true_accepts",
]


@dataclass(frozen=True)
class Roc:
    """Operating points in rising order of threshold, the first of which accepts nothing.

    Attributes:
        thresholds: float64 (m,), distances; the first is -1, below any distance.
        far: float64 (m,), share of different pairs accepted, 0 to 1, rising.
        tar: float64 (m,), share of same pairs accepted, 0 to 1, rising.
    """

    thresholds: np.ndarray
    far: np.ndarray
    tar: np.ndarray


def roc_of_counts(thresholds: np.ndarray, same: np.ndarray, different: np.ndarray) -> Roc:
    """Return the curve of pairs counted by distance.

    Args:
        thresholds: (m,), rising distances.
        same, different: (m,), (weighted) pairs at a distance above the threshold before and at
            most this one. Each must hold at least one pair.
    """
    tar = np.concatenate([[0.0], np.cumsum(same, dtype=np.float64)])
    far = np.concatenate([[0.0], np.cumsum(different, dtype=np.float64)])
    return Roc(np.concatenate([[-1.0], thresholds]), far / far[-1], tar / tar[-1])


class SortedPairs:
    """Pairs in order of distance, so that curves of many weightings cost one pass each.

    Args:
        distances: (count,), smaller = closer.
        same: (count,), 1 = same class, 0 = different.
    """

    def __init__(self, distances: np.ndarray, same: np.ndarray) -> None:
        self._order = np.argsort(distances, kind="stable")
        in_order = np.asarray(distances)[self._order]
        self._is_same = np.asarray(same)[self._order] == 1
        # A threshold cannot fall within a run of equal distances.
        self._starts = np.flatnonzero(np.append(True, np.diff(in_order) > 0))
        self.thresholds = in_order[self._starts]

    def counts(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the weight of same and of different pairs at each of `thresholds`."""
        weights = weights[self._order]
        return (
            np.add.reduceat(weights * self._is_same, self._starts),
            np.add.reduceat(weights * ~self._is_same, self._starts),
        )


def roc_of_pairs(distances: np.ndarray, same: np.ndarray) -> Roc:
    """Return the curve of single pairs.

    Args:
        distances: (count,), smaller = closer.
        same: (count,), 1 = same class, 0 = different; both must occur.

    Example:
        >>> curve = roc_of_pairs(np.array([0.1, 0.4, 0.3, 0.9]), np.array([1, 1, 0, 0]))
        >>> curve.tar.tolist(), curve.far.tolist()
        ([0.0, 0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 0.5, 1.0])
    """
    pairs = SortedPairs(distances, same)
    return roc_of_counts(pairs.thresholds, *pairs.counts(np.ones(len(distances))))


def auc(curve: Roc) -> float:
    """Return the area under the curve: the chance that a same pair is closer than a different one.

    Ties count one half, as in the Mann-Whitney U statistic.
    """
    return float(np.trapezoid(curve.tar, curve.far))


def equal_error(curve: Roc) -> tuple[float, float]:
    """Return the equal error rate, 0 to 1, and the threshold where it lies."""
    difference = curve.far - (1 - curve.tar)  # rises from -1 to 1
    after = int(np.argmax(difference >= 0))
    before = after - 1
    step = -difference[before] / (difference[after] - difference[before])
    error = curve.far[before] + step * (curve.far[after] - curve.far[before])
    return float(error), float(max(curve.thresholds[after], 0.0))


def true_accepts(curve: Roc, far: float) -> float:
    """Return the largest true-accept rate whose false-accept rate is at most `far`."""
    return float(curve.tar[np.searchsorted(curve.far, far, side="right") - 1])


def threshold_at(curve: Roc, far: float) -> float:
    """Return the largest threshold on the curve whose false-accept rate is at most `far`.

    It is -1.0, which accepts nothing, where even the smallest distance lets more pairs in.
    """
    return float(curve.thresholds[np.searchsorted(curve.far, far, side="right") - 1])
