"""Detect ink in a picture of unknown polarity, illumination and paper."""

from __future__ import annotations

import msgspec
import numpy as np

from siam.array_types import Booleans, Pictures
from siam.pictures.ink.annotations import is_box
from siam.pictures.ink.connected_components import ConnectedComponents, label_components
from siam.pictures.ink.grouping import Mark, find_edges, find_form_rules, group_components
from siam.pictures.ink.illumination import estimate_illumination, measure_darkness
from siam.pictures.ink.mark_scoring import rate_placement, score_mark
from siam.pictures.ink.ruled_lines import find_ruled_lines
from siam.pictures.ink.thresholds import (
    apply_hysteresis,
    estimate_noise_floor,
    find_thresholds,
    mask_above,
)

__all__ = ["InkDetection", "detect_ink", "extract_ink", "is_sheet"]

_GUESS = 0.6  # weight of a polarity that the picture's whole border speaks against
_SURE = 0.85  # share of the border of one lightness that makes the second look needless
_LARGE = 0.15  # of the picture's longer side: so long must a mark be for that
_WRITTEN = 0.3  # score per pixel of extent of what is written on a sheet
_TRIED = 5  # marks that are compared
_BARE, _BLANK = 0.7, 0.97  # of a round label, at least, is bare; so much of a dot
_DISC = 0.88  # of its length is a round label's width; a fat 0 is narrower
_SHEET = 0.9  # of a sheet's width: its edges may be ragged, or lie in shadow


class InkDetection(msgspec.Struct, frozen=True):
    """The marks of ink in a picture, seen in one polarity.

    Attributes:
        inverted: True if the ink is darker than its background.
        darkness: uint8 (h, w), ink strong, background even.
        faint_threshold: the darkness from which ink may continue a line.
        lines: uint8 (h, w), 255 on ruled lines.
        components: the certain ink's connected components.
        marks: groups of them, the one with the best score first.
        reject_count: how many components were specks, edges or shadows.
        score: of the first mark, larger = more like ink; 0 without one.
        edges: 0 to 1, a factor of that score; smaller = softer edges. 1 without a mark.
        on_sheet: True if all beside a small sheet of paper was painted over before looking.
    """

    inverted: bool
    darkness: Pictures
    faint_threshold: int
    lines: Pictures
    components: ConnectedComponents
    marks: tuple[Mark, ...]
    reject_count: int
    score: float
    edges: float
    on_sheet: bool = False


def detect_ink(grey: Pictures, *, invert: bool | None = None, reach: float = 0.22) -> InkDetection:
    """Return the marks of ink in a picture, in the polarity in which they score better.

    Args:
        grey: uint8 (h, w), a few hundred pixels long.
        invert: True if the ink is known to be dark, False if light.
        reach: see `group_components`.

    Example:
        >>> picture = np.full((60, 60), 255, np.uint8)
        >>> picture[10:50, 28:32] = 0
        >>> detection = detect_ink(picture)
        >>> detection.inverted, [mark.box for mark in detection.marks]
        (True, [(28, 10, 32, 50)])
    """
    whole = _detect_in_likelier_polarity(grey, invert, reach)
    if not whole.marks:
        return whole
    sheet, (left, top) = extract_ink(whole, whole.marks[0])
    if not is_sheet(sheet):
        return whole
    inner = _detect_in_likelier_polarity(isolate_sheet(grey, sheet, left, top), invert, reach)
    has_writing = inner.marks and inner.score > _WRITTEN * inner.marks[0].extent
    return msgspec.structs.replace(inner, on_sheet=True) if has_writing else whole


