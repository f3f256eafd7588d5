"""The chain for glyphs: all strokes of a drawn sign, framed by their ink.

Where on the sheet a letter was written, and how large, says little about which letter it is.
Framed by its ink, a drawing shows more of itself in as few pixels, and two people's drawings lie on
each other (docs/measurements.md has what that is worth). Unlike the chain for digits this keeps
parts that stand apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.pictures.digit_chain import InkView, close_up
from siam.pictures.findings import Finding
from siam.pictures.framing import line_width
from siam.pictures.grey import Weights, as_grey, ink_weights
from siam.pictures.ink.illumination import BACKGROUND
from siam.pictures.ink.ink_detection import InkDetection, detect_ink, extract_ink
from siam.pictures.resizing import stretched

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["frame_ink", "is_drawing", "plain_ink", "view_glyph"]

_INNER = 54 / 64  # part of the picture's shorter side that the ink's longer side takes
_EVEN = 16  # grey levels within which ground is even
_BARE = 0.8  # of the border is ground, at least; ink may touch it
_INK = 0.3  # of the strongest ink: what counts as ink when its box is taken
_STRONGEST = 64  # grey levels that a plain drawing's ink differs from its ground, at least
_PART = 0.1  # of the main mark's extent: a mark as long as this is a part of the glyph
_LINES = 0.2  # of its extent is as wide as a line gets


def view_glyph(
    image: Image.Image, small: Image.Image, size: tuple[int, int], *, invert: bool | None
) -> InkView:
    """Return all ink of a picture, white on black, its box in the middle with the aspect kept.

    Args:
        image: mode "L" or "RGB".
        small: the same, averaged down by a whole factor to some hundred pixels.
        size: (height, width) of the result.
        invert: True if the ink is known to be dark, False if light, None to find out.
    """
    weights = ink_weights(small)
    found = _found(as_grey(small, weights), invert)
    choices: dict[str, Any] = {
        "inverted": found.inverted,
        "unchanged": False,
        "box": None,
        "components_dropped": found.dropped,
    }
    if not found.ink.any():
        blank = np.zeros(size, np.uint8)
        return InkView(blank, (*found.steps, ("input", blank)), choices, (Finding("blank"),))
    left, top, right, bottom = box_of(found.ink)
    cut = 0 in (left, top) or bottom == found.ink.shape[0] or right == found.ink.shape[1]
    scale = max(small.size) / max(image.size)
    found, start, zoom = _closer(image, weights, found, scale, wanted=_INNER * min(size))
    edges = enumerate(box_of(found.ink))
    choices["box"] = [int(start[k % 2] + edge / zoom) for k, edge in edges]
    pixels = frame_ink(found.ink, size)
    steps = (*found.steps, ("ink", found.ink), ("input", pixels))
    return InkView(pixels, steps, choices, (Finding("cut"),) if cut else ())


def plain_ink(grey: np.ndarray, *, invert: bool | None = None) -> tuple[np.ndarray, bool] | None:
    """Return a drawing's ink where its ground is even; None where it has to be looked for.

    Args:
        grey: uint8 (h, w).
        invert: True if the ink is known to be dark, False if light, None to find out.

    Returns:
        uint8 (h, w), 0 on the ground to 255 where ink is strongest; True if it is the darker.

    Example:
        >>> drawing = np.full((9, 9), 255, np.uint8)
        >>> drawing[4, 2:7] = 0
        >>> ink, dark = plain_ink(drawing)
        >>> int(ink.max()), int((ink > 0).sum()), dark
        (255, 5, True)
    """
    import cv2

    values = grey.astype(np.int16)
    ring = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    ground = int(np.median(ring))
    dark = bool(ground - values.min() > values.max() - ground) if invert is None else invert
    strength = np.maximum(ground - values if dark else values - ground, 0)
    strongest = int(strength.max())
    if strongest < _STRONGEST or (np.abs(ring - ground) <= _EVEN).mean() < _BARE:
        return None
    there = (strength > _INK * strongest).astype(np.uint8)
    near = cv2.dilate(there, np.ones((5, 5), np.uint8))
    if there.mean() > 0.5 or (np.abs(values - ground)[near == 0] > _EVEN).any():
        return None
    strength[(near == 0) | (strength <= _EVEN)] = 0
    return np.asarray(np.rint(strength * (255.0 / strongest)), np.uint8), dark


def is_drawing(grey: np.ndarray) -> bool:
    """Return whether a picture is a drawing of lines on an even ground.

    Args:
        grey: uint8 (h, w).
    """
    import cv2

    plain = plain_ink(grey)
    if plain is None:
        return False
    ink = (plain[0] > 255 * _INK).astype(np.uint8)
    _, _, wide, tall = cv2.boundingRect(ink)
    return bool(line_width(ink) <= _LINES * max(wide, tall))


def frame_ink(ink: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return ink with the middle of its box in the middle of a picture, as large as fits.

    Args:
        ink: uint8 (h, w), white on black; not empty.
        size: (height, width) of the result.

    Returns:
        uint8 of shape `size`.

    Example:
        >>> framed = frame_ink(np.full((2, 4), 255, np.uint8), (64, 64))
        >>> rows, columns = np.nonzero(framed)
        >>> int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1, int(columns.min())
        (27, 54, 5)
    """
    left, top, right, bottom = box_of(ink)
    inner = _INNER * min(size)
    zoom = inner / max(right - left, bottom - top)
    tall, wide = (max(1, round(zoom * length)) for length in (bottom - top, right - left))
    own = stretched(np.ascontiguousarray(ink[top:bottom, left:right]), (tall, wide))
    framed = np.zeros(size, np.uint8)
    above, beside = (size[0] - tall) // 2, (size[1] - wide) // 2
    framed[above : above + tall, beside : beside + wide] = own
    return framed


