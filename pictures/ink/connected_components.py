"""The connected pieces of ink in a mask, measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from siam.pictures.ink.illumination import GROUND

__all__ = ["Pieces", "pieces_of"]


@dataclass(frozen=True)
class Pieces:
    """The connected pieces of a mask, as columns of equal length, piece 0 being the ground.

    Attributes:
        regions: int32 (h, w), the piece's number at each pixel.
        boxes: int (n, 4), left, top, right, bottom; right and bottom excluded.
        areas: int (n,), pixels.
        inks: float (n,), summed contrast of their pixels.
        borders: int (n,), pixels on the picture's border.
    """

    regions: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    inks: np.ndarray
    borders: np.ndarray

    def mask(self, numbers: tuple[int, ...] | list[int], part: Any = np.s_[:, :]) -> np.ndarray:
        """Return bool, True on the pieces of these numbers, of the picture or a `part` of it."""
        chosen = np.zeros(len(self.areas), bool)
        chosen[list(numbers)] = True
        return np.asarray(chosen[self.regions[part]])

    def extents(self) -> np.ndarray:
        """Return each piece's longer side in pixels, int (n,)."""
        return np.asarray((self.boxes[:, 2:] - self.boxes[:, :2]).max(1))


def pieces_of(mask: np.ndarray, dark: np.ndarray) -> Pieces:
    """Return the connected pieces of a uint8 mask (8 neighbours)."""
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
    areas = stats[:, 4].copy()
    areas[0] = mask.size - areas[1:].sum()
    contrast = dark[part].astype(np.float64) - GROUND
    inks = np.bincount(numbers.ravel(), weights=contrast.ravel(), minlength=count)
    inks[0] = 0.0
    ring = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
    borders = np.bincount(ring, minlength=count)
    return Pieces(regions, boxes, areas, inks, borders)
