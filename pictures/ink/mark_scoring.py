"""Score how much a mark looks like ink, and like the mark that was meant.

Both polarities are tried, dark ink on a light background and light on dark: the better score wins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from siam.array_types import Pictures
from siam.pictures.framing import measure_line_width
from siam.pictures.ink.connected_components import ConnectedComponents
from siam.pictures.ink.grouping import Mark
from siam.pictures.ink.illumination import BACKGROUND, BLACK, measure_gradient

__all__ = ["MarkScore", "rate_placement", "score_ink", "score_mark"]

_CLEAR = 3.0  # times as strong as noise may get is ink that nobody takes for noise
_CUT = 0.3  # how likely the border cuts the one that was meant, among several marks
_LYING = 0.3  # how likely that one is wider than tall by _WORD: a word
_WORD = 2.0
_AROUND = 3  # pixels around a mark within which its edges are judged


class MarkScore(NamedTuple):
    """How much a mark looks like ink.

    Attributes:
        score: 0 or more; larger = more like ink. Comparable within one picture only.
        edges: 0 to 1, a factor of the score; smaller = softer and less even edges, as out of focus
            or in the wrong polarity.
    """

    score: float
    edges: float


def score_mark(
    mark: Mark,
    components: ConnectedComponents,
    darkness: Pictures,
    floor: int,
    shade: Pictures,
    illumination: Pictures,
) -> MarkScore:
    """Return how much a mark looks like ink, less for what runs along the border.

    Args:
        mark: from `group_components`.
        components: that the mark is made of.
        darkness: uint8 (h, w) from `measure_darkness`.
        floor: from `estimate_noise_floor`.
        shade: uint8 (h, w), the picture with its ink darker than its background.
        illumination: from `estimate_illumination`.

    Returns:
        The score, and the factor of it that the mark's edges are.
    """
    left, top, right, bottom = mark.box
    left, top = max(left - _AROUND, 0), max(top - _AROUND, 0)
    part = np.s_[top : bottom + _AROUND, left : right + _AROUND]
    ink = components.select(mark.components, part).astype(np.uint8)
    free = max(0.0, 1 - mark.border_pixels / sum(darkness.shape))
    gradient = measure_gradient(shade[part], illumination[part])
    score, edges = score_ink(ink, darkness[part], gradient, noise=floor - BACKGROUND)
    return MarkScore(score * free**2, edges)


def rate_placement(mark: Mark) -> float:
    """Return how likely a mark is the one that was meant, 0..1, where there are several.

    People show a digit whole: what the border cuts came along by chance. What is far wider than
    tall is rather a word.
    """
    left, top, right, bottom = mark.box
    lying = right - left > _WORD * (bottom - top)
    return (_CUT if mark.border_pixels else 1.0) * (_LYING if lying else 1.0)


def score_ink(
    ink: Pictures, darkness: Pictures, gradient: Pictures, *, noise: float = 0.0
) -> MarkScore:
    """Return how much a mark looks like ink: large, made of lines, with real edges all around.

    Seen in the wrong polarity, the background between and around the strokes makes the marks. Those
    are broad, and they end where no edge is; a hole in a digit is smaller than the digit.

    Args:
        ink: uint8 (h, w), the mark, cut to its box with a few pixels around.
        darkness: uint8 (h, w) there, from `measure_darkness`.
        gradient: uint8 (h, w) there, from `measure_gradient`.
        noise: darkness above the background's that noise alone may reach.

    Returns:
        The score, and the factor of it that the mark's edges are.
    """
    import cv2

    outline = (ink > 0) & (cv2.erode(ink, np.ones((3, 3), np.uint8), borderValue=1) == 0)
    if not outline.any():
        return MarkScore(0.0, 1.0)
    contrast = max(_quantile(darkness[ink > 0], 0.5) - BACKGROUND, 0.0)
    steps = gradient[outline]
    # Out of focus every edge is soft: each is held against the sharpest of the same mark.
    sharp = min(_quantile(steps, 0.8), contrast)
    real = float((steps > 0.5 * sharp).mean())
    focus = sharp / max(contrast, 1.0)
    clear = min(1.0, contrast / max(_CLEAR * noise, 1.0))
    extent = max(ink.shape)
    slender = min(1.0, extent / measure_line_width(ink) / 4)
    strength = (contrast / (BLACK - BACKGROUND)) ** 0.5 * clear**2
    edges = real**10 * focus
    return MarkScore(float(extent * strength * slender**2 * edges), float(edges))


def _quantile(values: Pictures, share: float) -> float:
    """Return a quantile of uint8 values, to the grey level: counting is faster than sorting."""
    return float(np.searchsorted(np.bincount(values).cumsum(), share * values.size))
