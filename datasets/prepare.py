"""Prepare a picture from outside so that it looks like the data set's own, step by named step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.datasets.flatten import flatten, upright
from siam.datasets.picture import original_size
from siam.errors import PictureError, UsageError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["CHAINS", "Box", "Preparation", "Prepared", "prepare_picture"]

CHAINS = ("digit", "photo", "none")

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the upright picture


@dataclass(frozen=True)
class Preparation:
    """How pictures become a network's input; kept in the run, so that every command does the same.

    Attributes:
        chain: "digit" brings one mark of ink to MNIST's form, "photo" keeps the aspect and pads,
            "none" only resizes.
        size: (height, width) of the input in pixels.
        channels: 1 (grey) or 3 (RGB); "digit" gives white ink on black in every channel.

    Raises:
        UsageError: an unknown chain, or a size or channel count that no network takes.
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
        """Return plain values for TOML or JSON; `from_dict` reads them back."""
        return {"chain": self.chain, "size": list(self.size), "channels": self.channels}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Preparation:
        """Return the preparation that `to_dict` described."""
        height, width = values["size"]
        return cls(str(values["chain"]), (int(height), int(width)), int(values["channels"]))


@dataclass(frozen=True)
class Prepared:
    """A network input, and how it came about.

    Attributes:
        pixels: uint8 of shape (height, width, channels).
        steps: (name, uint8 picture of shape (h, w) or (h, w, 3)) in order, for people to look at.
        choices: what was decided, in JSON's types: "inverted", "rotated", "box", ...
        notes: sentences on what may be wrong with the picture; empty for a good one.
    """

    pixels: np.ndarray
    steps: tuple[tuple[str, np.ndarray], ...]
    choices: dict[str, Any]
    notes: tuple[str, ...]


def prepare_picture(
    image: Image.Image,
    preparation: Preparation,
    *,
    invert: bool | None = None,
    rotate: int = 0,
    box: Box | None = None,
) -> Prepared:
    """Return `image` as the network's input.

    Args:
        image: as `read_picture` gives it.
        preparation: the data set's.
        invert: True or False to say whether the ink is darker than its ground; None to find out.
        rotate: 0, 90, 180 or 270 degrees clockwise, after the EXIF note was followed.
        box: (left, top, right, bottom) of the part to use, in pixels of the upright picture.

    Raises:
        PictureError: the picture has no pixels, or `box` holds none of them.
        UsageError: `rotate` is not a quarter turn.
    """
    if rotate % 90:
        raise UsageError(f"rotate must be 0, 90, 180 or 270, got {rotate}.")
    if 0 in image.size:
        raise PictureError(f"The picture has no pixels ({image.size[0]} x {image.size[1]}).")
    image = _cut(upright(image, quarter_turns=rotate // 90), box, original_size(image))
    channels = 1 if preparation.chain == "digit" else preparation.channels
    original = flatten(image, channels)
    choices: dict[str, Any] = {"chain": preparation.chain, "rotated": rotate % 360}
    import cv2

    if preparation.chain == "digit":
        from siam.datasets.digit import prepare_digit
        out, steps, ch, notes = prepare_digit(original[:, :, 0], preparation.size, invert=invert)
        return Prepared(np.repeat(out[:, :, None], preparation.channels, 2), tuple(steps), {**choices, **ch}, tuple(notes))
    height, width = preparation.size
    resized = cv2.resize(original, (width, height), interpolation=cv2.INTER_AREA)
    pixels = resized.reshape(height, width, channels)
    pixels = np.repeat(pixels, preparation.channels // channels, axis=2)
    return Prepared(pixels, (("original", original), ("input", pixels)), choices, ())


def _cut(image: Image.Image, box: Box | None, original: tuple[int, int]) -> Image.Image:
    """Cut `box`, given in pixels of the file, out of a picture that may be decoded smaller."""
    if box is None:
        return image
    scale = max(image.size) / max(original)
    left, top, right, bottom = (round(edge * scale) for edge in box)
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, image.width), min(bottom, image.height)
    if left >= right or top >= bottom:
        width, height = image.size
        raise PictureError(
            f"The box {box} holds no pixel of the picture, which is {width} x {height}.",
            "Give left, top, right, bottom in pixels.",
        )
    return image.crop((left, top, right, bottom))
