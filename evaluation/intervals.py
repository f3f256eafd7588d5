"""95 % intervals that count pictures, since pictures, not pairs, were drawn at random.

Two pairs that share a picture are not independent: 50 million pairs of 10,000 pictures carry the
information of 10,000 pictures. So resampling draws pictures and weighs a pair by the product of
its pictures' draws (the pigeonhole bootstrap: Owen 2007, "The pigeonhole bootstrap").
A plain share of pictures has Wilson's interval (Wilson 1927), which holds at 0 and at 1 too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from siam.array_types import Booleans, Floats, Integers, Reals

__all__ = ["Interval", "around", "bootstrap_mean", "bootstrap_pairs", "picture_weights", "wilson"]

Interval = tuple[float, float]

RESAMPLES = 500
# Standard normal quantile of 97.5 %.
Z = 1.959963984540054


def wilson(successes: float, trials: int) -> Interval:
    """Return Wilson's 95 % interval of a share.

    Args:
        successes: how many of the trials succeeded, 0 to `trials`.
        trials: independent trials; with none, the interval is all of [0, 1].

    Example:
        >>> tuple(round(end, 3) for end in wilson(10, 10))
        (0.722, 1.0)
    """
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    correction = Z**2 / trials
    centre = (share + correction / 2) / (1 + correction)
    half = Z / (1 + correction) * np.sqrt(share * (1 - share) / trials + correction / trials / 4)
    return around(share, (centre - half, centre + half))


def around(estimate: float, interval: tuple[float, float]) -> Interval:
    """Clip an interval to [0, 1] and stretch it to hold its estimate."""
    low, high = interval
    return float(max(0.0, min(low, estimate))), float(min(1.0, max(high, estimate)))


def picture_weights(count: int, seed: int) -> NDArray[np.int32]:
    """Return how often each picture is drawn in each resample, int32 (`RESAMPLES`, count)."""
    random = np.random.default_rng(seed)
    chances = np.full(count, 1 / count)
    return random.multinomial(count, chances, size=RESAMPLES).astype(np.int32)


def bootstrap_mean(values: Reals | Booleans, *, seed: int = 0) -> Interval:
    """Return the 95 % interval of the mean of one value per picture, each 0 to 1.

    Where all values are equal resampling can show no spread: then it is Wilson's interval.
    """
    values = np.asarray(values, np.float64)
    if len(values) == 0:
        return 0.0, 1.0
    mean = float(values.mean())
    if np.all(values == values[0]):
        return around(mean, wilson(mean * len(values), len(values)))
    means = picture_weights(len(values), seed) @ values / len(values)
    low, high = np.quantile(means, [0.025, 0.975])
    return around(mean, (low, high))


def bootstrap_pairs(
    statistics: Callable[[Floats], Floats],
    left: Integers,
    right: Integers,
    *,
    seed: int = 0,
) -> list[Interval]:
    """Return the 95 % intervals of statistics of pairs, by resampling their pictures.

    Args:
        statistics: takes pair weights, float64 (count,), and returns (m,) numbers; NaN where a
            resample lost all pairs of a kind, which is then left out.
        left, right: int64 (count,), the pictures of each pair.

    Returns:
        m intervals, clipped to [0, 1] only by the caller, who knows the estimate.
    """
    pictures, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    left, right = places[: len(left)], places[len(left) :]
    draws = picture_weights(len(pictures), seed)
    results = np.array([statistics((draw[left] * draw[right]).astype(float)) for draw in draws])
    ends = []
    for column in results.T:
        finite = column[np.isfinite(column)]
        low, high = np.quantile(finite, [0.025, 0.975]) if len(finite) else (0.0, 1.0)
        ends.append((float(low), float(high)))
    return ends
