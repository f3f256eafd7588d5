"""Turn a decoded picture of any mode upright and convert it to 8-bit grey or RGB, without alpha."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from siam.array_types import Pictures
from siam.errors import PictureError

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "Box",
    "convert_to_grey_or_rgb",
    "crop_bands",
    "find_region",
    "reduce_bands",
    "reduce_to",
    "turn_upright",
    "turns_of",
]

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels

_EXIF_ORIENTATION = 0x0112
_BAND = 2**19  # pixels that are converted at once
_REDUCIBLE = ("L", "LA", "RGB", "RGBA", "CMYK", "I", "F")
# Of PIL.Image.Transpose: what makes columns of rows; what counts columns, rows from the other end.
_SWAPS, _FROM_RIGHT, _FROM_BELOW = (2, 4, 5, 6), (0, 2, 3, 6), (1, 3, 4, 6)


def reduce_to(image: Image.Image, most: int, region: Box | None = None) -> Image.Image:
    """Return the picture averaged down by a whole factor, its longer side at least `most` still.

    Args:
        image: of any mode.
        most: pixels.
        region: the part to return; None: all of it.
    """
    left, top, right, bottom = region or (0, 0, *image.size)
    factor = max(right - left, bottom - top) // most
    if factor < 2:
        return image.crop(region) if region else image
    if image.mode in _REDUCIBLE and not region:
        return reduce_by(image, factor)
    # What must be converted first is so a band at a time: the whole of it takes four times as much.
    rows = factor * max(1, _BAND // ((right - left) * factor))
    tops = range(top, bottom, rows)
    bands = (image.crop((left, y, right, min(y + rows, bottom))) for y in tops)
    return reduce_bands(bands, factor) or image.crop((left, top, right, bottom))


def crop_bands(bands: Iterable[Image.Image], region: Box, factor: int) -> Iterator[Image.Image]:
    """Yield what bands that come from the top hold of a region, and read none below it.

    Args:
        bands: of the picture's width and any number of rows.
        region: in the picture's pixels.
        factor: each band but the last has a multiple of so many rows.
    """
    left, upper, right, lower = region
    top, rest = 0, None
    for band in bands:
        first, end = max(upper - top, 0), min(lower - top, band.height)
        top += band.height
        if first < end:
            rows = band
            if (left, first, right, end) != (0, 0, *band.size):
                rows = band.crop((left, first, right, end))
            if rest is not None:
                rows = rows.crop((0, -rest.height, *rows.size))
                rows.paste(rest, (0, 0))
            whole = rows.height // factor * factor
            if whole == rows.height:
                yield rows
            elif whole:
                yield rows.crop((0, 0, rows.width, whole))
            rest = rows.crop((0, whole, *rows.size)) if whole < rows.height else None
        if top >= lower:
            break
    if rest is not None:
        yield rest


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
    for turn in turns_of(image, quarter_turns):
        image = image.transpose(turn)
    return image


def turns_of(image: Image.Image, quarter_turns: int = 0) -> list[Image.Transpose]:
    """Return what `turn_upright` does to a picture, step by step."""
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
    clockwise = {1: turn.ROTATE_270, 2: turn.ROTATE_180, 3: turn.ROTATE_90}
    steps = by_orientation.get(_read_orientation(image)), clockwise.get(quarter_turns % 4)
    return [step for step in steps if step is not None]


def find_region(box: Box, size: tuple[int, int], turns: Sequence[Image.Transpose]) -> Box:
    """Return where a box of the upright picture lies in the picture as its file has it.

    Args:
        box: (left, top, right, bottom) in pixels of the upright picture.
        size: (width, height) in the file.
        turns: what makes it upright, as `turns_of` says.

    Raises:
        PictureError: the box is no part of the picture.

    Example:
        >>> from PIL.Image import Transpose
        >>> find_region((0, 0, 10, 5), (40, 30), [Transpose.ROTATE_270])
        (0, 20, 5, 30)
    """
    sizes = [size]
    for turn in turns:
        width, height = sizes[-1]
        sizes.append((height, width) if turn in _SWAPS else (width, height))
    width, height = sizes.pop()
    if not (0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height):
        raise PictureError(
            f"The box {','.join(map(str, box))} is no part of the picture, which is "
            f"{width} x {height}.",
            "Give left,top,right,bottom in pixels.",
        )
    for turn, (width, height) in zip(reversed(turns), reversed(sizes), strict=True):
        across, down = (box[0], box[2]), (box[1], box[3])
        if turn in _SWAPS:
            across, down = down, across
        if turn in _FROM_RIGHT:
            across = width - across[1], width - across[0]
        if turn in _FROM_BELOW:
            down = height - down[1], height - down[0]
        box = (across[0], down[0], across[1], down[1])
    return box


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


def _read_orientation(image: Any) -> int:
    # Asked for a note that does not stand before its pixels, a PNG would decode them all.
    if image.format == "PNG" and image.tile and "exif" not in image.info:
        return 1
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
