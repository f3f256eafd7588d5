"""Separate ink from ground: a threshold that fits the picture, and the faint ends of its lines."""

from __future__ import annotations

import numpy as np

__all__ = ["FAINTEST", "noise_level", "separate_ink"]

FAINTEST = 0.04  # contrast below which nothing counts as ink


def noise_level(dark: np.ndarray) -> tuple[float, float]:
    """Return the ground's level and deviation, from its lower values: ink may cover most of a picture."""
    sample = dark[::2, ::2] if dark.size > 20_000 else dark
    low, level = np.percentile(sample, (5, 30))
    return float(level), float(level - low) / 1.12  # the normal distribution's 5 % to 30 %


def separate_ink(dark: np.ndarray, *, ignore: np.ndarray | None = None) -> np.ndarray:
    """Return the mask of what stands out from the ground.

    Otsu's threshold among the pixels above the noise parts ink from what is fainter, such as ruled
    lines; then the fainter continuation of each line is taken along (hysteresis).

    Args:
        dark: float32 (h, w) from `darkness`.
        ignore: bool (h, w), pixels that are known not to be ink.

    Returns:
        bool (h, w), all False where nothing stands out.
    """
    import cv2

    level, spread = noise_level(dark)
    floor = max(level + 4.5 * spread, level + FAINTEST)
    candidates = dark > floor
    if ignore is not None:
        candidates &= ~ignore
    values = dark[candidates]
    if values.size < 3:
        return np.zeros(dark.shape, bool)
    scaled = np.clip(values * 255, 0, 255).astype(np.uint8)
    otsu, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    high = max(otsu / 255, floor)
    low = max(0.6 * high, floor)
    faint = ((dark > low) & candidates).astype(np.uint8)
    strong = (dark > high) & candidates
    count, regions = cv2.connectedComponents(faint, connectivity=8)
    kept = np.zeros(count, bool)
    kept[np.unique(regions[strong])] = True
    kept[0] = False
    return kept[regions]
