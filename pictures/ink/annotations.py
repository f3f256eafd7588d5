"""Find what is drawn to point a digit out and is no part of it: a ring around, a line below."""

from __future__ import annotations

import numpy as np

from siam.pictures.ink.connected_components import ConnectedComponents

__all__ = ["find_rings", "find_underlines", "is_box"]

_LEAST = 0.15  # of the picture's longer side: a smaller ring or line is a stroke
_INNER = 0.35  # of the ring's extent: what it is drawn around is that long at least
_SECTORS, _CLOSED = 36, 0.85  # directions from the ring's middle, and how many it is seen in
_HOLLOW, _INSIDE = 0.65, 0.08  # of the ring's reach, within which little of its ink lies
_FRAME = 0.8  # of a box's half side, within which little of its ink lies
_ROUND = 0.6  # narrower for its height, what is no box is rather a 0
_THIN = 0.15  # of its length, at most, is a line's width
_LEVEL = 0.25  # rise of a line by its length, at most
_APART, _BELOW = 0.03, 0.6  # of the digit's height: how far under it a line may lie


def find_rings(components: ConnectedComponents) -> list[int]:
    """Return the components that run around another one on all sides, as a ring or a box does.

    A 0 is none: nothing of its size is in it; nor a broken 3 or 5, which is open to one side.
    """
    rings = []
    extents = components.extents
    for k in np.flatnonzero(extents >= max(_LEAST * max(components.regions.shape), 8))[:16]:
        left, top, right, bottom = (int(edge) for edge in components.boxes[k])
        if k == 0:
            continue
        inner = components.boxes
        within = (inner[:, :2] > (left, top)).all(1) & (inner[:, 2:] < (right, bottom)).all(1)
        if not (within & (extents >= _INNER * extents[k])).any():
            continue
        rows, columns = np.nonzero(components.regions[top:bottom, left:right] == k)
        down = (rows + 0.5) / (bottom - top) * 2 - 1
        across = (columns + 0.5) / (right - left) * 2 - 1
        sectors = ((np.arctan2(down, across) / (2 * np.pi) + 0.5) * _SECTORS).astype(int)
        closed = len(np.unique(sectors % _SECTORS)) >= _CLOSED * _SECTORS
        hollow = (np.hypot(down, across) < _HOLLOW).mean() < _INSIDE
        square = (np.maximum(abs(down), abs(across)) < _FRAME).mean() < _INSIDE / 2
        broad = right - left > _ROUND * (bottom - top)
        if closed and hollow and (broad or square):
            rings.append(int(k))
    return rings


def is_box(components: ConnectedComponents, numbers: tuple[int, ...]) -> bool:
    """Return whether components are the four sides of a box and nothing else."""
    left, top = (int(edge) for edge in components.boxes[list(numbers), :2].min(0))
    right, bottom = (int(edge) for edge in components.boxes[list(numbers), 2:].max(0))
    if min(right - left, bottom - top) < _LEAST * max(components.regions.shape):
        return False
    mask = components.select(numbers, np.s_[top:bottom, left:right])
    down, across = (round((1 - _FRAME) / 2 * side) for side in mask.shape)
    inside = mask[down : mask.shape[0] - down, across : mask.shape[1] - across]
    sides = (
        mask[:down].any(0),
        mask[-down:].any(0),
        mask[:, :across].any(1),
        mask[:, -across:].any(1),
    )
    closed = min(float(side.mean()) for side in sides) > _CLOSED
    return closed and bool(np.count_nonzero(inside) < 0.02 * np.count_nonzero(mask))


def find_underlines(components: ConnectedComponents, numbers: list[int]) -> set[int]:
    """Return the level lines, wider than what stands on them to both sides, with nothing below.

    The foot of a 2 that a failing pen left apart reaches beyond its arch on one side only.

    Args:
        components: from `label_components`.
        numbers: of the components that may be ink.
    """
    underlines = set()
    for k in numbers:
        left, top, right, bottom = (int(edge) for edge in components.boxes[k])
        if right - left < _LEAST * max(components.regions.shape):
            continue
        if bottom - top > (_LEVEL + _THIN) * (right - left) or not _is_line(components, k):
            continue
        over = 0.03 * (right - left)
        others = components.boxes[[other for other in numbers if other != k]]
        spanned = others[(others[:, 0] > left + over) & (others[:, 2] < right - over)]
        middle = (top + bottom) / 2
        above, below = spanned[spanned[:, 3] <= middle], spanned[spanned[:, 1] >= middle]
        if not len(above) or len(below):
            continue
        tall = float(above[:, 3].max() - above[:, 1].min())
        away = middle - float(above[:, 3].max()) - components.areas[k] / (right - left) / 2
        if tall > 0.25 * (right - left) and _APART * tall < away < _BELOW * tall:
            underlines.add(k)
    return underlines


def _is_line(components: ConnectedComponents, k: int) -> bool:
    import cv2

    left, top, right, bottom = (int(edge) for edge in components.boxes[k])
    mask = (components.regions[top:bottom, left:right] == k).astype(np.uint8)
    _, sides, turn = cv2.minAreaRect(cv2.findNonZero(mask))
    thin, long = min(sides) + 1, max(sides) + 1
    tilt = abs(np.sin(np.deg2rad(turn if sides[0] >= sides[1] else turn + 90)))
    return bool(thin < _THIN * long and tilt < _LEVEL)
