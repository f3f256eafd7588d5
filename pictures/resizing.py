"""Resize pictures that are no digits: with the aspect kept and padding, or to a size as it is."""

from __future__ import annotations

import numpy as np

from siam.array_types import Pictures

__all__ = ["resize_to", "resize_with_padding"]


def resize_to(pixels: Pictures, size: tuple[int, int]) -> Pictures:
    """Return a picture in another size, its aspect changed, averaged where it shrinks.

    Args:
        pixels: uint8 (h, w) or (h, w, 3).
        size: (height, width) of the result.

    Example:
        >>> resize_to(np.zeros((20, 30), np.uint8), (10, 10)).shape
        (10, 10)
    """
    import cv2

    height, width = size
    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = pixels.shape[0] >= height and pixels.shape[1] >= width
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=way), np.uint8)


def resize_with_padding(pixels: Pictures, size: tuple[int, int]) -> Pictures:
    """Return a picture inside `size`, its aspect kept, padded with the median of its border.

    Args:
        pixels: uint8 (h, w) or (h, w, 3).
        size: (height, width) of the result.

    Example:
        >>> resize_with_padding(np.full((2, 4), 9, np.uint8), (4, 4)).tolist()[0]
        [9, 9, 9, 9]
    """
    height, width = pixels.shape[:2]
    zoom = min(size[0] / height, size[1] / width)
    inner = (
        min(max(1, round(height * zoom)), size[0]),
        min(max(1, round(width * zoom)), size[1]),
    )
    small = resize_to(pixels, inner)
    if inner == tuple(size):
        return small
    ring = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    background = np.median(ring, axis=0).astype(np.uint8)
    padded = np.empty((*size, *pixels.shape[2:]), np.uint8)
    padded[:] = background
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    padded[top : top + inner[0], left : left + inner[1]] = small
    return padded
