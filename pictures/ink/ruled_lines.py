"""Find the lines of ruled or squared paper, and of a frame, so that only the writing is kept.

As staff lines are removed from music (Dalitz et al. 2008): a long thin line is followed across the
picture, and its pixels go where nothing darker lies on it and no stroke passes through it.
"""

from __future__ import annotations

import numpy as np

from siam.array_types import Floats, Pictures
from siam.pictures.ink.illumination import BACKGROUND
from siam.pictures.ink.thresholds import mask_above

__all__ = ["find_ruled_lines"]

_SPAN = 0.6  # of the picture's width must be covered; shorter lines are strokes
_STEEPEST = 0.12  # radians
_AT_BORDER = 0.08  # of the picture's width: a ruled line comes this near to its left or right


def find_ruled_lines(darkness: Pictures, floor: int) -> Pictures:
    """Return the mask of printed lines, empty unless two or more run in one direction.

    Across ruled paper a single one counts as well: the margin.

    Args:
        darkness: uint8 (h, w) from `measure_darkness`.
        floor: from `estimate_noise_floor`.

    Returns:
        uint8 (h, w), 255 on the lines, 0 elsewhere and where a stroke crosses or covers them.
    """
    import cv2

    lines = np.zeros(darkness.shape, np.uint8)
    if min(darkness.shape) < 48:
        return lines
    sideways = np.zeros(darkness.shape[::-1], np.uint8)
    ruled = _mark_level_lines(lines, darkness, floor)
    transposed = np.asarray(cv2.transpose(darkness), np.uint8)
    if _mark_level_lines(sideways, transposed, floor, margin=ruled) and not ruled:
        _mark_level_lines(lines, darkness, floor, margin=True)
    return np.asarray(cv2.bitwise_or(lines, cv2.transpose(sideways)))


def _mark_level_lines(
    lines: Pictures, darkness: Pictures, floor: int, *, margin: bool = False
) -> bool:
    """Mark the lines that run from left to right and return whether there are two at least.

    Fewer stay, but for `margin`: one from side to side.
    """
    import cv2

    height, width = darkness.shape
    something = mask_above(darkness, floor)
    if _count_columns(something) < _SPAN * width:
        return False
    run = np.ones((1, max(8, width // 20)), np.uint8)
    level = np.asarray(cv2.morphologyEx(something, cv2.MORPH_OPEN, run), np.uint8)
    if cv2.countNonZero(level) < (1 if margin else 2) * _SPAN * width:
        return False
    if _count_columns(level) < _SPAN * width:
        return False  # what follows costs most of all, and would find nothing
    thickest = max(4, round(0.02 * max(height, width)))
    straight_lines = cv2.HoughLines(
        level, 1, np.pi / 360, round(0.4 * width),
        min_theta=np.pi / 2 - _STEEPEST, max_theta=np.pi / 2 + _STEEPEST,
    )  # fmt: skip
    paths: list[tuple[Floats, int]] = []
    columns = np.arange(width)
    for rho, theta in [] if straight_lines is None else straight_lines[:200, 0]:
        straight = (rho - columns * np.cos(theta)) / np.sin(theta)
        if any(np.abs(straight - curve).min() < thickest for curve, _ in paths):
            continue
        line = _follow_line(level, straight, thickest)
        if line is not None:
            paths.append(line)
        if len(paths) == 40:
            break
    if len(paths) >= 2 or (margin and paths and _spans_picture(level, *paths[0])):
        for path, thickness in paths:
            _mark_line(lines, darkness, something, path, thickness)
    return len(paths) >= 2


def _spans_picture(level: Pictures, path: Floats, thickness: int) -> bool:
    """Return whether a line reaches both sides, as no stroke of a digit does that has room."""
    height, width = level.shape
    rows = np.rint(path).astype(int) + np.arange(-thickness, thickness + 1)[:, None]
    there = np.asarray(level[np.clip(rows, 0, height - 1), np.arange(width)].any(0))
    few = max(2, round(0.02 * width))
    return bool(there[:few].any() and there[-few:].any())


def _count_columns(mask: Pictures) -> int:
    """Return how many columns of a mask hold anything."""
    import cv2

    return int(cv2.countNonZero(cv2.reduce(mask, 0, cv2.REDUCE_MAX)))


def _follow_line(level: Pictures, path: Floats, thickest: int) -> tuple[Floats, int] | None:
    """Bend a straight path to the line near it; None where that is too short or too thick."""
    height, width = level.shape
    columns = np.arange(width)
    offsets = np.arange(-thickest, thickest + 1)[:, None]
    rows = np.rint(path).astype(int) + offsets
    band = (level[np.clip(rows, 0, height - 1), columns] > 0) & (rows >= 0) & (rows < height)
    thickness = band.sum(0)
    thin = (thickness > 0) & (thickness <= thickest)
    if thin.sum() < _SPAN * width:
        return None
    usual = int(np.median(thickness[thin]))
    thin &= thickness <= usual + 1  # elsewhere a stroke runs along
    shift = (band * offsets).sum(0)[thin] / thickness[thin]
    curve = np.polynomial.Polynomial.fit(columns[thin], path[thin] + shift, 2)
    close = np.abs(path[thin] + shift - curve(columns[thin])) < usual + 1
    if close.sum() < 0.8 * _SPAN * width:
        return None
    reached = columns[thin][close]
    if reached[0] > _AT_BORDER * width and reached[-1] < (1 - _AT_BORDER) * width:
        return None  # a box drawn on the page, whose short sides would be left over
    curve = np.polynomial.Polynomial.fit(columns[thin][close], (path[thin] + shift)[close], 2)
    return curve(columns), usual


def _mark_line(
    lines: Pictures, darkness: Pictures, something: Pictures, path: Floats, thickness: int
) -> None:
    """Mark one line's pixels, except where a stroke crosses or covers it."""
    height, width = darkness.shape
    columns = np.arange(width)
    half = thickness // 2 + 2
    middle = np.rint(path).astype(int)
    rows = np.clip(middle + np.arange(-half, half + 1)[:, None], 0, height - 1)
    darkest = darkness[rows, columns].max(0).astype(int)
    usual = int(np.median(darkest)) - BACKGROUND
    above = something[np.clip(middle - half - 1, 0, height - 1), columns] > 0
    below = something[np.clip(middle + half + 1, 0, height - 1), columns] > 0
    free = ~(above | below) & (darkest - BACKGROUND < 1.35 * usual)
    lines[rows[:, free], columns[free]] = 255
