"""Find the lines of ruled or squared paper, and of a frame, so that only the writing is kept.

As staff lines are removed from music (Dalitz et al. 2008): a long thin line is followed across the
picture, and its pixels go where nothing darker lies on it and no stroke passes through it.
"""

from __future__ import annotations

import numpy as np

__all__ = ["ruled_lines"]

_SPAN = 0.7  # of the picture's width: shorter ones are strokes
_STEEPEST = 0.12  # rise per pixel


def ruled_lines(dark: np.ndarray, floor: float) -> np.ndarray:
    """Return the mask of printed lines, all False unless two or more run in one direction.

    Args:
        dark: float32 (h, w), contrast against the ground.
        floor: contrast above which something is no noise.
    """
    found = _level_lines(dark, floor)
    upright = _level_lines(np.ascontiguousarray(dark.T), floor)
    if upright is not None:
        found = upright.T if found is None else found | upright.T
    return np.zeros(dark.shape, bool) if found is None else found


def _level_lines(dark: np.ndarray, floor: float) -> np.ndarray | None:
    """Return the mask of the lines that run from left to right, None where there are not two."""
    import cv2

    height, width = dark.shape
    if min(height, width) < 48:
        return None
    something = (dark > floor).astype(np.uint8)
    run = np.ones((1, max(8, width // 20)), np.uint8)
    level = cv2.morphologyEx(something, cv2.MORPH_OPEN, run)
    level = cv2.morphologyEx(level, cv2.MORPH_CLOSE, np.ones((1, width // 5), np.uint8))
    count, regions, stats, _ = cv2.connectedComponentsWithStats(level, connectivity=8)
    thickest = max(4.0, 0.02 * max(height, width))
    paths = []
    for k in range(1, count):
        left, top, wide, tall, area = (int(v) for v in stats[k])
        if wide < _SPAN * width or area > thickest * wide or tall > _STEEPEST * width + thickest:
            continue
        rows, columns = np.nonzero(regions[top : top + tall, left : left + wide] == k)
        curve = np.polynomial.Polynomial.fit(columns + left, rows + top, 2)
        paths.append((left, left + wide, curve, area / wide))
    if len(paths) < 2:
        return None
    lines = np.zeros(dark.shape, bool)
    for left, right, curve, thickness in paths:
        _take(lines, dark, something, np.arange(left, right), curve, thickness)
    return lines


def _take(
    lines: np.ndarray,
    dark: np.ndarray,
    something: np.ndarray,
    columns: np.ndarray,
    curve: np.polynomial.Polynomial,
    thickness: float,
) -> None:
    """Mark one line's pixels, except where a stroke crosses or covers it."""
    height = dark.shape[0]
    half = int(np.ceil(thickness / 2)) + 1
    middle = np.rint(curve(columns)).astype(int)
    offsets = np.arange(-half, half + 1)[:, None]
    rows = np.clip(middle + offsets, 0, height - 1)
    band = dark[rows, columns]
    usual = float(np.median(band.max(0)))
    above = something[np.clip(middle - half - 1, 0, height - 1), columns] > 0
    below = something[np.clip(middle + half + 1, 0, height - 1), columns] > 0
    free = ~(above | below) & (band.max(0) < 1.35 * usual)
    lines[rows[:, free], columns[free]] = True
