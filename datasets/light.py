"""Even out the light: how much darker each pixel is than the paper would be at its place."""

from __future__ import annotations

import numpy as np

__all__ = ["darkness"]

_SMALL = 96  # long side in pixels at which the ground is found; light changes slowly
_REACH = 0.28  # the widest line of ink that is still told from a shadow, as a part of that side


def darkness(grey: np.ndarray) -> np.ndarray:
    """Return how much darker than its ground each pixel is: 0 = ground, 1 = black on white.

    The ground is the picture without its dark lines: a morphological closing with a disc wider
    than any pen. A shadow or a table wider than the disc belongs to the ground, edges included.

    Args:
        grey: uint8 (h, w), ink darker than its ground.

    Returns:
        float32 (h, w), below 0 where a pixel is lighter than its ground.
    """
    import cv2

    height, width = grey.shape
    scale = min(1.0, _SMALL / max(height, width))
    small_size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(grey, small_size, interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(small, 3)
    reach = max(3, round(_REACH * max(small_size)) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    ground = cv2.morphologyEx(small, cv2.MORPH_CLOSE, disc)
    ground = cv2.GaussianBlur(ground, (0, 0), 2.0)
    ground = cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR)
    return 1.0 - grey.astype(np.float32) / np.maximum(ground, 24).astype(np.float32)
