"""Segment a page: every separate mark in a picture, left to right, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siam.pictures.conversion import convert_to_grey_or_rgb
from siam.pictures.digit_chain import choices_of, reduce_to_work_size, select_digit_marks
from siam.pictures.findings import Finding
from siam.pictures.framing import frame, is_framed
from siam.pictures.grey import convert_to_ink_grey
from siam.pictures.ink.grouping import Mark
from siam.pictures.ink.ink_detection import InkDetection, detect_ink, extract_ink
from siam.pictures.ink.inverted_bands import invert_bands_back
from siam.pictures.preparation import Box, Preparation, Prepared, part_of, prepare_picture

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PageMark", "find_reading_order", "segment_page"]

_SIDE = 1024  # pixels along the longer side: a page holds more than one digit's worth
_REACH = 0.06  # strokes of one digit lie nearer than this part of its height; digits do not


@dataclass(frozen=True)
class PageMark:
    """One mark of several in a picture.

    Attributes:
        box: (left, top, right, bottom) of its ink in pixels of the upright picture.
        prepared: the mark alone, as the network's input.
    """

    box: Box
    prepared: Prepared


def segment_page(
    image: Image.Image,
    preparation: Preparation,
    *,
    invert: bool | None = None,
    rotate: int = 0,
    box: Box | None = None,
) -> list[PageMark]:
    """Return every separate mark of ink, left to right, line by line; none on a blank page.

    Args:
        image: as `read_picture` gives it, decoded in full or to 1,000 pixels and more.
        preparation: the data set's; its chain must be "digit", any other gives one mark, the
            whole picture.
        invert: as for `prepare_picture`, as are `rotate` and `box`.
        rotate: degrees clockwise.
        box: the part to look in.

    Raises:
        PictureError: as `prepare_picture`.
    """
    part, (left, top), scale = part_of(image, _SIDE, rotate=rotate, box=box)
    grey, bands = invert_bands_back(convert_to_ink_grey(convert_to_grey_or_rgb(part)))
    if preparation.chain != "digit" or is_framed(grey, preparation.size):
        whole = prepare_picture(image, preparation, invert=invert, rotate=rotate, box=box)
        width, height = (round(side / scale) for side in part.size)
        return [PageMark((left, top, left + width, top + height), whole)]
    work, _ = reduce_to_work_size(grey, most=_SIDE)
    detection = detect_ink(work, invert=invert, reach=_REACH)
    step = max(part.size) / max(work.shape) / scale
    marks = []
    for mark in select_digit_marks(detection):
        prepared = _prepare_mark(detection, mark, preparation, rotate, bands)
        edges = [round(edge * step) for edge in mark.box]
        place = (edges[0] + left, edges[1] + top, edges[2] + left, edges[3] + top)
        prepared.choices["box"] = list(place)
        marks.append(PageMark(place, prepared))
    order = find_reading_order([mark.box for mark in marks])
    return [marks[k] for k in order]


def find_reading_order(boxes: list[Box]) -> list[int]:
    """Return positions of boxes as one reads: lines from the top, each from left to right.

    A box belongs to a line if its middle lies between the top and bottom of that line's boxes.

    Example:
        >>> find_reading_order([(50, 2, 60, 20), (0, 0, 10, 20), (0, 40, 10, 60)])
        [1, 0, 2]
    """
    lines: list[tuple[list[int], int, int]] = []
    for k in sorted(range(len(boxes)), key=lambda k: boxes[k][1] + boxes[k][3]):
        _, top, _, bottom = boxes[k]
        middle = (top + bottom) / 2
        if lines and lines[-1][1] <= middle <= lines[-1][2]:
            members, first, last = lines[-1]
            lines[-1] = ([*members, k], min(first, top), max(last, bottom))
        else:
            lines.append(([k], top, bottom))
    return [k for members, _, _ in lines for k in sorted(members, key=lambda k: boxes[k][0])]


def _prepare_mark(
    detection: InkDetection, mark: Mark, preparation: Preparation, rotate: int, bands: int
) -> Prepared:
    ink, _ = extract_ink(detection, mark)
    pixels = frame(ink, preparation.size)
    chain = {"chain": preparation.chain, "rotated": rotate % 360}
    choices = chain | choices_of(detection, bands)
    findings = (Finding("cut"),) if mark.border_pixels else ()
    deep = np.repeat(pixels[:, :, None], preparation.channels, axis=2)
    return Prepared(deep, (("ink", ink), ("input", pixels)), choices, findings)
