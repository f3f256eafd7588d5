"""Separate ink from background: thresholds that fit the picture, for strong and for faint ink."""

from __future__ import annotations

import numpy as np

from siam.array_types import Floats, Pictures
from siam.pictures.ink.illumination import BACKGROUND, BLACK

__all__ = ["apply_hysteresis", "estimate_noise_floor", "find_thresholds", "mask_above"]

_FAINTEST = 0.04 * (BLACK - BACKGROUND)  # contrast below which nothing counts as ink
_DEVIATIONS = 4.5  # of the background's noise, which a picture's 100,000 pixels rarely exceed


def mask_above(darkness: Pictures, level: int) -> Pictures:
    """Return the uint8 mask, 255 or 0, of the pixels darker than `level`."""
    import cv2

    return np.asarray(cv2.threshold(darkness, level, 255, cv2.THRESH_BINARY)[1])


def estimate_noise_floor(darkness: Pictures) -> int:
    """Return the darkness above which something is more than the background's noise.

    Taken from the lower third of all values, because ink may cover most of a picture, but not from
    the lowest, which are glare and the rims of sheets.

    Args:
        darkness: uint8 (h, w) from `measure_darkness`.
    """
    share = np.cumsum(_histogram(darkness)) / darkness.size
    low, level = np.searchsorted(share, (0.15, 0.3))
    deviation = (int(level) - int(low)) / 0.512  # the normal distribution's 15 % to 30 %
    return int(level + max(_DEVIATIONS * deviation, _FAINTEST))


def find_thresholds(
    darkness: Pictures, floor: int, ignore: Pictures | None = None
) -> tuple[int, int]:
    """Return the darkness above which ink is certain, and above which it may continue a line.

    Otsu's threshold (1979) among the pixels above the noise parts ink from what is fainter, such
    as ruled lines. An empty picture gives `BLACK` twice, which nothing exceeds.

    Args:
        darkness: uint8 (h, w) from `measure_darkness`.
        floor: from `estimate_noise_floor`.
        ignore: uint8 (h, w), not 0 where pixels are known not to be ink.
    """
    counts = _histogram(darkness, None if ignore is None else ~ignore)
    counts[: floor + 1] = 0
    if counts.sum() < 3:
        return BLACK, BLACK
    values = np.arange(256)
    below = np.cumsum(counts)
    sums = np.cumsum(counts * values)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = sums / below - (sums[-1] - sums) / above
    between = np.nan_to_num(below * above * gap**2)
    if not between.any():  # ink of one shade, which nothing parts but the background
        between[floor : int(counts.argmax())] = 1.0
    # All thresholds between two clusters are equally good; the middle one is the safest.
    best = np.nonzero(between >= between.max() * (1 - 1e-9))[0]
    high = max(int(best[0] + best[-1]) // 2, floor)
    return high, max(round(BACKGROUND + 0.6 * (high - BACKGROUND)), floor)


def apply_hysteresis(darkness: Pictures, high: int, low: int, ignore: Pictures) -> Pictures:
    """Return the mask of strong ink and of the faint ink that hangs on it (Canny 1986).

    Args:
        darkness: uint8 (h, w) from `measure_darkness`.
        high: from `find_thresholds`, as is `low`.
        low: see `high`.
        ignore: uint8 (h, w), not 0 where pixels are known not to be ink.

    Returns:
        uint8 (h, w), 255 on ink, 0 elsewhere.

    Example:
        >>> darkness = np.array([[200, 100, 0, 100]], np.uint8)
        >>> apply_hysteresis(darkness, 150, 80, np.zeros_like(darkness)).tolist()
        [[255, 255, 0, 0]]
    """
    import cv2

    faint = np.asarray(cv2.subtract(mask_above(darkness, low), ignore), np.uint8)
    left, top, wide, tall = cv2.boundingRect(faint)
    if not wide:
        return faint
    part = np.s_[top : top + tall, left : left + wide]
    count, regions = cv2.connectedComponents(np.ascontiguousarray(faint[part]), connectivity=8)
    strong = np.bincount(regions[darkness[part] > high], minlength=count) > 0
    strong[0] = False
    faint[part] = strong.astype(np.uint8)[regions] * np.uint8(255)
    return faint


def _histogram(darkness: Pictures, mask: Pictures | None = None) -> Floats:
    import cv2

    counts = cv2.calcHist([darkness], [0], mask, [256], [0, 256])
    return np.asarray(counts, np.float64).ravel()