@dataclass(frozen=True)
class _Found:
    """A glyph's ink in a picture.

    Attributes:
        ink: uint8 (h, w), 0 on the ground to 255 where ink is strongest; 0 all over on a blank.
        inverted: True if it is darker than its ground.
        dropped: how many specks, edges and shadows were left out.
        steps: what people may look at.
    """

    ink: np.ndarray
    inverted: bool
    dropped: int = 0
    steps: tuple[tuple[str, np.ndarray], ...] = ()


def _found(grey: np.ndarray, invert: bool | None) -> _Found:
    plain = plain_ink(grey, invert=invert)
    if plain is not None:
        return _Found(*plain)
    detection = detect_ink(grey, invert=invert)
    ink = _ink_in(detection) if detection.marks else np.zeros_like(grey)
    return _Found(
        ink, detection.inverted, detection.reject_count, (("light evened", detection.darkness),)
    )


def _closer(
    image: Image.Image, weights: Weights | None, found: _Found, scale: float, *, wanted: float
) -> tuple[_Found, tuple[int, int], float]:
    """Look again at ink shorter than `wanted` pixels, with the pixels that were left out.

    Returns:
        What was found, its (left, top) in `image`, and its pixels per pixel there.
    """
    box = box_of(found.ink)
    extent = max(box[2] - box[0], box[3] - box[1])
    if extent >= wanted or scale > 0.7:
        return found, (0, 0), scale
    part, start, zoom = close_up(image, weights, box, scale)
    again = _found(part, found.inverted)
    there = box_of(again.ink)
    if max(there[2] - there[0], there[3] - there[1]) * scale < 0.6 * extent * zoom:
        return found, (0, 0), scale
    return again, start, zoom


def _ink_in(detection: InkDetection) -> np.ndarray:
    """Return the strength of the main mark's ink, and of all that are no specks beside it.

    Returns:
        uint8 (h, w), 0 on the ground to 255 where ink is strongest.
    """
    import cv2

    main = detection.marks[0]
    mask = np.zeros(detection.darkness.shape, np.uint8)
    for part in detection.marks:
        if part.extent >= _PART * main.extent:
            own, (left, top) = extract_ink(detection, part)
            place = mask[top : top + own.shape[0], left : left + own.shape[1]]
            np.maximum(place, own, out=place)
    around = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    strength = np.where(around > 0, np.maximum(detection.darkness, BACKGROUND) - BACKGROUND, 0)
    return np.asarray(np.rint(strength * (255.0 / max(int(strength.max()), 1))), np.uint8)


def box_of(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) of what counts as ink, right and bottom excluded."""
    there = ink > _INK * max(int(ink.max()), 1)
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
