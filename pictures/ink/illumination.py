"""Even out the light: how much darker each pixel is than the paper would be at its place."""

from __future__ import annotations

import numpy as np

__all__ = ["BLACK", "GROUND", "darkness", "ground_of", "steepness"]

GROUND = 55  # darkness of the bare ground; pixels lighter than it lie below
BLACK = 255  # darkness of black on white
_DARKEST = 40  # grey value below which a ground is lifted to it, and all that is on it
_SMALL = 96  # long side in pixels at which the ground is found; light changes slowly
_REACH = 0.28  # the widest line of ink that is still told from a shadow, as a part of that side


def ground_of(grey: np.ndarray) -> np.ndarray:
    """Return how light the bare ground is at each pixel, as if there were no ink.

    The ground is the picture without its dark lines: a morphological closing with a disc wider
    than any pen. A shadow or a table wider than the disc belongs to the ground, edges included.

    Args:
        grey: uint8 (h, w), ink darker than its ground.

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
    ground = cv2.min(cv2.GaussianBlur(closed, (0, 0), 2.0), limit)
    return np.asarray(cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR))


def darkness(grey: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Return how much darker than its ground each pixel is, from `GROUND` to `BLACK`.

    Args:
        grey: uint8 (h, w), ink darker than its ground.
        ground: from `ground_of`.

    Returns:
        uint8 (h, w), linear in pixel / ground, as light is; `GROUND` where they are equal.
    """
    import cv2

    # 0 but on black, whose noise would count for ink.
    lifted = np.uint8(_DARKEST) - np.minimum(ground, np.uint8(_DARKEST))
    lightness = cv2.divide(  # rounds, and stops at 255
        cv2.add(grey, lifted), cv2.add(ground, lifted), scale=BLACK - GROUND
    )
    return np.asarray(cv2.bitwise_not(lightness))


def steepness(grey: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Return by how much the darkness changes within two pixels, in the picture itself.

    A step of the ground alone makes an edge in `darkness` that is in no picture.

    Args:
        grey: uint8 (h, w).
        ground: from `ground_of`.

    Returns:
        uint8 (h, w), in units of `darkness`.
    """
    import cv2

    steps = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8))
    return np.asarray(
        cv2.divide(steps, np.maximum(ground, np.uint8(_DARKEST)), scale=BLACK - GROUND)
    )
