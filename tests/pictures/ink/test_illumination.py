"""What is evened out of a picture: light, tables, steps of the background alone."""

from __future__ import annotations

import numpy as np
import pytest

from siam.pictures.ink.illumination import (
    BACKGROUND,
    BLACK,
    estimate_illumination,
    measure_darkness,
    measure_gradient,
)


def test_darkness_takes_out_the_light() -> None:
    light = np.linspace(170, 240, 300)[None, :] * np.ones((200, 1))
    paper = light.copy()
    paper[90:100, 50:250] *= 0.3
    grey = paper.astype(np.uint8)
    darkness = measure_darkness(grey, estimate_illumination(grey))
    background = np.delete(darkness, np.s_[80:110], axis=0)
    assert abs(background.astype(int) - BACKGROUND).max() < 25
    ink = darkness[92:98, 60:240].astype(float)
    assert ink.mean() == pytest.approx(BACKGROUND + 0.7 * (BLACK - BACKGROUND), abs=12)


def test_background_of_a_table_is_no_lighter_beside_a_sheet() -> None:
    grey = np.full((200, 300), 60, np.uint8)
    grey[:, :150] = 230
    darkness = measure_darkness(grey, estimate_illumination(grey))
    assert darkness.max() < BACKGROUND + 30


def test_steps_of_the_background_alone_are_not_steep() -> None:
    background = np.full((40, 60), 100, np.uint8)
    background[:, 30:] = 200
    flat = np.full_like(background, 100)
    assert measure_gradient(flat, background).max() == 0
    line = flat.copy()
    line[:, 20:24] = 50
    # 50 of 100 grey levels are half of the way from background to black.
    assert measure_gradient(line, flat).max() == (BLACK - BACKGROUND) // 2
