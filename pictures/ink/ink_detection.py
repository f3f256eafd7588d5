"""Look for ink in a picture of unknown polarity, light and paper."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from siam.pictures.ink.annotations import is_box
from siam.pictures.ink.connected_components import Pieces, pieces_of
from siam.pictures.ink.grouping import Mark, edges_of, group, rules_of
from siam.pictures.ink.illumination import GROUND, darkness, ground_of, steepness
from siam.pictures.ink.polarity import border_lightness, is_sheet, plausibility
from siam.pictures.ink.ruled_lines import ruled_lines
from siam.pictures.ink.thresholds import above, noise_floor, thresholds

__all__ = ["Sighting", "ink_of", "look"]

_GUESS = 0.6  # weight of a polarity that the picture's whole border speaks against
_SURE = 0.85  # share of the border of one lightness that makes the second look needless
_LARGE = 0.15  # of the picture's longer side: so long must a mark be for that
_WRITTEN = 0.3  # plausibility per pixel of extent of what is written on a sheet
_SHEET = 0.9  # of a sheet's width: its edges may be ragged, or lie in shadow
_TRIED = 5  # marks that are compared
_CUT = 0.3  # likelihood, among several marks, of one that the border cuts
_LYING = 0.3  # likelihood, among several marks, of one that is wider than tall by _WORD: a word
_WORD = 2.0
_AROUND = 3  # pixels around a mark within which its edges are judged


@dataclass(frozen=True)
class Sighting:
    """What was found in a picture, seen in one polarity.

    Attributes:
        inverted: True if the ink is darker than its ground.
        dark: uint8 (h, w), ink strong, ground even.
        faint: the darkness from which ink may continue a line.
        lines: uint8 (h, w), 255 on ruled lines.
        pieces: the certain ink's connected pieces.
        marks: groups of them, the most plausible first.
        dropped: how many pieces were specks, edges or shadows.
        score: how plausible the first mark is; 0 without one.
        on_sheet: True if all beside a small sheet of paper was painted over before looking.
    """

    inverted: bool
    dark: np.ndarray
    faint: int
    lines: np.ndarray
    pieces: Pieces
    marks: tuple[Mark, ...]
    dropped: int
    score: float
    on_sheet: bool = False


def look(grey: np.ndarray, *, invert: bool | None = None, reach: float = 0.22) -> Sighting:
    """Return the more plausible of what is seen in both polarities.

    Args:
        grey: uint8 (h, w), a few hundred pixels long.
        invert: True if the ink is known to be dark, False if light.
        reach: see `group`.
    """
    found = _looked(grey, invert, reach)
    if not found.marks:
        return found
    sheet, (left, top) = ink_of(found, found.marks[0])
    if not is_sheet(sheet):
        return found
    inner = _looked(_only(grey, sheet, left, top), invert, reach)
    written = inner.marks and inner.score > _WRITTEN * inner.marks[0].extent
    return replace(inner, on_sheet=True) if written else found


def _looked(grey: np.ndarray, invert: bool | None, reach: float) -> Sighting:
    if invert is not None:
        return _seen(grey, invert, reach, 1.0)
    light = border_lightness(grey)
    likelier = light >= 0.5
    first = _seen(grey, likelier, reach, 1.0)
    if max(light, 1 - light) > _SURE and first.marks:
        extent = first.marks[0].extent
        if extent > _LARGE * max(grey.shape) and first.score > 0.5 * extent:
            return first
    prior = _GUESS + (1 - _GUESS) * (1 - light if likelier else light)
    second = _seen(grey, not likelier, reach, prior)
    return first if first.score >= second.score else second


def _only(grey: np.ndarray, sheet: np.ndarray, left: int, top: int) -> np.ndarray:
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


def ink_of(sighting: Sighting, mark: Mark) -> tuple[np.ndarray, tuple[int, int]]:
    """Return a mark's ink with its faint ends, uint8 0 or 255, and where its (left, top) lies.

    The faint ends are looked for near the mark only, so that a ruled line does not come along.
    """
    import cv2

    left, top, right, bottom = mark.box
    margin = round(0.08 * mark.extent) + 1
    left, top = max(left - margin, 0), max(top - margin, 0)
    part = np.s_[top : bottom + margin, left : right + margin]
    certain = sighting.pieces.mask(mark.pieces, part)
    faint = above(np.ascontiguousarray(sighting.dark[part]), sighting.faint)
    faint[sighting.lines[part] > 0] = 0
    faint[certain] = 255
    count, regions = cv2.connectedComponents(faint, connectivity=8)
    kept = np.zeros(count, np.uint8)
    kept[regions[certain]] = 255
    kept[0] = 0
    return kept[regions], (left, top)


def _seen(grey: np.ndarray, inverted: bool, reach: float, prior: float) -> Sighting:
    import cv2

    shade = grey if inverted else cv2.bitwise_not(grey)
    ground = ground_of(shade)
    dark = darkness(shade, ground)
    floor = noise_floor(dark)
    lines = ruled_lines(dark, floor)
    ignore, edges_dropped = lines, 0
    for _ in range(3):  # a table's edge may hide pencil from the threshold: without it, again
        high, low = thresholds(dark, floor, ignore)
        pieces = pieces_of(_continued(dark, high, low, ignore), dark)
        edges = [*edges_of(pieces), *rules_of(pieces, lines)]
        if not edges:
            break
        edge = _freed(pieces.mask(edges), dark, high)
        edges_dropped += len(edges)
        ignore = cv2.bitwise_or(ignore, cv2.dilate(edge, np.ones((5, 5), np.uint8)))
    marks, specks = group(pieces, reach=reach, without=edges)
    # In an empty box a fainter digit may have been left below the threshold.
    if len(marks) == 1 and is_box(pieces, marks[0].pieces):
        hidden = _hidden(marks[0], pieces, dark, floor, ignore)
        fainter, specks_there = group(hidden[1], reach=reach, without=[])
        if fainter and not fainter[0].border and fainter[0].extent > _LARGE * max(grey.shape):
            (low, pieces), marks, specks = hidden, fainter, specks_there + 1
    scores = [
        prior * _standing(mark, pieces, dark, floor, shade, ground) for mark in marks[:_TRIED]
    ]
    best = 0
    if len(scores) > 1:
        likely = [_likelihood(mark) for mark in marks[:_TRIED]]
        best = int(np.argmax(np.multiply(scores, likely)))
    ordered = tuple(marks[best : best + 1] + marks[:best] + marks[best + 1 :])
    score = scores[best] if scores else 0.0
    return Sighting(inverted, dark, low, lines, pieces, ordered, specks + edges_dropped, score)


def _hidden(
    mark: Mark, pieces: Pieces, dark: np.ndarray, floor: int, ignore: np.ndarray
) -> tuple[int, Pieces]:
    """Return the faint darkness and the pieces that are there beside a mark of darker ink."""
    import cv2

    own = pieces.mask(mark.pieces).astype(np.uint8) * np.uint8(255)
    beside = cv2.bitwise_or(ignore, cv2.dilate(own, np.ones((7, 7), np.uint8)))
    high, low = thresholds(dark, floor, beside)
    return low, pieces_of(_continued(dark, high, low, beside), dark)


def _freed(edge: np.ndarray, dark: np.ndarray, high: int) -> np.ndarray:
    """Return an edge's mask without the strong ink that only faint ruling ties to it."""
    import cv2

    strong = pieces_of(((dark > high) & edge).astype(np.uint8), dark)
    writing = (strong.borders == 0) & (strong.extents() > 0.12 * max(dark.shape))
    writing[0] = False
    writing = writing[strong.regions]
    if writing.any():
        around = cv2.dilate(writing.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        edge = edge & ~around
    return edge.astype(np.uint8) * np.uint8(255)


def _continued(dark: np.ndarray, high: int, low: int, ignore: np.ndarray) -> np.ndarray:
    """Return the mask of strong ink and of the faint ink that hangs on it (hysteresis)."""
    import cv2

    faint = cv2.subtract(above(dark, low), ignore)
    left, top, wide, tall = cv2.boundingRect(faint)
    if not wide:
        return faint
    part = np.s_[top : top + tall, left : left + wide]
    count, regions = cv2.connectedComponents(np.ascontiguousarray(faint[part]), connectivity=8)
    strong = np.bincount(regions[dark[part] > high], minlength=count) > 0
    strong[0] = False
    faint[part] = strong.astype(np.uint8)[regions] * np.uint8(255)
    return faint


def _standing(
    mark: Mark,
    pieces: Pieces,
    dark: np.ndarray,
    floor: int,
    shade: np.ndarray,
    ground: np.ndarray,
) -> float:
    """Return a mark's plausibility, less for what runs along the border."""
    left, top, right, bottom = mark.box
    left, top = max(left - _AROUND, 0), max(top - _AROUND, 0)
    part = np.s_[top : bottom + _AROUND, left : right + _AROUND]
    ink = pieces.mask(mark.pieces, part).astype(np.uint8)
    free = max(0.0, 1 - mark.border / sum(dark.shape))
    steep = steepness(shade[part], ground[part])
    return plausibility(ink, dark[part], steep, noise=floor - GROUND) * free**2


def _likelihood(mark: Mark) -> float:
    """Return how likely a mark is the one that was meant, 0..1, where there are several.

    People show a digit whole: what the border cuts came along by chance. What is far wider than
    tall is rather a word.
    """
    left, top, right, bottom = mark.box
    lying = right - left > _WORD * (bottom - top)
    return (_CUT if mark.border else 1.0) * (_LYING if lying else 1.0)
