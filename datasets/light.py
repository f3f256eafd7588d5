"""Even out the light: how much darker each pixel is than the paper would be at its place."""

from __future__ import annotations

import numpy as np

__all__ = ["BLACK", "GROUND", "darkness"]

GROUND = 55  # darkness of the bare ground; pixels lighter than it lie below
BLACK = 255  # darkness of black on white
_SMALL = 96  # long side in pixels at which the ground is found; light changes slowly
_REACH = 0.28  # the widest line of ink that is still told from a shadow, as a part of that side


def darkness(grey: np.ndarray) -> np.ndarray:
    """Return how much darker than its ground each pixel is, from `GROUND` to `BLACK`.

    The ground is the picture without its dark lines: a morphological closing with a disc wider
    than any pen. A shadow or a table wider than the disc belongs to the ground, edges included.

    Args:
        grey: uint8 (h, w), ink darker than its ground.

    Returns:
        uint8 (h, w), linear in pixel / ground, as light is; `GROUND` where they are equal.
    """
    import cv2

    height, width = grey.shape
    scale = min(1.0, _SMALL / max(height, width))
    small_size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.medianBlur(cv2.resize(grey, small_size, interpolation=cv2.INTER_AREA), 3)
    reach = max(3, round(_REACH * max(small_size)) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    ground = cv2.GaussianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, disc), (0, 0), 2.0)
    ground = cv2.resize(np.maximum(ground, 24), (width, height), interpolation=cv2.INTER_LINEAR)
    lightness = cv2.divide(grey, ground, scale=BLACK - GROUND)  # rounds, and stops at 255
    return np.asarray(cv2.bitwise_not(lightness))
