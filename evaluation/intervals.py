"""95 % intervals that count pictures, since pictures, not pairs, were drawn at random.

Two pairs that share a picture are not independent: 50 million pairs of 10,000 pictures carry the
information of 10,000 pictures. So resampling draws pictures and weighs a pair by the product of
its pictures' draws (the pigeonhole bootstrap: Owen 2007, "The pigeonhole bootstrap").
A plain share of pictures has Wilson's interval (Wilson 1927), which holds at 0 and at 1 too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siam.array_types import Booleans, Floats, Integers, Reals

__all__ = [
    "Figure",
    "Interval",
    "Statistics",
    "around",
    "bootstrap_mean",
    "bootstrap_pairs",
    "bootstrap_pictures",
    "lay_out",
    "percentile_figures",
    "picture_weights",
    "resample_pairs",
    "wilson",
]

Interval = tuple[float, float]
# A value, 0 to 1, and its 95 % interval.
Figure = tuple[float, Interval]
# Takes weights, float64 (count,), and returns m numbers; NaN where they lost all of a kind.
Statistics = Callable[[Floats], ArrayLike]

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
    weights = np.empty((RESAMPLES, count), np.int32)
    for row in weights:  # a tenth of the time of `Generator.multinomial`
        row[:] = np.bincount(random.integers(0, count, count), minlength=count)
    return weights


def bootstrap_mean(values: Reals | Booleans, *, seed: int = 0) -> Interval:
    """Return the 95 % interval of the mean of one value per picture, each 0 to 1."""
    if len(values) == 0:
        return 0.0, 1.0
    column = np.asarray(values, np.float64)
    return bootstrap_pictures(lambda w: [w @ column / w.sum()], len(column), seed=seed)[0][1]


def bootstrap_pictures(statistics: Statistics, count: int, *, seed: int = 0) -> list[Figure]:
    """Return statistics of pictures with their 95 % intervals, by resampling the pictures.

    Args:
        statistics: takes weights of the pictures.
        count: pictures, at least one.
    """
    resamples = [statistics(draw.astype(float)) for draw in picture_weights(count, seed)]
    return percentile_figures(statistics(np.ones(count)), resamples, count)


def bootstrap_pairs(
    statistics: Statistics, left: Integers, right: Integers, *, seed: int = 0
) -> list[Figure]:
    """Return statistics of pairs with their 95 % intervals, by resampling the pairs' pictures.

    Args:
        statistics: takes weights of the pairs.
        left, right: int64 (count,), the pictures of each pair.
    """
    resamples, pictures = resample_pairs(statistics, left, right, seed=seed)
    return percentile_figures(statistics(np.ones(len(left))), resamples, pictures)


def resample_pairs(
    statistics: Statistics, left: Integers, right: Integers, *, seed: int
) -> tuple[Floats, int]:
    """Return statistics in each resample, float64 (`RESAMPLES`, m), and how many pictures it has.

    Args:
        statistics, left, right: as for `bootstrap_pairs`.
    """
    pictures, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    left, right = places[: len(left)], places[len(left) :]
    draws = picture_weights(len(pictures), seed)
    resamples = [statistics((draw[left] * draw[right]).astype(float)) for draw in draws]
    return np.array(resamples), len(pictures)


def percentile_figures(
    estimates: ArrayLike, resamples: ArrayLike | Sequence[ArrayLike], pictures: int
) -> list[Figure]:
    """Return estimates with the 95 % of their resamples; NaN among those is left out.

    Where no resample differs, an estimate is as uncertain as a share of so many pictures.

    Args:
        estimates: (m,).
        resamples: (r, m).
    """
    figures = []
    for estimate, column in zip(np.asarray(estimates), np.array(resamples).T, strict=True):
        finite = column[np.isfinite(column)]
        low, high = np.quantile(finite, [0.025, 0.975]) if len(finite) else (0.0, 1.0)
        if high - low < 1e-12:
            low, high = wilson(estimate * pictures, pictures)
        figures.append((float(estimate), around(estimate, (low, high))))
    return figures


def lay_out(figures: Mapping[str, tuple[float | None, Interval]]) -> dict[str, Any]:
    """Return figures as JSON has them: each by its name, its interval by `<name>_ci95` beside it.

    Example:
        >>> lay_out({"auc": (0.9, (0.8, 1.0))})
        {'auc': 0.9, 'auc_ci95': [0.8, 1.0]}
    """
    return {
        key: entry
        for name, (value, interval) in figures.items()
        for key, entry in ((name, value), (f"{name}_ci95", list(interval)))
    }
