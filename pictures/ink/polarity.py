"""Dark ink on a light ground, or light on dark? Both are tried; the more line-like mark wins."""

from __future__ import annotations

import numpy as np

from siam.pictures.framing import line_width
from siam.pictures.ink.illumination import BLACK, GROUND

__all__ = ["border_lightness", "is_sheet", "plausibility"]

_BARE, _BLANK = 0.7, 0.97  # of a round label, at least, is bare; so much of a dot
_DISC = 0.88  # of its length is a round label's width; a fat 0 is narrower
_CLEAR = 3.0  # times as strong as noise may get is ink that nobody takes for noise


def border_lightness(grey: np.ndarray) -> float:
    """Return how much of the picture's border is light, 0..1: what the ground seems to be."""
    ring = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float((ring > (int(grey.min()) + int(grey.max())) / 2).mean())


def plausibility(
    ink: np.ndarray, dark: np.ndarray, steep: np.ndarray, *, noise: float = 0.0
) -> float:
    """Return how much a mark looks like ink: large, made of lines, with real edges all around.

    Seen in the wrong polarity, the ground between and around the strokes makes the marks. Those
    are broad, and they end where no edge is; a hole in a digit is smaller than the digit.

    Args:
        ink: uint8 (h, w), the mark, cut to its box with a few pixels around.
        dark: uint8 (h, w), the darkness there.
        steep: uint8 (h, w), the steepness there.
        noise: darkness above the ground's that noise alone may reach.

    Returns:
        0 or more; larger = more like ink. Comparable within one picture only.
    """
    import cv2

    outline = (ink > 0) & (cv2.erode(ink, np.ones((3, 3), np.uint8), borderValue=1) == 0)
    if not outline.any():
        return 0.0
    contrast = max(_quantile(dark[ink > 0], 0.5) - GROUND, 0.0)
    steps = steep[outline]
    # Out of focus every edge is soft: each is held against the sharpest of the same mark.
    sharp = min(_quantile(steps, 0.8), contrast)
    real = float((steps > 0.5 * sharp).mean())
    focus = sharp / max(contrast, 1.0)
    clear = min(1.0, contrast / max(_CLEAR * noise, 1.0))
    extent = max(ink.shape)
    slender = min(1.0, extent / line_width(ink) / 4)
    strength = (contrast / (BLACK - GROUND)) ** 0.5 * clear**2
    return float(extent * strength * real**10 * focus * slender**2)


def _quantile(values: np.ndarray, share: float) -> float:
    """Return a quantile of uint8 values, to the grey level: counting is faster than sorting."""
    return float(np.searchsorted(np.bincount(values).cumsum(), share * values.size))


def is_sheet(mark: np.ndarray) -> bool:
    """Return whether a mark is a sheet of paper on something else: a broad rectangle or a disc.

    Args:
        mark: uint8 (h, w), not 0 on the mark.
    """
    import cv2

    outlines, _ = cv2.findContours(mark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(outlines, key=cv2.contourArea)
    (_, sides, _) = cv2.minAreaRect(outline)
    around, area = max(sides[0] * sides[1], 1.0), cv2.contourArea(outline)
    sheet = cv2.countNonZero(mark)
    if abs(area / around - np.pi / 4) < 0.05 and min(sides) > _DISC * max(sides):
        round_off = area > 0.97 * cv2.contourArea(cv2.convexHull(outline))
        return bool(round_off and _BARE * area < sheet < _BLANK * area)
    if area < 0.82 * around or sheet < 0.62 * around:
        return False
    corners = cv2.approxPolyDP(outline, 0.04 * cv2.arcLength(outline, True), True)
    return bool(len(corners) <= 5 and min(sides) > 0.3 * max(sides))
