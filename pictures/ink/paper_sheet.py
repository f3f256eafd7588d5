"""Recognise a small sheet of paper on something else, so that it is looked at alone."""

from __future__ import annotations

import numpy as np

from siam.array_types import Pictures

__all__ = ["is_sheet", "isolate_sheet"]

_BARE, _BLANK = 0.7, 0.97  # of a round label, at least, is bare; so much of a dot
_DISC = 0.88  # of its length is a round label's width; a fat 0 is narrower
_SHEET = 0.9  # of a sheet's width: its edges may be ragged, or lie in shadow


def is_sheet(mark: Pictures) -> bool:
    """Return whether a mark is a sheet of paper on something else: a broad rectangle or a disc.

    Args:
        mark: uint8 (h, w), not 0 on the mark.
    """
    import cv2

    outlines, _ = cv2.findContours(mark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(outlines, key=cv2.contourArea)
    (_, sides, _) = cv2.minAreaRect(outline)
    around, area = max(sides[0] * sides[1], 1.0), cv2.contourArea(outline)
    sheet = cv2.countNonZero(mark)
    if abs(area / around - np.pi / 4) < 0.05 and min(sides) > _DISC * max(sides):
        round_off = area > 0.97 * cv2.contourArea(cv2.convexHull(outline))
        return bool(round_off and _BARE * area < sheet < _BLANK * area)
    if area < 0.82 * around or sheet < 0.62 * around:
        return False
    corners = cv2.approxPolyDP(outline, 0.04 * cv2.arcLength(outline, True), True)
    return bool(len(corners) <= 5 and min(sides) > 0.3 * max(sides))


def isolate_sheet(grey: Pictures, sheet: Pictures, left: int, top: int) -> Pictures:
    """Return the picture with everything beside a sheet of paper painted in the paper's grey."""
    import cv2

    outlines, _ = cv2.findContours(sheet, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.convexHull(max(outlines, key=cv2.contourArea)).astype(np.float32)
    middle = hull.mean(0)
    inside = np.rint(middle + _SHEET * (hull - middle)).astype(np.int32)
    filled = cv2.fillConvexPoly(np.zeros_like(sheet), inside, 255)
    part = grey[top : top + sheet.shape[0], left : left + sheet.shape[1]]
    alone = np.full_like(grey, np.median(part[sheet > 0]))
    alone[top : top + sheet.shape[0], left : left + sheet.shape[1]][filled > 0] = part[filled > 0]
    return alone
