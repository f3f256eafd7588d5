"""Frame a mark as MNIST frames its digits: size, line width, centre of mass.

MNIST's digits were fitted into 20x20 pixels with their aspect kept and laid into 28x28 with their
centre of mass in the middle (LeCun et al. 1998, section III A). Of its training digits the lines
are 1.9 to 4.1 pixels wide (5th to 95th percentile; median 2.7).
"""

from __future__ import annotations

import numpy as np

__all__ = ["frame", "line_width"]

_FINE = 8  # pixels per pixel of the result while lines are still masks
_NARROWEST, _WIDEST = 2.3, 3.8


def line_width(mask: np.ndarray) -> float:
    """Return the mean width in pixels of the lines that a mask is made of.

    Across a straight line of width w the distance to its edge averages w / 4.
    """
    import cv2

    distance = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)
    return 4.0 * float(distance[distance > 0].mean())


def frame(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a mask's mark, uint8 of shape `size`, white on black.

    Args:
        mask: float or bool (h, w), cut to the mark's box.
        size: (height, width) of the result.
    """
    import cv2

    inner = 20 / 28 * min(size)
    fine = inner * _FINE
    zoom = fine / max(mask.shape)
    shape = (max(1, round(mask.shape[1] * zoom)), max(1, round(mask.shape[0] * zoom)))
    ink = mask.astype(np.float32)
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    rows, columns = np.nonzero(ink.any(1))[0], np.nonzero(ink.any(0))[0]
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    zoom = fine / max(ink.shape)
    shape = (max(1, round(ink.shape[1] * zoom)), max(1, round(ink.shape[0] * zoom)))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    large = np.pad(cv2.resize(ink, shape, interpolation=way) > 0.5, 2 * _FINE)
    pixel = inner / 20 * _FINE
    width = line_width(large) / pixel
    wanted = min(max(width, _NARROWEST), _WIDEST)
    spread = (wanted - width) / 2 * pixel
    if abs(spread) > 0.25:
        outside = cv2.distanceTransform((~large).astype(np.uint8), cv2.DIST_L2, 3)
        inside = cv2.distanceTransform(large.astype(np.uint8), cv2.DIST_L2, 3)
        large = inside - outside > -spread
    rows, columns = np.nonzero(large.any(1))[0], np.nonzero(large.any(0))[0]
    if not len(rows):
        return np.zeros(size, np.uint8)
    large = large[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _laid(large.astype(np.float32), size, inner)


def _laid(ink: np.ndarray, size: tuple[int, int], inner: float) -> np.ndarray:
    """Shrink to `inner` pixels and lay with the centre of mass in the middle."""
    import cv2

    zoom = inner / max(ink.shape)
    moments = cv2.moments(ink)
    x, y = moments["m10"] / moments["m00"] + 0.5, moments["m01"] / moments["m00"] + 0.5
    height, width = size
    # Area averaging needs whole pixels; the shift is put into the large picture's padding.
    step = 1 / zoom
    canvas = np.zeros((round(height * step), round(width * step)), np.float32)
    top, left = round(canvas.shape[0] / 2 - y), round(canvas.shape[1] / 2 - x)
    top = min(max(top, 0), canvas.shape[0] - ink.shape[0])
    left = min(max(left, 0), canvas.shape[1] - ink.shape[1])
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    return np.rint(small * 255).astype(np.uint8)
