"""Ink scores higher than the background seen in the wrong polarity."""

from __future__ import annotations

import numpy as np

from siam.pictures.ink.illumination import BACKGROUND, BLACK, measure_gradient
from siam.pictures.ink.mark_scoring import score_ink


def test_polarity_by_edges() -> None:
    grey = np.full((60, 60), 220, np.uint8)
    grey[10:50, 28:32] = 20
    line = (grey < 100).astype(np.uint8)
    sharp = np.where(line > 0, BLACK, BACKGROUND).astype(np.uint8)
    soft = np.full_like(sharp, BACKGROUND)
    soft[:] = np.linspace(BACKGROUND, BLACK, 60)[:, None]
    blurred = (soft > 150).astype(np.uint8)
    flat = np.full_like(grey, 255)
    wrong = score_ink(blurred, soft, measure_gradient(255 - soft, flat)).score
    assert score_ink(line, sharp, measure_gradient(grey, flat)).score > 5 * wrong
