"""The chain for digits: from any picture of a mark to MNIST's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from siam.array_types import Pictures
from siam.pictures.conversion import reduce_to
from siam.pictures.denoising import denoise
from siam.pictures.findings import Finding
from siam.pictures.framing import frame, frame_few_pixels, is_framed, measure_line_width
from siam.pictures.grey import ChannelWeights, choose_channel_weights, mix_channels
from siam.pictures.ink.grouping import Mark
from siam.pictures.ink.ink_detection import InkDetection, detect_ink, extract_ink
from siam.pictures.ink.inverted_bands import invert_bands_back, may_have_inverted_bands
from siam.pictures.resizing import resize_to

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "FEW_PIXELS",
    "WORK",
    "InkPicture",
    "choices_of",
    "crop_close_up",
    "keep_picture",
    "prepare_digit",
    "reduce_to_work_size",
    "select_digit_marks",
]

FEW_PIXELS = 20  # of a side: a picture smaller than MNIST's digits is a digit, all of it
_FAINTEST = 10  # grey levels that such a digit differs from its background, at least
WORK = 320  # pixels along the longer side in which ink is looked for
_NEARLY = 0.8  # of its size: a picture that would shrink to more than that stays as it is
_SMALL = 48  # a mark below this many pixels is looked at again, enlarged
_LEAST = 0.2  # score per pixel of extent below which a mark is noise
_LEAST_SHARP = 0.3  # the same, its edges taken for sharp: what is out of focus is no noise
# What is decided about a digit, where nothing else is; see `siam.pictures.preparation.Prepared`.
NO_CHOICES: dict[str, Any] = {
    "inverted": False,
    "unchanged": False,
    "bars": 0,
    "box": None,
    "components_dropped": 0,
    "lines_removed": False,
}
_FELLOW = 0.45  # of the main mark's extent: as long as this, another mark is a digit of its own


class InkPicture(msgspec.Struct, frozen=True):
    """A mark or glyph in its chain's form; `siam.pictures.preparation.Prepared` has the fields."""

    pixels: Pictures
    steps: tuple[tuple[str, Pictures], ...]
    choices: dict[str, Any]
    findings: tuple[Finding, ...]


def prepare_digit(
    image: Image.Image, small: Image.Image, size: tuple[int, int], *, invert: bool | None
) -> InkPicture:
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

    weights = choose_channel_weights(small)
    picture = _keep_if_framed(image, weights, size, invert)
    if picture:
        return picture
    if max(image.size) < FEW_PIXELS:
        return _enlarge(mix_channels(image, weights), size, invert)
    grey, bands, steps = mix_channels(small, weights), 0, []
    if may_have_inverted_bands(grey):
        whole, bands = invert_bands_back(mix_channels(image, weights))
    if bands:
        image, weights = Image.fromarray(whole), None
        small = reduce_to(image, WORK)
        grey = np.asarray(small)
        steps.append(("inverted bands", grey))
        picture = _keep_if_framed(image, weights, size, invert)
        if picture:
            choices = picture.choices | {"unchanged": False, "bars": bands}
            return msgspec.structs.replace(picture, steps=(*steps, *picture.steps), choices=choices)
    work, _ = reduce_to_work_size(grey)
    scale = max(work.shape) / max(image.size)
    detection = detect_ink(work, invert=invert)
    choices = choices_of(detection, bands)
    steps.append(("illumination", detection.darkness))
    if choices["lines_removed"]:
        steps.append(("lines", detection.lines))
    if not detection.marks:
        blank = np.zeros(size, np.uint8)
        return InkPicture(blank, (*steps, ("input", blank)), choices, (Finding("blank"),))
    main = detection.marks[0]
    closer, mark, offset, zoom = _zoom_in(image, weights, detection, main, scale)
    ink, (left, top) = extract_ink(closer, mark)
    own = denoise(closer, ink, (left, top), size) if closer is detection else None
    from_left, from_top, wide, tall = cv2.boundingRect(ink)
    left, top = left + from_left, top + from_top
    edges = (left, top, left + wide, top + tall)
    choices["box"] = [int(offset[k % 2] + edge / zoom) for k, edge in enumerate(edges)]
    choices["line_width"] = round(measure_line_width(ink) / max(wide, tall, 1), 3)
    pixels = frame(ink, size) if own is None else own
    steps += [("ink", ink), ("input", pixels)]
    return InkPicture(pixels, tuple(steps), choices, _collect_findings(detection, main))


def choices_of(detection: InkDetection, bands: int) -> dict[str, Any]:
    """Return what was decided about a digit's picture by detecting its ink."""
    return NO_CHOICES | {
        "inverted": detection.inverted,
        "bars": bands,
        "components_dropped": detection.reject_count,
        "lines_removed": bool(detection.lines.any()),
    }


