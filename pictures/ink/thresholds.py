"""Separate ink from ground: thresholds that fit the picture, for strong and for faint ink."""

from __future__ import annotations

import numpy as np

from siam.pictures.ink.illumination import BLACK, GROUND

__all__ = ["above", "noise_floor", "thresholds"]

_FAINTEST = 0.04 * (BLACK - GROUND)  # contrast below which nothing counts as ink
_DEVIATIONS = 4.5  # of the ground's noise, which a picture's 100,000 pixels rarely exceed


def above(dark: np.ndarray, level: int) -> np.ndarray:
    """Return the uint8 mask, 255 or 0, of the pixels darker than `level`."""
    import cv2

    return np.asarray(cv2.threshold(dark, level, 255, cv2.THRESH_BINARY)[1])


def noise_floor(dark: np.ndarray) -> int:
    """Return the darkness above which something is more than the ground's noise.

    Taken from the lower third of all values, because ink may cover most of a picture, but not from
    the lowest, which are glare and the rims of sheets.

    Args:
        dark: uint8 (h, w) from `darkness`.
    """
    share = np.cumsum(_histogram(dark)) / dark.size
    low, level = np.searchsorted(share, (0.15, 0.3))
    deviation = (int(level) - int(low)) / 0.512  # the normal distribution's 15 % to 30 %
    return int(level + max(_DEVIATIONS * deviation, _FAINTEST))


def thresholds(dark: np.ndarray, floor: int, ignore: np.ndarray | None = None) -> tuple[int, int]:
    """Return the darkness above which ink is certain, and above which it may continue a line.

    Otsu's threshold (1979) among the pixels above the noise parts ink from what is fainter, such
    as ruled lines. An empty picture gives `BLACK` twice, which nothing exceeds.

    Args:
        dark: uint8 (h, w) from `darkness`.
        floor: from `noise_floor`.
        ignore: uint8 (h, w), not 0 where pixels are known not to be ink.
    """
    import cv2

    counts = _histogram(dark, None if ignore is None else cv2.bitwise_not(ignore))
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
    if not between.any():  # ink of one shade, which nothing parts but the ground
        between[floor : int(counts.argmax())] = 1.0
    # All thresholds between two clusters are equally good; the middle one is the safest.
    best = np.nonzero(between >= between.max() * (1 - 1e-9))[0]
    high = max(int(best[0] + best[-1]) // 2, floor)
    return high, max(round(GROUND + 0.6 * (high - GROUND)), floor)


def _histogram(dark: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    import cv2

    counts = cv2.calcHist([dark], [0], mask, [256], [0, 256])
    return np.asarray(counts, np.float64).ravel()
