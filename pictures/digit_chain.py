"""The chain for digits: from any picture of a mark to MNIST's form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.pictures.conversion import shrunk
from siam.pictures.denoising import denoise
from siam.pictures.findings import Finding
from siam.pictures.framing import frame, is_framed, line_width
from siam.pictures.grey import Weights, as_grey, ink_weights
from siam.pictures.ink.grouping import Mark
from siam.pictures.ink.ink_detection import InkDetection, detect_ink, extract_ink
from siam.pictures.ink.inverted_bands import invert_bands_back, may_have_inverted_bands

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "WORK",
    "InkView",
    "close_up",
    "several",
    "unchanged",
    "view_digit",
    "work_size",
]

WORK = 320  # pixels along the longer side in which ink is looked for
_NEARLY = 0.8  # of its size: a picture that would shrink to more than that stays as it is
_SMALL = 48  # a mark below this many pixels is looked at again, enlarged
_LEAST = 0.2  # score per pixel of extent below which a mark is noise
_FELLOW = 0.45  # of the main mark's extent: as long as this, another mark is a digit of its own


@dataclass(frozen=True)
class InkView:
    """A mark or glyph in its chain's form; `siam.pictures.preparation.Prepared` has the fields."""

    pixels: np.ndarray
    steps: tuple[tuple[str, np.ndarray], ...]
    choices: dict[str, Any]
    findings: tuple[Finding, ...]


def view_digit(
    image: Image.Image, small: Image.Image, size: tuple[int, int], *, invert: bool | None
) -> InkView:
    """Return the largest mark of ink in a picture as MNIST would show it.

    A picture that has the form already passes unchanged, bit for bit.

    Args:
        image: mode "L" or "RGB".
        small: the same, averaged down by a whole factor to no less than `WORK` pixels.
        size: (height, width) of the result.
        invert: True if the ink is known to be dark, False if light, None to find out.
    """
    import cv2
    from PIL import Image

    weights = ink_weights(small)
    ready = _ready(image, weights, size, invert)
    if ready:
        return ready
    grey, bars, steps = as_grey(small, weights), 0, []
    if may_have_inverted_bands(grey):
        mended, bars = invert_bands_back(as_grey(image, weights))
    if bars:
        image, weights = Image.fromarray(mended), None
        small = shrunk(image, WORK)
        grey = np.asarray(small)
        steps.append(("bars put right", grey))
        ready = _ready(image, weights, size, invert)
        if ready:
            told = ready.choices | {"unchanged": False, "bars": bars}
            return replace(ready, steps=(*steps, *ready.steps), choices=told)
    work, _ = work_size(grey)
    scale = max(work.shape) / max(image.size)
    detection = detect_ink(work, invert=invert)
    choices: dict[str, Any] = {
        "inverted": detection.inverted,
        "unchanged": False,
        "bars": bars,
        "box": None,
        "components_dropped": detection.reject_count,
        "lines_removed": bool(cv2.countNonZero(detection.lines)),
    }
    steps.append(("light evened", detection.darkness))
    if choices["lines_removed"]:
        steps.append(("lines", detection.lines))
    if not detection.marks:
        blank = np.zeros(size, np.uint8)
        return InkView(blank, (*steps, ("input", blank)), choices, (Finding("blank"),))
    main = detection.marks[0]
    closer, mark, offset, zoom = _closer(image, weights, detection, main, scale)
    ink, (left, top) = extract_ink(closer, mark)
    own = denoise(closer, ink, (left, top), size) if closer is detection else None
    from_left, from_top, wide, tall = cv2.boundingRect(ink)
    left, top = left + from_left, top + from_top
    edges = (left, top, left + wide, top + tall)
    choices["box"] = [int(offset[k % 2] + edge / zoom) for k, edge in enumerate(edges)]
    choices["line_width"] = round(line_width(ink) / max(wide, tall, 1), 3)
    pixels = frame(ink, size) if own is None else own
    steps += [("ink", ink), ("input", pixels)]
    return InkView(pixels, tuple(steps), choices, _findings(detection, main))


