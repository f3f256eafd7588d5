"""Dark ink on a light ground, or light on dark? Both are tried; the more line-like mark wins."""

from __future__ import annotations

import numpy as np

from siam.datasets.framing import line_width

__all__ = ["ground_is_light", "plausibility"]


def ground_is_light(grey: np.ndarray) -> float:
    """Return how much of the picture's border is light, 0..1: what the ground seems to be."""
    ring = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float((ring > (int(grey.min()) + int(grey.max())) / 2).mean())


def plausibility(
    mask: np.ndarray, dark: np.ndarray, box: tuple[int, int, int, int]
) -> float:
    """Return how much a mark looks like ink: large, made of lines, with real edges all around.

    Seen in the wrong polarity, the ground between and around the strokes makes the marks. Those
    are broad, and they end where no edge is; a hole in a digit is smaller than the digit.

    Args:
        mask: bool (h, w), the mark.
        dark: float32 (h, w), the contrast that it was found in.
        box: the mark's (left, top, right, bottom).

    Returns:
        0 or more; larger = more like ink. Comparable within one picture only.
    """
    import cv2

    left, top, right, bottom = box
    left, top = max(left - 3, 0), max(top - 3, 0)
    part = np.s_[top : bottom + 3, left : right + 3]
    ink = np.ascontiguousarray(mask[part]).astype(np.uint8)
    extent = max(ink.shape)
    square = np.ones((3, 3), np.uint8)
    outline = (ink > 0) & (cv2.erode(ink, square, borderValue=1) == 0)
    if not outline.any():
        return 0.0
    contrast = float(np.median(dark[part][ink > 0]))
    steps = cv2.morphologyEx(dark[part], cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8))[outline]
    real = float((steps > 0.5 * contrast).mean())
    slender = min(1.0, extent / line_width(ink > 0) / 4)
    return float(extent * max(contrast, 0.0) ** 0.5 * real**6 * slender**2)
