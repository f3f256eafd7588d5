"""Ink is separated from ruled lines, noise and glare."""

from __future__ import annotations

import numpy as np

from siam.pictures.ink.illumination import BACKGROUND, BLACK
from siam.pictures.ink.thresholds import estimate_noise_floor, find_thresholds, mask_above


def test_thresholds_lie_between_lines_and_ink() -> None:
    darkness = np.full((100, 100), BACKGROUND, np.uint8)
    darkness[20] = 100
    darkness[40:60, 40:60] = 230
    floor = estimate_noise_floor(darkness)
    high, low = find_thresholds(darkness, floor)
    assert BACKGROUND < floor < 100 <= high < 230 and floor <= low <= high
    assert mask_above(darkness, high).sum() == 400 * 255
    assert find_thresholds(np.full((9, 9), BACKGROUND, np.uint8), floor) == (BLACK, BLACK)


def test_faint_ink_of_one_shade_lies_above_the_threshold() -> None:
    darkness = np.full((100, 100), BACKGROUND, np.uint8)
    darkness[40:60, 40:60] = 113
    floor = estimate_noise_floor(darkness)
    high, low = find_thresholds(darkness, floor)
    assert floor <= low <= high < 113


def test_noise_is_measured_beside_glare() -> None:
    darkness = np.full((100, 100), BACKGROUND, np.uint8)
    darkness[:10] = 0  # a tenth is far lighter than its ground
    assert estimate_noise_floor(darkness) < BACKGROUND + 20
