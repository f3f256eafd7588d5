"""Even out the illumination: how much darker each pixel is than the paper at its place would be."""

from __future__ import annotations

import numpy as np

from siam.array_types import Pictures

__all__ = ["BACKGROUND", "BLACK", "estimate_illumination", "measure_darkness", "measure_gradient"]

BACKGROUND = 55  # darkness of bare paper; pixels lighter than it lie below
BLACK = 255  # darkness of black on white
_DARKEST = 40  # grey value below which a background is lifted to it, and all that is on it
_SMALL = 96  # long side in pixels at which the background is found; light changes slowly
_REACH = 0.28  # the widest line of ink that is still told from a shadow, as a part of that side


def estimate_illumination(grey: Pictures) -> Pictures:
    """Return how light the background is at each pixel, as if there were no ink.

    The background is the picture without its dark lines: a morphological closing with a disc
    wider than any pen. A shadow or a table wider than the disc belongs to it, edges included.

    Args:
        grey: uint8 (h, w), ink darker than its background.

    Returns:
        uint8 (h, w).
    """
    import cv2

    height, width = grey.shape
    scale = min(1.0, _SMALL / max(height, width))
    small_size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.medianBlur(cv2.resize(grey, small_size, interpolation=cv2.INTER_AREA), 3)
    reach = max(3, round(_REACH * max(small_size)) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, disc)
    # Smooth, but beside a sheet's edge no lighter than the table there is.
    limit = cv2.convertScaleAbs(cv2.erode(closed, np.ones((3, 3), np.uint8)), alpha=1.1)
    illumination = cv2.min(cv2.GaussianBlur(closed, (0, 0), 2.0), limit)
    return np.asarray(cv2.resize(illumination, (width, height), interpolation=cv2.INTER_LINEAR))


def measure_darkness(grey: Pictures, illumination: Pictures) -> Pictures:
    """Return how much darker than its background each pixel is, from `BACKGROUND` to `BLACK`.

    Args:
        grey: uint8 (h, w), ink darker than its background.
        illumination: from `estimate_illumination`.

    Returns:
        uint8 (h, w), linear in pixel / illumination; `BACKGROUND` where they are equal.
    """
    import cv2

    # 0 but on black, whose noise would count for ink.
    lifted = np.uint8(_DARKEST) - np.minimum(illumination, np.uint8(_DARKEST))
    lightness = cv2.divide(  # rounds, and stops at 255
        cv2.add(grey, lifted), cv2.add(illumination, lifted), scale=BLACK - BACKGROUND
    )
    return np.asarray(cv2.bitwise_not(lightness))


def measure_gradient(grey: Pictures, illumination: Pictures) -> Pictures:
    """Return the morphological gradient: how much the darkness changes within two pixels.

    A step of the background alone makes an edge in the darkness that is in no picture.

    Args:
        grey: uint8 (h, w).
        illumination: from `estimate_illumination`.

    Returns:
        uint8 (h, w), in units of darkness.
    """
    import cv2

    steps = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8))
    return np.asarray(
        cv2.divide(steps, np.maximum(illumination, np.uint8(_DARKEST)), scale=BLACK - BACKGROUND)
    )
