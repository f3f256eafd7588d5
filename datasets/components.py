"""Group pieces of ink into marks: the strokes of one digit together, specks and edges out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Mark", "find_groups"]


@dataclass(frozen=True)
class Mark:
    """Pieces of ink that belong together.

    Attributes:
        box: (left, top, right, bottom) in pixels, right and bottom excluded.
        pieces: numbers of its pieces in the picture of regions.
        ink: sum of the contrast of its pixels.
        border: share of its outline's box sides that lie on the picture's border, 0..1.
    """

    box: tuple[int, int, int, int]
    pieces: tuple[int, ...]
    ink: float
    border: float


def find_groups(
    mask: np.ndarray, dark: np.ndarray, *, reach: float = 0.22
) -> tuple[list[Mark], np.ndarray, int, np.ndarray]:
    """Return marks, largest first, the picture of regions, and how many specks were dropped."""
    import cv2

    height, width = mask.shape
    count, regions, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8
    )
    ink = np.bincount(regions.ravel(), weights=np.maximum(dark, 0).ravel(), minlength=count)
    ring = np.bincount(np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]]), minlength=count)
    pieces = []
    for k in range(1, count):
        left, top, wide, tall, area = (int(v) for v in stats[k])
        pieces.append((k, left, top, left + wide, top + tall, area, float(ink[k]), int(ring[k])))
    edges = {p[0] for p in pieces if _edge_thing(p, regions, height, width)}
    edge = np.isin(regions, list(edges))
    pieces = [p for p in pieces if p[0] not in edges]
    if not pieces:
        return [], regions, 0, edge
    pieces.sort(key=lambda p: -_extent(p) * p[6])
    biggest = max(_extent(p) for p in pieces[:3])
    solid = [p for p in pieces if _extent(p) >= 0.12 * biggest and p[6] >= 0.02 * pieces[0][6]]
    dropped = len(pieces) - len(solid)
    loose = 0.12 * 2 * (height + width)
    marks = [_joined(group) for group in _grouped([p for p in solid[:64] if p[7] <= loose], reach)]
    marks += [_joined([p]) for p in solid if p[7] > loose]
    marks.sort(key=lambda m: -m.ink * max(m.box[2] - m.box[0], m.box[3] - m.box[1]))
    return marks, regions, dropped, edge


def _extent(piece: tuple) -> float:
    return max(piece[3] - piece[1], piece[4] - piece[2])


def _edge_thing(piece: tuple, regions: np.ndarray, height: int, width: int) -> bool:
    """Whether a piece is the picture's own edge: a table, a shadow, a frame."""
    k, left, top, right, bottom, area, _, ring = piece
    if _around(regions[top:bottom, left:right] == k, left, top, height, width):
        return True
    sides = (left == 0, top == 0, right == width, bottom == height)
    if not any(sides):
        return False
    spans = (right - left) > 0.9 * width or (bottom - top) > 0.9 * height
    thin = min(right - left, bottom - top) < 0.08 * min(height, width)
    if ring > 0.8 * (height + width):
        return True
    if ring > 0.8 * ((right - left) + (bottom - top)):
        return True
    return spans and (thin or sum(sides) >= 3)


def _around(piece: np.ndarray, left: int, top: int, height: int, width: int) -> bool:
    """Whether a piece runs along the picture's border and keeps out of its middle: a frame."""
    tall, wide = piece.shape
    if tall < 0.6 * height and wide < 0.6 * width:
        return False
    down, across = round(0.12 * height), round(0.12 * width)
    middle = piece[max(down - top, 0) : max(height - down - top, 0),
                   max(across - left, 0) : max(width - across - left, 0)]
    return int(middle.sum()) < 0.04 * int(piece.sum())


def _grouped(pieces: list[tuple], reach: float) -> list[list[tuple]]:
    """Join pieces whose boxes are near, measured by the larger one's size."""
    groups: list[list[tuple]] = []
    for piece in pieces:
        near = [
            g for g in groups if any(_gap(piece, other) <= reach * max(_extent(piece), _extent(other)) for other in g)
        ]
        merged = [piece]
        for g in near:
            merged += g
            groups.remove(g)
        groups.append(merged)
    return groups


def _gap(a: tuple, b: tuple) -> float:
    across = max(a[1] - b[3], b[1] - a[3], 0)
    down = max(a[2] - b[4], b[2] - a[4], 0)
    return float(np.hypot(across, down))


def _joined(group: list[tuple]) -> Mark:
    box = (min(p[1] for p in group), min(p[2] for p in group),
           max(p[3] for p in group), max(p[4] for p in group))
    return Mark(box, tuple(p[0] for p in group), sum(p[6] for p in group), sum(p[7] for p in group))
