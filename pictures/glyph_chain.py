"""The chain for glyphs: all strokes of a drawn sign, framed by their ink.

Where on the sheet a letter was written, and how large, says little about which letter it is.
Framed by its ink, a drawing shows more of itself in as few pixels, and two people's drawings lie on
each other (docs/measurements.md has what that is worth). Unlike the chain for digits this keeps
parts that stand apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from siam.array_types import Pictures
from siam.pictures.digit_chain import InkPicture, crop_close_up
from siam.pictures.findings import Finding
from siam.pictures.framing import measure_line_width
from siam.pictures.grey import ChannelWeights, choose_channel_weights, mix_channels
from siam.pictures.ink.illumination import BACKGROUND
from siam.pictures.ink.ink_detection import InkDetection, detect_ink, extract_ink
from siam.pictures.resizing import resize_to

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["INNER", "extract_drawing", "extract_plain_ink", "frame_ink", "prepare_glyph"]

INNER = 54 / 64  # part of the picture's side that the ink takes
_EVEN = 16  # grey levels within which a background is even
_BARE = 0.8  # of the border is background, at least; ink may touch it
_INK = 0.3  # of the strongest ink: what counts as ink when its box is taken
_STRONGEST = 64  # grey levels that a plain drawing's ink differs from its background, at least
_PART = 0.1  # of the main mark's extent: a mark as long as this is a part of the glyph
_LINES = 0.2  # of its extent is as wide as a line gets


def prepare_glyph(
    image: Image.Image, small: Image.Image, size: tuple[int, int], *, invert: bool | None
) -> InkPicture:
    """Return all ink of a picture, white on black, its box in the middle with the aspect kept.

    Args:
        image: mode "L" or "RGB".
        small: the same, averaged down by a whole factor to some hundred pixels.
        size: (height, width) of the result.
        invert: True if the ink is known to be dark, False if light, None to find out.
    """
    weights = choose_channel_weights(small)
    glyph = _find_ink(mix_channels(small, weights), invert)
    choices: dict[str, Any] = {
        "inverted": glyph.inverted,
        "unchanged": False,
        "box": None,
        "components_dropped": glyph.reject_count,
    }
    if not glyph.ink.any():
        blank = np.zeros(size, np.uint8)
        return InkPicture(blank, (*glyph.steps, ("input", blank)), choices, (Finding("blank"),))
    left, top, right, bottom = measure_box(glyph.ink)
    cut = 0 in (left, top) or bottom == glyph.ink.shape[0] or right == glyph.ink.shape[1]
    scale = max(small.size) / max(image.size)
    glyph, start, zoom = _zoom_in(image, weights, glyph, scale, wanted=INNER * max(size))
    edges = enumerate(measure_box(glyph.ink))
    choices["box"] = [int(start[k % 2] + edge / zoom) for k, edge in edges]
    pixels = frame_ink(glyph.ink, size)
    steps = (*glyph.steps, ("ink", glyph.ink), ("input", pixels))
    return InkPicture(pixels, steps, choices, (Finding("cut"),) if cut else ())


def extract_plain_ink(
    grey: Pictures, *, invert: bool | None = None
) -> tuple[Pictures, bool] | None:
    """Return a drawing's ink where its background is even; None where it has to be detected.

    Args:
        grey: uint8 (h, w).
        invert: True if the ink is known to be dark, False if light, None to find out.

    Returns:
        uint8 (h, w), 0 on the background to 255 where ink is strongest; True if it is the darker.

    Example:
        >>> drawing = np.full((9, 9), 255, np.uint8)
        >>> drawing[4, 2:7] = 0
        >>> ink, dark = extract_plain_ink(drawing)
        >>> int(ink.max()), int((ink > 0).sum()), dark
        (255, 5, True)
    """
    import cv2

    values = grey.astype(np.int16)
    ring = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    background = int(np.median(ring))
    dark = bool(background - values.min() > values.max() - background) if invert is None else invert
    strength = np.maximum(background - values if dark else values - background, 0)
    strongest = int(strength.max())
    if strongest < _STRONGEST or (np.abs(ring - background) <= _EVEN).mean() < _BARE:
        return None
    there = (strength > _INK * strongest).astype(np.uint8)
    near = cv2.dilate(there, np.ones((5, 5), np.uint8))
    if there.mean() > 0.5 or (np.abs(values - background)[near == 0] > _EVEN).any():
        return None
    strength[(near == 0) | (strength <= _EVEN)] = 0
    return np.asarray(np.rint(strength * (255.0 / strongest)), np.uint8), dark


def extract_drawing(grey: Pictures) -> Pictures | None:
    """Return the ink of a drawing in lines on an even background; None for any other picture.

    Args:
        grey: uint8 (h, w).

    Returns:
        uint8 (h, w), 1 where there is ink, else 0.
    """
    import cv2

    plain = extract_plain_ink(grey)
    if plain is None:
        return None
    ink = (plain[0] > 255 * _INK).astype(np.uint8)
    _, _, wide, tall = cv2.boundingRect(ink)
    return ink if measure_line_width(ink) <= _LINES * max(wide, tall) else None


def frame_ink(ink: Pictures, size: tuple[int, int]) -> Pictures:
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
    left, top, right, bottom = measure_box(ink)
    zoom = min(INNER * size[0] / (bottom - top), INNER * size[1] / (right - left))
    tall, wide = (max(1, round(zoom * length)) for length in (bottom - top, right - left))
    own = resize_to(np.ascontiguousarray(ink[top:bottom, left:right]), (tall, wide))
    framed = np.zeros(size, np.uint8)
    above, beside = (size[0] - tall) // 2, (size[1] - wide) // 2
    framed[above : above + tall, beside : beside + wide] = own
    return framed


class _GlyphInk(msgspec.Struct, frozen=True):
    """A glyph's ink in a picture.

    Attributes:
        ink: uint8 (h, w), 0 on the background to 255 where ink is strongest; 0 all over on a blank.
        inverted: True if it is darker than its background.
        reject_count: how many specks, edges and shadows were left out.
        steps: what people may look at.
    """

    ink: Pictures
    inverted: bool
    reject_count: int = 0
    steps: tuple[tuple[str, Pictures], ...] = ()


def _find_ink(grey: Pictures, invert: bool | None) -> _GlyphInk:
    plain = extract_plain_ink(grey, invert=invert)
    if plain is not None:
        return _GlyphInk(*plain)
    detection = detect_ink(grey, invert=invert)
    ink = _measure_ink_strength(detection) if detection.marks else np.zeros_like(grey)
    steps = (("illumination", detection.darkness),)
    return _GlyphInk(ink, detection.inverted, detection.reject_count, steps)


def _zoom_in(
    image: Image.Image,
    weights: ChannelWeights | None,
    glyph: _GlyphInk,
    scale: float,
    *,
    wanted: float,
) -> tuple[_GlyphInk, tuple[int, int], float]:
    """Look again at ink shorter than `wanted` pixels, with the pixels that were left out.

    Returns:
        The ink, its (left, top) in `image`, and its pixels per pixel there.
    """
    box = measure_box(glyph.ink)
    extent = max(box[2] - box[0], box[3] - box[1])
    if extent >= wanted or scale > 0.7:
        return glyph, (0, 0), scale
    part, start, zoom = crop_close_up(image, weights, box, scale)
    again = _find_ink(part, glyph.inverted)
    there = measure_box(again.ink)
    if max(there[2] - there[0], there[3] - there[1]) * scale < 0.6 * extent * zoom:
        return glyph, (0, 0), scale
    return again, start, zoom


def _measure_ink_strength(detection: InkDetection) -> Pictures:
    """Return `_GlyphInk.ink`: of the main mark, and of all that are no specks beside it."""
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


def measure_box(ink: Pictures) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) of what counts as ink, right and bottom excluded."""
    there = ink > _INK * max(int(ink.max()), 1)
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
