"""Label the connected components of ink in a mask, and measure them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from siam.array_types import Booleans, Floats, Integers, Pictures
from siam.pictures.ink.illumination import BACKGROUND

__all__ = ["ConnectedComponents", "label_components"]


class ConnectedComponents(msgspec.Struct, frozen=True):
    """The connected components of a mask as columns of equal length; number 0 is the background.

    Attributes:
        regions: int32 (h, w), the component's number at each pixel.
        boxes: int (n, 4), left, top, right, bottom; right and bottom excluded.
        areas: int (n,), pixels.
        contrasts: float (n,), summed over their pixels.
        border_pixels: int (n,), how many lie on the picture's border.
    """

    regions: NDArray[np.int32]
    boxes: NDArray[np.int32]
    areas: NDArray[np.int32]
    contrasts: Floats
    border_pixels: Integers

    def select(self, numbers: Sequence[int], part: Any = np.s_[:, :]) -> Booleans:
        """Return where the components of these numbers are, in the picture or a `part` of it."""
        chosen = np.zeros(len(self.areas), bool)
        chosen[list(numbers)] = True
        return np.asarray(chosen[self.regions[part]])

    @property
    def extents(self) -> NDArray[np.int32]:
        """Each component's longer side in pixels, int (n,)."""
        return np.asarray((self.boxes[:, 2:] - self.boxes[:, :2]).max(1))


def label_components(mask: Pictures, darkness: Pictures) -> ConnectedComponents:
    """Return the connected components of a mask, 8 neighbours to a pixel.

    Args:
        mask: uint8 (h, w), not 0 on ink.
        darkness: uint8 (h, w) from `measure_darkness`.

    Example:
        >>> mask = np.eye(4, dtype=np.uint8)
        >>> components = label_components(mask, 255 * mask)
        >>> components.areas.tolist(), components.boxes[1].tolist()
        ([12, 4], [0, 0, 4, 4])
    """
    import cv2

    left, top, wide, tall = cv2.boundingRect(mask)  # ink takes a small part of most pictures
    part = np.s_[top : top + tall, left : left + wide]
    count, numbers, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        np.ascontiguousarray(mask[part]), 8, cv2.CV_32S, cv2.CCL_BBDT
    ) if wide else (1, np.zeros((0, 0), np.int32), np.zeros((1, 5), np.int32), None)  # fmt: skip
    regions = np.zeros(mask.shape, np.int32)
    regions[part] = numbers
    corners = stats[:, :2] + (left, top)
    boxes = np.concatenate([corners, corners + stats[:, 2:4]], axis=1)
    areas = np.array(stats[:, 4], np.int32)
    areas[0] = mask.size - areas[1:].sum()
    contrast = darkness[part].astype(np.float64) - BACKGROUND
    contrasts = np.asarray(
        np.bincount(numbers.ravel(), weights=contrast.ravel(), minlength=count), np.float64
    )
    contrasts[0] = 0.0
    ring = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
    border_pixels = np.bincount(ring, minlength=count)
    return ConnectedComponents(regions, boxes, areas, contrasts, border_pixels)
