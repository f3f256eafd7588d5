"""Denoise a picture of the data set's size without drawing its mark anew.

Traced and framed, a mark loses the shades at its edges, which at 28 pixels are most of it. Where
it lies as the data set's do, its own pixels are kept and only what is around them goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures
from siam.pictures.framing import is_framed
from siam.pictures.ink.illumination import BACKGROUND

if TYPE_CHECKING:
    from siam.pictures.ink.ink_detection import InkDetection

__all__ = ["denoise"]

_SPECKS = 8  # pieces beside the mark: so many say that there is such noise on it as well
_SPECK = 100  # grey levels by which a speck differs from its neighbours


def denoise(
    detection: InkDetection, ink: Pictures, place: tuple[int, int], size: tuple[int, int]
) -> Pictures | None:
    """Return a mark's own pixels, uint8 of shape `size`, white on black; None if it lies otherwise.

    Args:
        detection: of a picture of that size.
        ink: the mark, and `place` its (left, top), from `extract_ink`.
        place: see `ink`.
        size: (height, width) of the data set's pictures.
    """
    import cv2

    if detection.darkness.shape != tuple(size) or detection.on_sheet:
        return None
    left, top = place
    near = np.zeros(size, np.uint8)
    near[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    around = cv2.dilate(near, np.ones((3, 3), np.uint8))
    strength = np.where(
        around > 0, np.maximum(detection.darkness, np.uint8(BACKGROUND)) - np.uint8(BACKGROUND), 0
    )
    most = max(int(strength.max()), 1)
    pixels = np.asarray(np.rint(strength * (255.0 / most)), np.uint8)
    if detection.reject_count >= _SPECKS:
        middle = cv2.medianBlur(pixels, 3)
        pixels = np.asarray(np.where(cv2.absdiff(pixels, middle) > _SPECK, middle, pixels))
    return pixels if is_framed(pixels, size, strict=detection.inverted) else None
