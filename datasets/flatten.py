"""Bring a decoded picture of any mode to plain 8-bit grey or RGB: depth, palette, ink, alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["flatten", "upright"]

_EXIF_ORIENTATION = 0x0112


def upright(image: Image.Image, *, quarter_turns: int = 0) -> Image.Image:
    """Return the picture turned as its EXIF note says, then clockwise by `quarter_turns` x 90°.

    A damaged EXIF note counts as none: the pixels are still there.
    """
    from PIL import Image

    turn = Image.Transpose
    by_orientation = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_270,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_90,
    }
    orientation = _orientation(image)
    if orientation in by_orientation:
        image = image.transpose(by_orientation[orientation])
    clockwise = {1: turn.ROTATE_270, 2: turn.ROTATE_180, 3: turn.ROTATE_90}
    if quarter_turns % 4:
        image = image.transpose(clockwise[quarter_turns % 4])
    return image


def flatten(image: Image.Image, channels: int) -> np.ndarray:
    """Return the picture as uint8 of shape (height, width, channels), without transparency.

    What is transparent becomes white, or black where the visible ink is light. A picture that is
    mostly opaque has a ground of its own, and its holes take the middle value of that instead.

    Args:
        image: any mode; 16-bit, 32-bit and float values are brought to 0..255.
        channels: 1 for grey, 3 for RGB.
    """
    from PIL import Image

    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        grey = _eight_bits(np.asarray(image))
        return np.repeat(grey[:, :, None], channels, axis=2)
    if image.has_transparency_data:
        alpha = image.mode if image.mode in ("LA", "RGBA") else "RGBA"
        image = Image.fromarray(_without_alpha(np.asarray(image.convert(alpha))))
    elif image.mode == "LAB":
        image = _from_lab(image)
    elif image.mode not in ("1", "L", "P", "RGB"):
        image = image.convert("RGB")  # HSV, say, knows no way to grey
    pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return pixels[:, :, None] if channels == 1 else pixels


def _from_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB") or image.getchannel("L")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except (
        Exception
    ):  # the EXIF reader meets bytes from anywhere; no failure of it is the picture's
        return 1


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Bring deep grey values to 0..255 by the depth that their range shows."""
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    depths = (1.0, 255.0) if values.dtype.kind == "f" else (255.0, 4095.0, 65535.0)
    white = next((depth for depth in depths if low >= 0 and high <= depth), 0.0)
    if not white:  # no usual depth: what is there from darkest to lightest
        values, white = values.astype(np.float64) - low, max(high - low, 1e-12)
    return np.rint(values.astype(np.float32) * np.float32(255.0 / white)).astype(np.uint8)


def _without_alpha(pixels: np.ndarray) -> np.ndarray:
    """Lay (h, w, 2) or (h, w, 4) pixels on the ground that their visible part asks for."""
    colour, alpha = pixels[:, :, :-1], pixels[:, :, -1]
    visible = alpha >= 128
    share = float(visible.mean())
    if share == 1.0 and alpha.min() == 255:
        return _squeezed(colour)
    if share > 0.5:
        ground = np.median(colour[visible], axis=0)
    else:
        weight = float(alpha.sum(dtype=np.int64)) or 1.0
        ink = float((colour.mean(axis=2) * alpha).sum()) / weight
        ground = np.full(colour.shape[2], 255.0 if ink < 128 else 0.0)
    opacity = alpha[:, :, None].astype(np.float32) / 255
    mixed = colour * opacity + ground.astype(np.float32) * (1 - opacity)
    return _squeezed(np.rint(mixed).astype(np.uint8))


def _squeezed(pixels: np.ndarray) -> np.ndarray:
    """Return grey pixels without their last axis, the form that Pillow takes."""
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
