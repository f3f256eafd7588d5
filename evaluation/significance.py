"""Whether two runs differ by more than chance, judged on the same pictures.

Each picture is its own control: what counts is where the runs differ. For figures that are means
over pictures that is a sign-flip test (exact binomial where a picture is only right or wrong:
McNemar 1947); for pair figures the pictures are resampled for both runs at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siam.array_types import Booleans, Floats, Integers, PairLabels, Reals
from siam.errors import DataError
from siam.evaluation.intervals import RESAMPLES, Interval, picture_weights, resample_pairs
from siam.evaluation.roc import SortedPairs, auc, equal_error, roc_of_counts

__all__ = ["Difference", "compare_pairs", "compare_pictures"]

FLIPS = 10_000
FLIPS_AT_ONCE = 500
LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """How a figure of the first run differs from the second's.

    Attributes:
        first, second: the figure in each run.
        difference: first - second.
        difference_ci95: its 95 % interval over pictures.
        p_value: chance of a difference this large were the runs equally good, above 0 to 1.
        significant: whether that chance is below 5 %.
    """

    first: float
    second: float
    difference: float
    difference_ci95: Interval
    p_value: float
    significant: bool


def compare_pictures(
    first: Reals | Booleans, second: Reals | Booleans, *, seed: int = 0
) -> Difference:
    """Compare two runs by one value per picture, such as right (1) or wrong (0).

    Args:
        first, second: (n,), 0 to 1, of the same n pictures in the same order.
        seed: of the resampling.

    Raises:
        DataError: the runs were not measured on the same pictures.

    Example:
        >>> gap = compare_pictures(np.array([1, 1, 1, 1, 1, 1, 0]), np.array([0] * 7))
        >>> gap.p_value, gap.significant
        (0.03125, True)
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    _need_same_pictures(len(first), len(second))
    gaps = first - second
    nonzero = gaps[np.abs(gaps) > 1e-12]
    means = picture_weights(len(gaps), seed) @ gaps / len(gaps)
    ends = np.quantile(means, [0.025, 0.975])
    return _difference(first.mean(), second.mean(), ends, _sign_flip(nonzero, seed))


def compare_pairs(
    first: Reals,
    second: Reals,
    same: PairLabels,
    left: Integers,
    right: Integers,
    *,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare two runs by the ROC AUC and the EER of the same pairs.

    Args:
        first, second: (count,), distances of the pairs in each run, smaller = closer.
        same: (count,), 1 = same class, 0 = different; both must occur.
        left, right: int64 (count,), the pictures of each pair.
        seed: of the resampling of pictures.

    Raises:
        DataError: the runs were not measured on the same pairs.
    """
    _need_same_pictures(len(first), len(second))
    runs = SortedPairs(first, same), SortedPairs(second, same)
    estimates = [_auc_and_eer(run, np.ones(len(first))) for run in runs]

    def gaps(weights: Floats) -> Floats:
        return _auc_and_eer(runs[0], weights) - _auc_and_eer(runs[1], weights)

    resamples, _ = resample_pairs(gaps, left, right, seed=seed)
    differences = {}
    for place, name in enumerate(("auc", "eer")):
        column = resamples[np.isfinite(resamples[:, place]), place]
        tail = min((column <= 0).sum(), (column >= 0).sum())
        p_value = min(1.0, 2 * (tail + 1) / (RESAMPLES + 1))
        ends = np.quantile(column, [0.025, 0.975]) if len(column) else (-1.0, 1.0)
        differences[name] = _difference(estimates[0][place], estimates[1][place], ends, p_value)
    return differences


def _auc_and_eer(pairs: SortedPairs, weights: Floats) -> Floats:
    """Return both of weighted pairs; NaN where one kind has no weight."""
    same, different = pairs.counts(weights)
    if same.sum() == 0 or different.sum() == 0:
        return np.full(2, np.nan)
    curve = roc_of_counts(pairs.thresholds, same, different)
    return np.array([auc(curve), equal_error(curve)[0]])


def _need_same_pictures(first: int, second: int) -> None:
    if first != second or first == 0:
        raise DataError(
            f"Two runs are compared on the same pictures, received {first} and {second}.",
            "Compare runs that were trained on the same data set with the same split.",
        )


def _sign_flip(nonzero: Floats, seed: int) -> float:
    """Return the two-sided p-value of the mean of paired differences, none of which is 0."""
    if len(nonzero) == 0:
        return 1.0
    if np.allclose(np.abs(nonzero), 1):
        from scipy.stats import binomtest

        return float(binomtest(int((nonzero > 0).sum()), len(nonzero)).pvalue)
    random = np.random.default_rng(seed)
    limit = abs(nonzero.sum()) - 1e-9
    extreme = 0
    for _ in range(FLIPS // FLIPS_AT_ONCE):
        signs = random.integers(0, 2, (FLIPS_AT_ONCE, len(nonzero)), dtype=np.int8) * 2 - 1
        extreme += int((np.abs(signs @ nonzero) >= limit).sum())
    return (extreme + 1) / (FLIPS + 1)


def _difference(
    first: float, second: float, ends: Sequence[float] | Floats, p_value: float
) -> Difference:
    gap = float(first - second)
    return Difference(
        first=float(first),
        second=float(second),
        difference=gap,
        difference_ci95=(float(min(ends[0], gap)), float(max(ends[1], gap))),
        p_value=float(p_value),
        significant=bool(p_value < LEVEL),
    )
