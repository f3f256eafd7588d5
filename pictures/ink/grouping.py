"""Group components of ink into marks: the strokes of one digit together; specks and edges out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from siam.array_types import Pictures
from siam.pictures.ink.annotations import find_rings, find_underlines
from siam.pictures.ink.connected_components import ConnectedComponents

__all__ = ["Mark", "find_edges", "find_form_rules", "group_components"]

_SPECK = 0.12  # of the largest component's extent; shorter components are specks
_FAINT_SPECK = 0.02  # of the largest component's ink
_REACH_TO_CUT = 0.12  # of the usual reach, from a component that the border cuts to a whole one
_LETTER, _ROW, _ACROSS = 0.4, 4, 0.4  # of a line of print: a letter's extent, their number, width
_MOST = 64  # components that are grouped; a page of text has more, and is no picture of a digit


class Mark(msgspec.Struct, frozen=True):
    """Components of ink that belong together: one digit, if all went well.

    Attributes:
        box: (left, top, right, bottom) in pixels, right and bottom excluded.
        components: their numbers in `ConnectedComponents`.
        contrast: summed over its pixels.
        border_pixels: how many of its pixels lie on the picture's border.
    """

    box: tuple[int, int, int, int]
    components: tuple[int, ...]
    contrast: float
    border_pixels: int

    @property
    def extent(self) -> int:
        """Longer side of the box in pixels."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


def find_edges(components: ConnectedComponents) -> list[int]:
    """Return the components that are the picture's own edge: a table, a shadow, a frame."""
    height, width = components.regions.shape
    edges = []
    for k in range(1, len(components.areas)):
        left, top, right, bottom = (int(v) for v in components.boxes[k])
        wide, tall = right - left, bottom - top
        sides = (left == 0) + (top == 0) + (right == width) + (bottom == height)
        if wide >= 0.6 * width or tall >= 0.6 * height:
            thin = min(wide, tall) < 0.08 * min(height, width)
            if (sides and thin) or _is_frame(components, k):
                edges.append(k)
                continue
        if components.border_pixels[k] > 0.8 * min(wide + tall, height + width):
            edges.append(k)
    return [*edges, *(k for k in find_rings(components) if k not in edges)]


def find_form_rules(components: ConnectedComponents, lines: Pictures) -> list[int]:
    """Return the sides of a form's boxes: thin, straight, and between two ruled lines.

    One alone may be a 1.

    Args:
        components: from `label_components`.
        lines: uint8 (h, w), 255 on the lines that `find_ruled_lines` found.
    """
    import cv2

    if not cv2.countNonZero(lines):
        return []
    near = cv2.dilate(lines, np.ones((7, 7), np.uint8)) > 0
    rules = []
    for k in range(1, len(components.areas)):
        left, top, right, bottom = (int(v) for v in components.boxes[k])
        wide, tall = right - left, bottom - top
        if max(wide, tall) < 0.2 * min(lines.shape) or min(wide, tall) > 0.06 * max(wide, tall):
            continue
        touched = near[top:bottom, left:right] & (components.regions[top:bottom, left:right] == k)
        along = touched.any(1) if tall > wide else touched.any(0)
        rules += [k] if along[0] and along[-1] else []
    return rules if len(rules) > 1 else []


def _is_frame(components: ConnectedComponents, k: int) -> bool:
    """Return whether a long component runs around the picture's middle: a frame."""
    height, width = components.regions.shape
    down, across = round(0.12 * height), round(0.12 * width)
    middle = components.regions[down : height - down, across : width - across]
    return bool(np.count_nonzero(middle == k) < 0.04 * int(components.areas[k]))


def group_components(
    components: ConnectedComponents, *, reach: float, exclude: Sequence[int] = ()
) -> tuple[list[Mark], int]:
    """Return marks, the one with most ink first, and how many specks were left out.

    Args:
        components: from `label_components`.
        reach: components nearer than this part of the larger one's extent belong together.
        exclude: components that are no ink.
    """
    numbers = [k for k in range(1, len(components.areas)) if k not in set(exclude)]
    if not numbers:
        return [], 0
    extents = components.extents
    numbers.sort(key=lambda k: -float(extents[k] * components.contrasts[k]))
    longest = max(extents[k] for k in numbers[:3])
    most = components.contrasts[numbers[0]]
    solid = [
        k
        for k in numbers
        if extents[k] >= _SPECK * longest and components.contrasts[k] >= _FAINT_SPECK * most
    ]
    aside = _find_print(solid[:_MOST], components) | find_underlines(components, solid[:_MOST])
    solid = [k for k in solid if k not in aside]
    groups = _join_near(solid[:_MOST], components, reach)
    marks = [_build_mark(members, components) for members in groups]
    marks.sort(key=lambda m: -m.contrast * m.extent)
    return marks, len(numbers) - len(solid)


def _find_print(numbers: list[int], components: ConnectedComponents) -> set[int]:
    """Return the components that are letters of small print: many in a row across the picture."""
    extents = components.extents
    small = [k for k in numbers if extents[k] < _LETTER * max(extents[numbers])]
    middles = {k: float(components.boxes[k, 1] + components.boxes[k, 3]) / 2 for k in small}
    letters: set[int] = set()
    for k in small:
        row = [j for j in small if abs(middles[j] - middles[k]) < 0.6 * extents[k]]
        left, right = components.boxes[row, 0].min(), components.boxes[row, 2].max()
        if len(row) >= _ROW and right - left > _ACROSS * components.regions.shape[1]:
            letters |= set(row)
    return letters


def _join_near(
    numbers: list[int], components: ConnectedComponents, reach: float
) -> list[list[int]]:
    groups: list[list[int]] = []
    for k in numbers:
        near = [g for g in groups if any(_belong_together(k, j, components, reach) for j in g)]
        groups = [g for g in groups if g not in near]
        groups.append([k, *(other for g in near for other in g)])
    return groups


def _belong_together(a: int, b: int, components: ConnectedComponents, reach: float) -> bool:
    """Return whether two components belong together; what the border cuts is a neighbour's."""
    one, other = components.boxes[a], components.boxes[b]
    across = max(one[0] - other[2], other[0] - one[2], 0)
    down = max(one[1] - other[3], other[1] - one[3], 0)
    most = reach * max(max(box[2] - box[0], box[3] - box[1]) for box in (one, other))
    if np.hypot(across, down) > most:
        return False
    if bool(components.border_pixels[a]) == bool(components.border_pixels[b]):
        return True
    return bool(_measure_gap(a, b, components) <= _REACH_TO_CUT * most)


def _measure_gap(a: int, b: int, components: ConnectedComponents) -> float:
    """Return the distance in pixels between two components' nearest pixels."""
    import cv2

    left, top = components.boxes[[a, b], :2].min(0)
    right, bottom = components.boxes[[a, b], 2:].max(0)
    part = components.regions[top:bottom, left:right]
    away = cv2.distanceTransform((part != a).astype(np.uint8), cv2.DIST_L2, 3)
    return float(away[part == b].min())


def _build_mark(members: list[int], components: ConnectedComponents) -> Mark:
    boxes = components.boxes[members]
    left, top = (int(v) for v in boxes[:, :2].min(0))
    right, bottom = (int(v) for v in boxes[:, 2:].max(0))
    contrast = float(components.contrasts[members].sum())
    border_pixels = int(components.border_pixels[members].sum())
    return Mark((left, top, right, bottom), tuple(members), contrast, border_pixels)
