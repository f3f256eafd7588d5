"""Ink is separated from ruled lines, noise and glare."""

from __future__ import annotations

import numpy as np

from siam.pictures.ink.illumination import BACKGROUND, BLACK
from siam.pictures.ink.thresholds import estimate_noise_floor, find_thresholds, mask_above


def test_thresholds_lie_between_lines_and_ink() -> None:
    dark = np.full((100, 100), BACKGROUND, np.uint8)
    dark[20] = 100
    dark[40:60, 40:60] = 230
    floor = estimate_noise_floor(dark)
    high, low = find_thresholds(dark, floor)
    assert BACKGROUND < floor < 100 <= high < 230 and floor <= low <= high
    assert mask_above(dark, high).sum() == 400 * 255
    assert find_thresholds(np.full((9, 9), BACKGROUND, np.uint8), floor) == (BLACK, BLACK)


def test_faint_ink_of_one_shade_lies_above_the_threshold() -> None:
    dark = np.full((100, 100), BACKGROUND, np.uint8)
    dark[40:60, 40:60] = 113
    floor = estimate_noise_floor(dark)
    high, low = find_thresholds(dark, floor)
    assert floor <= low <= high < 113


def test_noise_is_measured_beside_glare() -> None:
    dark = np.full((100, 100), BACKGROUND, np.uint8)
    dark[:10] = 0  # a tenth is far lighter than its ground
    assert estimate_noise_floor(dark) < BACKGROUND + 20