def work_size(grey: np.ndarray, *, most: int = WORK) -> tuple[np.ndarray, float]:
    """Return the picture small enough to look for ink in, and by what it was scaled.

    A little larger than `most` is small enough: averaging costs more than it saves there.
    """
    import cv2

    height, width = grey.shape
    scale = most / max(height, width)
    if scale > _NEARLY:
        return grey, 1.0
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(grey, shape, interpolation=cv2.INTER_AREA)), scale


def close_up(
    image: Image.Image, weights: Weights | None, box: tuple[int, int, int, int], scale: float
) -> tuple[np.ndarray, tuple[int, int], float]:
    """Return a part of a picture with its surroundings, in the pixels that a small copy left out.

    Args:
        image: mode "L" or "RGB".
        weights: of its channels, from `ink_weights`.
        box: (left, top, right, bottom) in the small copy; as much again is taken around it.
        scale: pixels of the small copy per pixel of `image`.

    Returns:
        uint8 (h, w), small enough to look for ink in; its (left, top) in `image`; its pixels per
        pixel there.
    """
    margin = max(box[2] - box[0], box[3] - box[1])
    left, top = (max(int((edge - margin) / scale), 0) for edge in box[:2])
    right = min(int((box[2] + margin) / scale), image.width)
    bottom = min(int((box[3] + margin) / scale), image.height)
    part, zoom = work_size(as_grey(image.crop((left, top, right, bottom)), weights))
    return part, (left, top), zoom


def several(detection: InkDetection) -> tuple[Mark, ...]:
    """Return the marks that may be digits of their own, the main one first."""
    if not detection.marks:
        return ()
    main, *others = detection.marks
    fellows = [
        mark
        for mark in others
        if mark.extent >= _FELLOW * main.extent and mark.contrast >= 0.15 * main.contrast
    ]
    return (main, *fellows)


def unchanged(pixels: np.ndarray, *, inverted: bool = False) -> InkView:
    """Return the view of a picture that has MNIST's form already, or its negative has."""
    height, width = pixels.shape
    choices = {
        "inverted": inverted,
        "unchanged": not inverted,
        "bars": 0,
        "box": [0, 0, width, height],
        "components_dropped": 0,
        "lines_removed": False,
    }
    return InkView(pixels, (("input", pixels),), choices, ())


def _ready(
    image: Image.Image, weights: Weights | None, size: tuple[int, int], invert: bool | None
) -> InkView | None:
    """Return the view of a picture that has MNIST's form already, None if it has not."""
    if image.size != (size[1], size[0]):
        return None
    grey = as_grey(image, weights)
    if invert is not True and is_framed(grey, size):
        return unchanged(grey)
    if invert is not False and is_framed(255 - grey, size, strict=True):
        return unchanged(255 - grey, inverted=True)
    return None


def _closer(
    image: Image.Image, weights: Weights | None, detection: InkDetection, mark: Mark, scale: float
) -> tuple[InkDetection, Mark, tuple[int, int], float]:
    """Look again at a mark that is small in a large picture, with the pixels that were left out.

    Returns:
        What was seen, the mark in it, its (left, top) in `image`, and its pixels per pixel there.
    """
    if mark.extent >= _SMALL or scale > 0.7 or detection.on_sheet:
        return detection, mark, (0, 0), scale
    part, start, zoom = close_up(image, weights, mark.box, scale)
    again = detect_ink(part, invert=detection.inverted)
    if not again.marks or again.marks[0].extent * scale < 0.6 * mark.extent * zoom:
        return detection, mark, (0, 0), scale
    return again, again.marks[0], start, zoom


def _findings(detection: InkDetection, main: Mark) -> tuple[Finding, ...]:
    findings = []
    if detection.score < _LEAST * main.extent:
        findings.append(Finding("noise"))
    if main.border_pixels:
        findings.append(Finding("cut"))
    count = len(several(detection))
    if count > 1:
        findings.append(Finding("several", count))
    return tuple(findings)
