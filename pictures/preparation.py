"""Prepare a picture from outside so that it looks like the data set's own, step by named step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.array_types import Pictures
from siam.errors import PictureError, UsageError
from siam.pictures.conversion import (
    Box,
    convert_to_grey_or_rgb,
    find_region,
    reduce_to,
    turn_upright,
    turns_of,
)
from siam.pictures.digit_chain import WORK, prepare_digit
from siam.pictures.findings import Finding
from siam.pictures.glyph_chain import prepare_glyph
from siam.pictures.reading import PART, Part, original_size
from siam.pictures.resizing import resize_to, resize_with_padding

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "CHAINS",
    "MAX_SIDE",
    "MIN_SIDE",
    "Box",
    "Preparation",
    "Prepared",
    "part_of",
    "prepare_picture",
]

# Of a side that is asked for; a data set in one size already may have smaller or larger ones.
MIN_SIDE, MAX_SIDE = 16, 512
CHAINS = ("digit", "glyph", "photo", "none")
_OF_INK = ("digit", "glyph")
_MOST = 1280  # longer side in pixels that the digit chain still looks at
_PLAIN = 4  # grey levels that compression leaves of one colour
_SHOWN = 320  # longer side in pixels of a step that people look at


@dataclass(frozen=True)
class Preparation:
    """How pictures become a network's input; kept in the run, so that every command does the same.

    Attributes:
        chain: "digit" brings one mark of ink to MNIST's form, "glyph" frames all ink by its box,
            "photo" keeps the aspect and pads, "none" only resizes.
        size: (height, width) of the input in pixels.
        channels: 1 (grey) or 3 (RGB); "digit" and "glyph" give white ink on black in every channel.

    Raises:
        UsageError: an unknown chain, or a size or channel count that no network takes.

    Example:
        >>> Preparation("photo", size=(64, 48), channels=3).enough
        128
    """

    chain: str
    size: tuple[int, int]
    channels: int

    def __post_init__(self) -> None:
        if self.chain not in CHAINS:
            raise UsageError(f"prepare must be one of {', '.join(CHAINS)}, got {self.chain!r}.")
        if len(self.size) != 2 or not all(4 <= side <= 4096 for side in self.size):
            raise UsageError(f"size must be (height, width), each 4 to 4096, got {self.size}.")
        if self.channels not in (1, 3):
            raise UsageError(f"channels must be 1 or 3, got {self.channels}.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for TOML or JSON."""
        return {"chain": self.chain, "size": list(self.size), "channels": self.channels}

    @property
    def enough(self) -> int:
        """Pixels on the shorter side, for `read_picture`, from more of which nothing is gained.

        Twice a photo's size leaves its final shrinking to the chain.
        """
        return _MOST if self.chain in _OF_INK else 2 * max(self.size)

    def part(self, box: Box, rotate: int = 0) -> Part:
        """Return what `read_picture` is told where a part of the upright picture is asked for.

        Args:
            box: (left, top, right, bottom) in pixels of the upright picture.
            rotate: degrees clockwise.
        """
        return Part(box, rotate // 90, least=2 * max(self.size))


@dataclass(frozen=True)
class Prepared:
    """A network input, and how it came about.

    Attributes:
        pixels: uint8 of shape (height, width, channels).
        steps: (name, uint8 picture of shape (h, w) or (h, w, 3)) in order, for people to look at.
        choices: what was decided, in JSON's types: "chain", "rotated" (degrees), "inverted", and
            for digits and glyphs "unchanged", "components_dropped" and "box" ([left, top, right,
            bottom] of the ink in pixels of the upright picture), for digits "bars" (how many
            inverted bands there were), "lines_removed" and "line_width" as well.
        findings: what may be wrong with the picture; empty for a good one.
    """

    pixels: Pictures
    steps: tuple[tuple[str, Pictures], ...]
    choices: dict[str, Any]
    findings: tuple[Finding, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """The findings as sentences, such as "ink touches the border"."""
        return tuple(finding.sentence for finding in self.findings)

    @property
    def blank(self) -> bool:
        """True if there is no mark at all, so that no label can be right."""
        return any(finding.kind == "blank" for finding in self.findings)

    @property
    def doubtful(self) -> bool:
        """True if the mark may not be the one that was meant: no answer about it is a sure one."""
        return any(finding.doubtful for finding in self.findings)


def prepare_picture(
    image: Image.Image,
    preparation: Preparation,
    *,
    invert: bool | None = None,
    rotate: int = 0,
    box: Box | None = None,
) -> Prepared:
    """Return `image` as the network's input. The same picture always gives the same pixels.

    Args:
        image: as `read_picture` gives it.
        preparation: the data set's.
        invert: True or False to say whether the ink is darker than its ground; None to find out.
            The chains "photo" and "none" invert only if told to.
        rotate: 0, 90, 180 or 270 degrees clockwise, after the EXIF note was followed.
        box: (left, top, right, bottom) of the part to use, in pixels of the upright picture.

    Raises:
        PictureError: the picture has no pixels, or `box` is no part of it.
        UsageError: `rotate` is not a quarter turn.
    """
    height, width = preparation.size
    most = _MOST if preparation.chain in _OF_INK else 4 * max(height, width)
    part, (left, top), scale = part_of(image, most, rotate=rotate, box=box)
    choices: dict[str, Any] = {"chain": preparation.chain, "rotated": rotate % 360}
    if preparation.chain in _OF_INK:
        plain = convert_to_grey_or_rgb(part)
        small = reduce_to(plain, WORK)
        original = ("original", np.asarray(small))
        prepare_ink = prepare_digit if preparation.chain == "digit" else prepare_glyph
        ink = prepare_ink(plain, small, preparation.size, invert=invert)
        choices |= ink.choices
        if choices["box"] is not None:
            edges = zip(choices["box"], (left, top, left, top), strict=True)
            choices["box"] = [round(edge / scale) + start for edge, start in edges]
        pixels = np.repeat(ink.pixels[:, :, None], preparation.channels, axis=2)
        return Prepared(pixels, (original, *ink.steps), choices, ink.findings)
    plain = convert_to_grey_or_rgb(part).convert("L" if preparation.channels == 1 else "RGB")
    original = ("original", np.asarray(reduce_to(plain, _SHOWN)))
    resize = resize_with_padding if preparation.chain == "photo" else resize_to
    pixels = resize(np.asarray(plain), preparation.size)
    choices["inverted"] = bool(invert)
    if invert:
        pixels = 255 - pixels
    pixels = pixels.reshape(height, width, preparation.channels)
    shown = pixels[:, :, 0] if preparation.channels == 1 else pixels
    findings = (Finding("plain"),) if _is_plain(plain) else ()
    return Prepared(pixels, (original, ("input", shown)), choices, findings)


def _is_plain(image: Image.Image) -> bool:
    """Say whether a grey or RGB picture is of one colour, but for what compression leaves."""
    extrema = np.reshape(image.getextrema(), (-1, 2))
    return bool((extrema[:, 1] - extrema[:, 0] <= _PLAIN).all())


def part_of(
    image: Image.Image, most: int, *, rotate: int = 0, box: Box | None = None
) -> tuple[Image.Image, tuple[int, int], float]:
    """Return the part to use of an upright picture, where it starts, and how much it is scaled.

    Args:
        image: as `read_picture` gives it.
        most: pixels of the longer side that are enough.
        rotate: degrees clockwise.
        box: (left, top, right, bottom) in pixels of the upright picture's file.

    Returns:
        The part; its (left, top) in pixels of the file; its pixels per pixel of the file.
    """
    if rotate % 90:
        raise UsageError(f"rotate must be 0, 90, 180 or 270, got {rotate}.")
    if 0 in image.size:
        raise PictureError(f"The picture has no pixels ({image.width} x {image.height}).")
    if box is None:
        original = max(original_size(image))
        image = reduce_to(image, most)  # before it is turned, which takes as much memory again
        scale = max(image.size) / original
        return turn_upright(image, quarter_turns=rotate // 90), (0, 0), scale
    turns = turns_of(image, rotate // 90)
    region = find_region(box, original_size(image), turns)
    if image.info.get(PART) == region:
        image = reduce_to(image, most)
    else:
        scale = max(image.size) / max(original_size(image))
        left, top = (int(edge * scale) for edge in region[:2])
        right = min(int(np.ceil(region[2] * scale)), image.width)
        bottom = min(int(np.ceil(region[3] * scale)), image.height)
        image = reduce_to(image, most, (left, top, right, bottom))
    scale = max(image.size) / max(region[2] - region[0], region[3] - region[1])
    for turn in turns:
        image = image.transpose(turn)
    return image, (box[0], box[1]), scale
