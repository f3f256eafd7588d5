"""How well distances tell same-class pairs from different ones, at a threshold and without one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.array_types import Floats, Integers, PairLabels, Reals
from siam.evaluation.intervals import Figure, bootstrap_pairs
from siam.evaluation.roc import (
    SortedPairs,
    auc,
    equal_error,
    roc_of_counts,
    roc_of_pairs,
    true_accept_rate_at,
)

__all__ = ["FALSE_ACCEPT_RATES", "PairScores", "best_threshold", "score_pairs", "true_accept_key"]

# The false-accept rates that are always reported.
FALSE_ACCEPT_RATES = (1e-2, 1e-3, 1e-4)


@dataclass(frozen=True)
class PairScores:
    """Figures of a set of pairs.

    Attributes:
        count: pairs scored.
        threshold: the distance at or below which a pair counts as "same"; chosen elsewhere.
        figures: each with its interval over pictures.
            "accuracy": share of pairs judged rightly at the threshold, the kinds weighing alike.
            "far", "tar": shares of different and of same pairs accepted at the threshold.
            "auc": chance that a same pair is closer than a different one.
            "eer": the error rate where false accepts = false rejects.
            "tar@far=0.01", ...: share of same pairs accepted at each of `FALSE_ACCEPT_RATES`.
            "average_precision": area under precision over recall, "same" being the positive kind.
    """

    count: int
    threshold: float
    figures: dict[str, Figure]


def best_threshold(distances: Reals, same: PairLabels) -> float:
    """Return the distance that tells validation pairs apart best.

    It maximises balanced accuracy, the mean of the share of same pairs at or below it and of
    different pairs above it, and lies half-way to the next distance. Among equals the smallest.

    Args:
        distances: (count,), 0 to 2, smaller = closer, of validation pairs, never of test pairs.
        same: (count,), 1 = same class, 0 = different.

    Raises:
        DataError: one of the two kinds is missing.

    Example:
        >>> round(best_threshold(np.array([0.2, 0.4, 0.8, 1.0]), np.array([1, 1, 0, 0])), 3)
        0.6
    """
    curve = roc_of_pairs(distances, same)
    # The first point is no distance.
    best = 1 + int(np.argmax((curve.true_accept_rates - curve.false_accept_rates)[1:]))
    above = curve.thresholds[best + 1] if best + 1 < len(curve.thresholds) else 2.0
    return float((curve.thresholds[best] + above) / 2)


def score_pairs(
    distances: Reals,
    same: PairLabels,
    left: Integers,
    right: Integers,
    *,
    threshold: float,
    seed: int = 0,
) -> PairScores:
    """Score pairs at a threshold chosen on other pairs, with intervals over their pictures.

    Args:
        distances: (count,), 0 to 2, smaller = closer.
        same: (count,), 1 = same class, 0 = different; both must occur.
        left, right: int64 (count,), which pictures each pair is made of.
        threshold: a pair at this distance or below counts as "same".
        seed: of the resampling of pictures.

    Raises:
        DataError: one of the two kinds is missing.
    """
    pairs = SortedPairs(distances, same)
    cut = int(np.searchsorted(pairs.thresholds, threshold, side="right"))
    names = ["accuracy", "far", "tar", "auc", "eer", *map(true_accept_key, FALSE_ACCEPT_RATES)]
    names.append("average_precision")

    def statistics(weights: Floats) -> Floats:
        at_same, at_different = pairs.counts(weights)
        if at_same.sum() == 0 or at_different.sum() == 0:
            return np.full(len(names), np.nan)
        curve = roc_of_counts(pairs.thresholds, at_same, at_different)
        accepts, hits = curve.false_accept_rates[cut], curve.true_accept_rates[cut]
        right, total = np.cumsum(at_same), np.cumsum(at_same + at_different)
        precision = np.divide(right, total, out=np.zeros_like(right), where=total > 0)
        average_precision = np.sum(np.diff(curve.true_accept_rates) * precision)
        rates = [true_accept_rate_at(curve, rate) for rate in FALSE_ACCEPT_RATES]
        at_threshold = [(hits + 1 - accepts) / 2, accepts, hits, auc(curve), equal_error(curve)[0]]
        return np.array([*at_threshold, *rates, average_precision])

    figures = bootstrap_pairs(statistics, left, right, seed=seed)
    return PairScores(len(distances), float(threshold), dict(zip(names, figures, strict=True)))


def true_accept_key(false_accept_rate: float) -> str:
    """Return the JSON key of the true-accept rate at a false-accept rate: "tar@far=0.01"."""
    return f"tar@far={false_accept_rate:g}"
