"""Resize pictures that are no digits: into a frame with the aspect kept, or simply stretched."""

from __future__ import annotations

import numpy as np

__all__ = ["fitted", "stretched"]


def stretched(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the picture in `size` (height, width), averaged where it shrinks."""
    import cv2

    height, width = size
    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = pixels.shape[0] >= height and pixels.shape[1] >= width
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=way))


def fitted(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the picture inside `size`, aspect kept, in the middle value of its own border.

    Args:
        pixels: uint8 (h, w) or (h, w, 3).
        size: (height, width) of the result.
    """
    height, width = pixels.shape[:2]
    zoom = min(size[0] / height, size[1] / width)
    inner = (
        min(max(1, round(height * zoom)), size[0]),
        min(max(1, round(width * zoom)), size[1]),
    )
    small = stretched(pixels, inner)
    if inner == tuple(size):
        return small
    ring = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ground = np.median(ring, axis=0).astype(np.uint8)
    framed = np.empty((*size, *pixels.shape[2:]), np.uint8)
    framed[:] = ground
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    framed[top : top + inner[0], left : left + inner[1]] = small
    return framed
