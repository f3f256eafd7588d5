"""Turn a decoded picture of any mode upright and convert it to 8-bit grey or RGB, without alpha."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from siam.array_types import Pictures

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["convert_to_grey_or_rgb", "reduce_bands", "reduce_to", "turn_upright"]

_EXIF_ORIENTATION = 0x0112
_BAND = 2**19  # pixels that are converted at once
_REDUCIBLE = ("L", "LA", "RGB", "RGBA", "CMYK", "I", "F")


def reduce_to(image: Image.Image, most: int) -> Image.Image:
    """Return the picture averaged down by a whole factor, its longer side at least `most` still."""
    factor = max(image.size) // most
    if factor < 2:
        return image
    if image.mode in _REDUCIBLE:
        return reduce_by(image, factor)
    # What must be converted first is so a band at a time: the whole of it takes four times as much.
    rows = factor * max(1, _BAND // (image.width * factor))
    tops = range(0, image.height, rows)
    bands = (image.crop((0, y, image.width, min(y + rows, image.height))) for y in tops)
    return reduce_bands(bands, factor) or image


def reduce_bands(bands: Iterable[Image.Image], factor: int) -> Image.Image | None:
    """Return a picture averaged down that comes a band at a time, from the top.

    Args:
        bands: each of a multiple of `factor` rows, but the last one.
        factor: how many pixels become one, down and across.

    Returns:
        None where there are no bands, or their mode has no average.
    """
    from PIL import Image

    parts, top = list[Image.Image](), 0
    for band in bands:
        parts.append(reduce_by(band, factor))
        if parts[-1] is band:
            return None
    if not parts:
        return None
    whole = Image.new(parts[0].mode, (parts[0].width, sum(part.height for part in parts)))
    whole.info = dict(parts[0].info)
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    return whole


def reduce_by(image: Image.Image, factor: int) -> Image.Image:
    """Return the picture averaged down by a whole factor; as it is in a mode without an average."""
    if image.mode.startswith("I;16"):
        image = image.convert("I")
    elif image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode not in _REDUCIBLE:
        return image
    return image.reduce((min(factor, image.width), min(factor, image.height)))


def turn_upright(image: Image.Image, *, quarter_turns: int = 0) -> Image.Image:
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
    orientation = _read_orientation(image)
    if orientation in by_orientation:
        image = image.transpose(by_orientation[orientation])
    clockwise = {1: turn.ROTATE_270, 2: turn.ROTATE_180, 3: turn.ROTATE_90}
    if quarter_turns % 4:
        image = image.transpose(clockwise[quarter_turns % 4])
    return image


def convert_to_grey_or_rgb(image: Image.Image) -> Image.Image:
    """Return the picture in mode "L" or "RGB", whatever it was.

    What is transparent becomes white, or black where the visible ink is light. A picture that is
    mostly opaque has a background of its own, and its holes take the median of that instead.
    16-bit, 32-bit and float values are brought to 0..255.

    Example:
        >>> from PIL import Image
        >>> convert_to_grey_or_rgb(Image.new("LA", (1, 1), (0, 0))).getpixel((0, 0))
        255
    """
    from PIL import Image

    if image.mode in ("L", "RGB") and not image.has_transparency_data:
        return image
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_scale_to_eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        form = image.mode if image.mode in ("LA", "RGBA") else "RGBA"
        return Image.fromarray(_remove_alpha(np.asarray(image.convert(form))))
    if image.mode == "LAB":
        return _convert_lab(image)
    return image.convert("L" if image.mode == "1" else "RGB")


def _read_orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # the EXIF reader meets any bytes; its failure is not the picture's
        return 1


def _convert_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB") or image.getchannel(0)


def _scale_to_eight_bits(values: np.ndarray) -> Pictures:
    """Bring deep grey values to 0..255 by the depth that their range shows."""
    values = np.asarray(values, np.float32)
    whole = bool(np.isfinite(values).all())
    if not whole:
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    depths = (1.0, 255.0, 4095.0, 65535.0)  # 1: fractions, or a mask of nothing but 0 and 1
    white = next((depth for depth in depths if low >= 0 and high <= depth), 0.0)
    if not white:  # no usual depth: what is there from darkest to lightest
        values, white = values - low, max(high - low, 1e-12)
    return np.clip(np.rint(values * (255.0 / white)), 0, 255).astype(np.uint8)


def _remove_alpha(pixels: Pictures) -> Pictures:
    """Lay (h, w, 2) or (h, w, 4) pixels on the background that their visible part asks for."""
    colour, alpha = pixels[:, :, :-1], pixels[:, :, -1]
    visible = alpha >= 128
    share = float(visible.mean())
    if share > 0.5:
        background = np.median(colour[visible][::7], axis=0)
    else:
        weight = float(alpha.sum(dtype=np.int64)) or 1.0
        ink = float((colour.mean(axis=2, dtype=np.float32) * alpha).sum(dtype=np.float64)) / weight
        background = np.full(colour.shape[2], 255.0 if ink < 128 else 0.0)
    opacity = alpha[:, :, None].astype(np.float32) / 255
    mixed = np.rint(colour * opacity + background.astype(np.float32) * (1 - opacity))
    opaque = np.asarray(mixed, np.uint8)
    return opaque[:, :, 0] if opaque.shape[2] == 1 else opaque