def is_sheet(mark: Pictures) -> bool:
    """Return whether a mark is a sheet of paper on something else: a broad rectangle or a disc.

    Args:
        mark: uint8 (h, w), not 0 on the mark.
    """
    import cv2

    outlines, _ = cv2.findContours(mark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(outlines, key=cv2.contourArea)
    (_, sides, _) = cv2.minAreaRect(outline)
    around, area = max(sides[0] * sides[1], 1.0), cv2.contourArea(outline)
    sheet = cv2.countNonZero(mark)
    if abs(area / around - np.pi / 4) < 0.05 and min(sides) > _DISC * max(sides):
        round_off = area > 0.97 * cv2.contourArea(cv2.convexHull(outline))
        return bool(round_off and _BARE * area < sheet < _BLANK * area)
    if area < 0.82 * around or sheet < 0.62 * around:
        return False
    corners = cv2.approxPolyDP(outline, 0.04 * cv2.arcLength(outline, True), True)
    return bool(len(corners) <= 5 and min(sides) > 0.3 * max(sides))


def isolate_sheet(grey: Pictures, sheet: Pictures, left: int, top: int) -> Pictures:
    """Return the picture with everything beside a sheet of paper painted in the paper's grey."""
    import cv2

    outlines, _ = cv2.findContours(sheet, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.convexHull(max(outlines, key=cv2.contourArea)).astype(np.float32)
    middle = hull.mean(0)
    inside = np.rint(middle + _SHEET * (hull - middle)).astype(np.int32)
    filled = cv2.fillConvexPoly(np.zeros_like(sheet), inside, 255)
    part = grey[top : top + sheet.shape[0], left : left + sheet.shape[1]]
    alone = np.full_like(grey, np.median(part[sheet > 0]))
    alone[top : top + sheet.shape[0], left : left + sheet.shape[1]][filled > 0] = part[filled > 0]
    return alone


def _detect_in_likelier_polarity(grey: Pictures, invert: bool | None, reach: float) -> InkDetection:
    if invert is not None:
        return _detect_in_polarity(grey, invert, reach, 1.0)
    light = _measure_border_lightness(grey)
    likelier = light >= 0.5
    first = _detect_in_polarity(grey, likelier, reach, 1.0)
    if max(light, 1 - light) > _SURE and first.marks:
        extent = first.marks[0].extent
        if extent > _LARGE * max(grey.shape) and first.score > 0.5 * extent:
            return first
    prior = _GUESS + (1 - _GUESS) * (1 - light if likelier else light)
    second = _detect_in_polarity(grey, not likelier, reach, prior)
    return first if first.score >= second.score else second


def extract_ink(detection: InkDetection, mark: Mark) -> tuple[Pictures, tuple[int, int]]:
    """Return a mark's ink with its faint ends, uint8 0 or 255, and where its (left, top) lies.

    The faint ends are looked for near the mark only, so that a ruled line does not come along.
    """
    import cv2

    left, top, right, bottom = mark.box
    margin = round(0.08 * mark.extent) + 1
    left, top = max(left - margin, 0), max(top - margin, 0)
    part = np.s_[top : bottom + margin, left : right + margin]
    certain = detection.components.select(mark.components, part)
    faint = mask_above(np.ascontiguousarray(detection.darkness[part]), detection.faint_threshold)
    faint[detection.lines[part] > 0] = 0
    faint[certain] = 255
    count, regions = cv2.connectedComponents(faint, connectivity=8)
    levels = np.zeros(count, np.uint8)
    levels[regions[certain]] = 255
    levels[0] = 0
    return levels[regions], (left, top)


def _measure_border_lightness(grey: Pictures) -> float:
    """Return how much of the picture's border is light, 0..1: what the background seems to be."""
    ring = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float((ring > (int(grey.min()) + int(grey.max())) / 2).mean())


def _detect_in_polarity(grey: Pictures, inverted: bool, reach: float, prior: float) -> InkDetection:
    import cv2

    shade = grey if inverted else 255 - grey
    illumination = estimate_illumination(shade)
    darkness = measure_darkness(shade, illumination)
    floor = estimate_noise_floor(darkness)
    lines = find_ruled_lines(darkness, floor)
    ignore, edge_count = lines, 0
    for _ in range(3):  # a table's edge may hide pencil from the threshold: without it, again
        high, low = find_thresholds(darkness, floor, ignore)
        components = label_components(apply_hysteresis(darkness, high, low, ignore), darkness)
        edges = [*find_edges(components), *find_form_rules(components, lines)]
        if not edges:
            break
        edge = _spare_writing(components.select(edges), darkness, high)
        edge_count += len(edges)
        ignore = ignore | np.asarray(cv2.dilate(edge, np.ones((5, 5), np.uint8)), np.uint8)
    marks, specks = group_components(components, reach=reach, exclude=edges)
    # In an empty box a fainter digit may have been left below the threshold.
    if len(marks) == 1 and is_box(components, marks[0].components):
        hidden = _find_fainter_ink(marks[0], components, darkness, floor, ignore)
        fainter, specks_there = group_components(hidden[1], reach=reach)
        if (
            fainter
            and not fainter[0].border_pixels
            and fainter[0].extent > _LARGE * max(grey.shape)
        ):
            (low, components), marks, specks = hidden, fainter, specks_there + 1
    judged = [
        score_mark(mark, components, darkness, floor, shade, illumination)
        for mark in marks[:_TRIED]
    ]
    scores = [prior * mark.score for mark in judged]
    best = 0
    if len(scores) > 1:
        placements = [rate_placement(mark) for mark in marks[:_TRIED]]
        best = int(np.argmax(np.multiply(scores, placements)))
    best_first = tuple(marks[best : best + 1] + marks[:best] + marks[best + 1 :])
    score, sharpness = (scores[best], judged[best].edges) if scores else (0.0, 1.0)
    return InkDetection(
        inverted,
        darkness,
        low,
        lines,
        components,
        best_first,
        reject_count=specks + edge_count,
        score=score,
        edges=sharpness,
    )


def _find_fainter_ink(
    mark: Mark, components: ConnectedComponents, darkness: Pictures, floor: int, ignore: Pictures
) -> tuple[int, ConnectedComponents]:
    """Return the low threshold and the components of fainter ink beside a mark."""
    import cv2

    own = components.select(mark.components).astype(np.uint8) * np.uint8(255)
    beside = ignore | np.asarray(cv2.dilate(own, np.ones((7, 7), np.uint8)), np.uint8)
    high, low = find_thresholds(darkness, floor, beside)
    return low, label_components(apply_hysteresis(darkness, high, low, beside), darkness)


def _spare_writing(edge: Booleans, darkness: Pictures, high: int) -> Pictures:
    """Return an edge's mask without the strong ink that only faint ruling ties to it."""
    import cv2

    strong = label_components(((darkness > high) & edge).astype(np.uint8), darkness)
    writing = (strong.border_pixels == 0) & (strong.extents > 0.12 * max(darkness.shape))
    writing[0] = False
    writing = writing[strong.regions]
    if writing.any():
        around = cv2.dilate(writing.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        edge = edge & ~around
    return edge.astype(np.uint8) * np.uint8(255)