def reduce_to_work_size(grey: Pictures, *, most: int = WORK) -> tuple[Pictures, float]:
    """Return the picture small enough to detect ink in, and by what it was scaled.

    A little larger than `most` is small enough: averaging costs more than it saves there.
    """
    import cv2

    height, width = grey.shape
    scale = most / max(height, width)
    if scale > _NEARLY:
        return grey, 1.0
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(grey, shape, interpolation=cv2.INTER_AREA)), scale


def crop_close_up(
    image: Image.Image, weights: ChannelWeights | None, box: tuple[int, int, int, int], scale: float
) -> tuple[Pictures, tuple[int, int], float]:
    """Return a part of a picture with its surroundings, in the pixels that a small copy left out.

    Args:
        image: mode "L" or "RGB".
        weights: of its channels, from `choose_channel_weights`.
        box: (left, top, right, bottom) in the small copy; as much again is taken around it.
        scale: pixels of the small copy per pixel of `image`.

    Returns:
        uint8 (h, w), small enough to detect ink in; its (left, top) in `image`; its pixels per
        pixel there.
    """
    margin = max(box[2] - box[0], box[3] - box[1])
    left, top = (max(int((edge - margin) / scale), 0) for edge in box[:2])
    right = min(int((box[2] + margin) / scale), image.width)
    bottom = min(int((box[3] + margin) / scale), image.height)
    part, zoom = reduce_to_work_size(mix_channels(image.crop((left, top, right, bottom)), weights))
    return part, (left, top), zoom


def select_digit_marks(detection: InkDetection) -> tuple[Mark, ...]:
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


def keep_picture(pixels: Pictures, *, inverted: bool = False) -> InkPicture:
    """Return what is made of a picture that has MNIST's form already, or its negative has."""
    height, width = pixels.shape
    own = {"inverted": inverted, "unchanged": not inverted, "box": [0, 0, width, height]}
    return InkPicture(pixels, (("input", pixels),), NO_CHOICES | own, ())


def _keep_if_framed(
    image: Image.Image, weights: ChannelWeights | None, size: tuple[int, int], invert: bool | None
) -> InkPicture | None:
    """Return what is made of a picture that has MNIST's form already, None if it has not."""
    if image.size != (size[1], size[0]):
        return None
    grey = mix_channels(image, weights)
    if invert is not True and is_framed(grey, size):
        return keep_picture(grey)
    if invert is not False and is_framed(255 - grey, size, strict=True):
        return keep_picture(255 - grey, inverted=True)
    return None


def _enlarge(grey: Pictures, size: tuple[int, int], invert: bool | None) -> InkPicture:
    """Return a digit of a few pixels, its greys kept, where the border shows its background."""
    ring = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    away = grey.astype(np.float32) - np.float32(np.median(ring))
    dark = bool(-away.min() > away.max()) if invert is None else invert
    ink = np.maximum(-away if dark else away, 0)
    choices = NO_CHOICES | {"inverted": dark}
    strongest = float(ink.max())
    if strongest < _FAINTEST:
        blank = np.zeros(size, np.uint8)
        return InkPicture(blank, (("input", blank),), choices, (Finding("blank"),))
    choices["box"] = [0, 0, grey.shape[1], grey.shape[0]]
    pixels = resize_to(frame_few_pixels(ink * np.float32(255 / strongest)), size)
    return InkPicture(pixels, (("input", pixels),), choices, ())


def _zoom_in(
    image: Image.Image,
    weights: ChannelWeights | None,
    detection: InkDetection,
    mark: Mark,
    scale: float,
) -> tuple[InkDetection, Mark, tuple[int, int], float]:
    """Look again at a mark that is small in a large picture, with the pixels that were left out.

    Returns:
        The detection, the mark in it, its (left, top) in `image`, and its pixels per pixel there.
    """
    if mark.extent >= _SMALL or scale > 0.7 or detection.on_sheet:
        return detection, mark, (0, 0), scale
    part, start, zoom = crop_close_up(image, weights, mark.box, scale)
    again = detect_ink(part, invert=detection.inverted)
    if not again.marks or again.marks[0].extent * scale < 0.6 * mark.extent * zoom:
        return detection, mark, (0, 0), scale
    return again, again.marks[0], start, zoom


def _collect_findings(detection: InkDetection, main: Mark) -> tuple[Finding, ...]:
    findings = []
    sharp = detection.score / max(detection.edges, 1e-6)
    if detection.score < _LEAST * main.extent and sharp < _LEAST_SHARP * main.extent:
        findings.append(Finding("noise"))
    if main.border_pixels:
        findings.append(Finding("cut"))
    count = len(select_digit_marks(detection))
    if count > 1:
        findings.append(Finding("several", count))
    return tuple(findings)
