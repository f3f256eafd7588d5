"""How likely a mark is the one that was meant, by its form and place alone."""

from __future__ import annotations

import numpy as np

from siam.pictures.ink.annotations import is_box
from siam.pictures.ink.connected_components import Pieces
from siam.pictures.ink.grouping import Mark

__all__ = ["hides_others", "likelihood"]

_CUT = 0.3  # likelihood, among several marks, of one that the border cuts
_BARE = 0.5  # likelihood, among several marks, of a bare straight line
_BARE_WIDTH = 0.15  # of its length, at most, is such a line's width
_LYING = 0.3  # likelihood, among several marks, of one that is wider than tall by _WORD: a word
_WORD = 2.0


def likelihood(mark: Mark, pieces: Pieces) -> float:
    """Return how likely a mark is the one that was meant, 0..1, where there are several.

    People show a digit whole: what the border cuts came along by chance. A bare straight line is
    more often a pen, a form's rule or a sheet's edge than a 1; what is far wider than tall, a word.
    """
    left, top, right, bottom = mark.box
    likely = _CUT if mark.border else 1.0
    lying = right - left > _WORD * (bottom - top)
    return likely * (_BARE if _is_bare(mark, pieces) else 1.0) * (_LYING if lying else 1.0)


def hides_others(mark: Mark, pieces: Pieces) -> bool:
    """Return whether a lone mark is rather a pen or an empty box, beside which a fainter digit may
    have been left below the threshold.
    """
    return (mark.border > 0 and _is_bare(mark, pieces)) or is_box(pieces, mark.pieces)


def _is_bare(mark: Mark, pieces: Pieces) -> bool:
    """Return whether a mark is a straight line and nothing else."""
    import cv2

    left, top, right, bottom = mark.box
    ink = pieces.mask(mark.pieces, np.s_[top:bottom, left:right]).astype(np.uint8)
    (_, sides, _) = cv2.minAreaRect(cv2.findNonZero(ink))
    thin, long = min(sides) + 1, max(sides) + 1
    return bool(thin < _BARE_WIDTH * long and cv2.countNonZero(ink) > 0.6 * thin * long)
