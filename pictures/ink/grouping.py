"""Group pieces of ink into marks: the strokes of one digit together; specks and edges out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siam.pictures.ink.annotations import rings_of, underlines_of
from siam.pictures.ink.connected_components import Pieces

__all__ = ["Mark", "edges_of", "group", "rules_of"]

_SPECK = 0.12  # of the largest piece's extent; shorter pieces are specks
_FAINT_SPECK = 0.02  # of the largest piece's ink
_REACH_TO_CUT = 0.12  # of the usual reach, between a piece that the border cuts and a whole one
_LETTER, _ROW, _ACROSS = 0.4, 4, 0.4  # of a line of print: a letter's extent, their number, width
_MOST = 64  # pieces that are looked at; a page of text has more, and is no picture of a digit


@dataclass(frozen=True)
class Mark:
    """Pieces of ink that belong together: one digit, if all went well.

    Attributes:
        box: (left, top, right, bottom) in pixels, right and bottom excluded.
        pieces: their numbers in `Pieces`.
        ink: summed contrast of its pixels.
        border: how many of its pixels lie on the picture's border.
    """

    box: tuple[int, int, int, int]
    pieces: tuple[int, ...]
    ink: float
    border: int

    @property
    def extent(self) -> int:
        """Longer side of the box in pixels."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


def edges_of(pieces: Pieces) -> list[int]:
    """Return the pieces that are the picture's own edge: a table, a shadow, a frame."""
    height, width = pieces.regions.shape
    found = []
    for k in range(1, len(pieces.areas)):
        left, top, right, bottom = (int(v) for v in pieces.boxes[k])
        wide, tall = right - left, bottom - top
        sides = (left == 0) + (top == 0) + (right == width) + (bottom == height)
        if wide >= 0.6 * width or tall >= 0.6 * height:
            thin = min(wide, tall) < 0.08 * min(height, width)
            if (sides and thin) or _keeps_out(pieces, k):
                found.append(k)
                continue
        if pieces.borders[k] > 0.8 * min(wide + tall, height + width):
            found.append(k)
    return [*found, *(k for k in rings_of(pieces) if k not in found)]


def rules_of(pieces: Pieces, lines: np.ndarray) -> list[int]:
    """Return the thin straight pieces that stand between two ruled lines: the sides of a form's
    boxes. One alone may be a 1.

    Args:
        pieces: from `pieces_of`.
        lines: uint8 (h, w), 255 on the lines that `ruled_lines` found.
    """
    import cv2

    if not cv2.countNonZero(lines):
        return []
    near = cv2.dilate(lines, np.ones((7, 7), np.uint8)) > 0
    found = []
    for k in range(1, len(pieces.areas)):
        left, top, right, bottom = (int(v) for v in pieces.boxes[k])
        wide, tall = right - left, bottom - top
        if max(wide, tall) < 0.2 * min(lines.shape) or min(wide, tall) > 0.06 * max(wide, tall):
            continue
        touched = near[top:bottom, left:right] & (pieces.regions[top:bottom, left:right] == k)
        along = touched.any(1) if tall > wide else touched.any(0)
        found += [k] if along[0] and along[-1] else []
    return found if len(found) > 1 else []


def _keeps_out(pieces: Pieces, k: int) -> bool:
    """Whether a long piece runs around the picture's middle: a frame."""
    height, width = pieces.regions.shape
    down, across = round(0.12 * height), round(0.12 * width)
    middle = pieces.regions[down : height - down, across : width - across]
    return bool(np.count_nonzero(middle == k) < 0.04 * int(pieces.areas[k]))


def group(pieces: Pieces, *, reach: float, without: list[int]) -> tuple[list[Mark], int]:
    """Return marks, the one with most ink first, and how many specks were left out.

    Args:
        pieces: from `pieces_of`.
        reach: pieces nearer than this part of the larger one's extent belong together.
        without: pieces that are no ink.
    """
    numbers = [k for k in range(1, len(pieces.areas)) if k not in set(without)]
    if not numbers:
        return [], 0
    extents = pieces.extents()
    numbers.sort(key=lambda k: -float(extents[k] * pieces.inks[k]))
    longest = max(extents[k] for k in numbers[:3])
    most = pieces.inks[numbers[0]]
    solid = [
        k
        for k in numbers
        if extents[k] >= _SPECK * longest and pieces.inks[k] >= _FAINT_SPECK * most
    ]
    aside = _printed(solid[:_MOST], pieces, extents) | underlines_of(pieces, solid[:_MOST])
    solid = [k for k in solid if k not in aside]
    marks = [_mark(members, pieces) for members in _joined(solid[:_MOST], pieces, reach)]
    marks.sort(key=lambda m: -m.ink * m.extent)
    return marks, len(numbers) - len(solid)


def _printed(numbers: list[int], pieces: Pieces, extents: np.ndarray) -> set[int]:
    """Return the pieces that are letters of small print: many in a row across the picture."""
    small = [k for k in numbers if extents[k] < _LETTER * max(extents[numbers])]
    middles = {k: float(pieces.boxes[k, 1] + pieces.boxes[k, 3]) / 2 for k in small}
    found: set[int] = set()
    for k in small:
        row = [j for j in small if abs(middles[j] - middles[k]) < 0.6 * extents[k]]
        left, right = pieces.boxes[row, 0].min(), pieces.boxes[row, 2].max()
        if len(row) >= _ROW and right - left > _ACROSS * pieces.regions.shape[1]:
            found |= set(row)
    return found


def _joined(numbers: list[int], pieces: Pieces, reach: float) -> list[list[int]]:
    extents = pieces.extents()
    groups: list[list[int]] = []
    for k in numbers:
        near = [g for g in groups if any(_near(k, other, pieces, extents, reach) for other in g)]
        groups = [g for g in groups if g not in near]
        groups.append([k, *(other for g in near for other in g)])
    return groups


def _near(a: int, b: int, pieces: Pieces, extents: np.ndarray, reach: float) -> bool:
    """Whether two pieces belong together; one that the border cuts is rather a neighbour's."""
    one, other = pieces.boxes[a], pieces.boxes[b]
    across = max(one[0] - other[2], other[0] - one[2], 0)
    down = max(one[1] - other[3], other[1] - one[3], 0)
    most = reach * max(extents[a], extents[b])
    if np.hypot(across, down) > most:
        return False
    if bool(pieces.borders[a]) == bool(pieces.borders[b]):
        return True
    return bool(_gap(a, b, pieces) <= _REACH_TO_CUT * most)


def _gap(a: int, b: int, pieces: Pieces) -> float:
    """Return the distance in pixels between two pieces' nearest pixels."""
    import cv2

    left, top = pieces.boxes[[a, b], :2].min(0)
    right, bottom = pieces.boxes[[a, b], 2:].max(0)
    part = pieces.regions[top:bottom, left:right]
    away = cv2.distanceTransform((part != a).astype(np.uint8), cv2.DIST_L2, 3)
    return float(away[part == b].min())


def _mark(members: list[int], pieces: Pieces) -> Mark:
    boxes = pieces.boxes[members]
    left, top = (int(v) for v in boxes[:, :2].min(0))
    right, bottom = (int(v) for v in boxes[:, 2:].max(0))
    ink, border = float(pieces.inks[members].sum()), int(pieces.borders[members].sum())
    return Mark((left, top, right, bottom), tuple(members), ink, border)
