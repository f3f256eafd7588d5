"""Two lines are ruling, and one may be ink."""

from __future__ import annotations

import numpy as np

from siam.pictures.ink.illumination import BACKGROUND
from siam.pictures.ink.ruled_lines import find_ruled_lines


def test_one_line_may_be_ink_and_two_are_ruling() -> None:
    darkness = np.full((200, 200), BACKGROUND, np.uint8)
    darkness[50:52] = 150
    assert not find_ruled_lines(darkness, 80).any()
    darkness[120:122] = 150
    darkness[30:160, 100:106] = 230  # a stroke across both
    lines = find_ruled_lines(darkness, 80)
    assert lines[50, 20] and lines[121, 180]
    assert not lines[60:110].any() and not lines[50:52, 100:106].any()


def test_a_margin_is_ruling_where_lines_run_across_it() -> None:
    darkness = np.full((200, 200), BACKGROUND, np.uint8)
    darkness[:, 60:62] = 150
    assert not find_ruled_lines(darkness, 80).any()
    darkness[50:52] = darkness[120:122] = 150
    lines = find_ruled_lines(darkness, 80)
    assert lines[20, 60] and lines[180, 61] and lines[50, 20]
    darkness[:30, 60:62] = darkness[170:, 60:62] = BACKGROUND  # a 1, which ends within the picture
    assert not find_ruled_lines(darkness, 80)[80, 60]
