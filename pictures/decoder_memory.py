"""What a decoder holds of a picture at once, said by its header, and the most that it may."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "MOST_HELD",
    "READ_AT_ONCE",
    "band_bytes",
    "count_scans",
    "file_bytes",
    "whole_bytes",
]

# siam and its libraries hold 65 MiB before, and a query is to stay below 200 MB.
MOST_HELD = 112 * 2**20  # bytes
# Bytes a pixel of decoders that hold several copies, as Pillow calls them: measured, without the
# file itself.
_WHOLE = {"WEBP": 16.0, "AVIF": 9.0, "HEIF": 12.0}
READ_AT_ONCE = _WHOLE.keys()  # whose files are held as well
# Where their array is taken as it is, and averaged down by bands.
_BY_BANDS = {
    ("WEBP", "RGB"): 7.0,
    ("WEBP", "RGBA"): 8.0,
    ("HEIF", "L"): 4.8,
    ("HEIF", "RGB"): 4.8,
    ("HEIF", "RGBA"): 8.0,
}
_ORIENTATION, _DEPTHS, _TILE_WIDTH, _TILE_LENGTH = 274, 258, 322, 323  # tags of TIFF
_LARGE_TILE = 2**22  # pixels


def band_bytes(image: Image.Image, file: BinaryIO) -> float:
    """Return the bytes that a decoder holds of whose array bands are made; infinite for others."""
    a_pixel = _BY_BANDS.get((image.format or "", image.mode), math.inf)
    if image.format == "WEBP" and getattr(image, "is_animated", False):
        a_pixel = math.inf
    return image.width * image.height * a_pixel + 2 * file_bytes(file)


def whole_bytes(image: Image.Image, file: BinaryIO, pixels: int) -> float:
    """Return the bytes that are held while Pillow decodes a picture.

    Args:
        image: opened from `file`, at its start, not yet loaded; a JPEG perhaps made smaller.
        file: can seek.
        pixels: the picture's, as its header says.
    """
    kind = image.format or ""
    if kind in _WHOLE:
        return pixels * _WHOLE[kind] + 2 * file_bytes(file)
    size = 1 if image.mode in ("1", "L", "P") else 2 if image.mode.startswith("I;16") else 4
    held = image.width * image.height * size
    if kind in ("JPEG", "MPO"):
        return held + pixels * _coefficient_bytes(image, file)
    return held + _copied_bytes(image, held)


def count_scans(image: Image.Image, file: BinaryIO) -> int:
    """Return how many scans a JPEG has that waits for its last one; 1 of any other picture."""
    if image.format not in ("JPEG", "MPO") or not _coefficient_bytes(image, file):
        return 1
    place, count, last = file.tell(), 1, b""
    # Within a scan no byte of 255 stands before one that is not 0, but at a marker.
    while piece := file.read(2**20):
        count += (last + piece).count(b"\xff\xda")
        last = piece[-1:]
    file.seek(place)
    return count


def file_bytes(file: BinaryIO) -> int:
    """Return a file's length; its place stays."""
    place = file.tell()
    length = file.seek(0, io.SEEK_END)
    file.seek(place)
    return length


def _coefficient_bytes(image: Any, file: BinaryIO) -> float:
    """Return bytes a pixel of coefficients that wait for the last of several scans; 0 for one."""
    layers = [(across, down) for _, across, down, _ in image.layer]
    place = file.tell()  # just behind the header of the first scan, which names its colours
    header = 6 + 2 * len(layers) + 2
    file.seek(max(0, place - header))
    alone = not file.read(2).startswith(b"\xff\xda")
    file.seek(place)
    if not (alone or image.info.get("progressive")):
        return 0
    largest = max(across for across, _ in layers) * max(down for _, down in layers)
    return float(2 * sum(across * down for across, down in layers) / largest)


def _copied_bytes(image: Any, held: int) -> float:
    """Return what is held beside a picture by a decoder written in Python, or a TIFF's strip."""
    from PIL import Image

    codecs = {tile[0] for tile in image.tile}
    if codecs & Image.DECODERS.keys():
        return 2 * held
    if image.format != "TIFF":
        return 0.35 * held if image.format == "GIF" else 0
    tags = image.tag_v2
    turned = held if tags.get(_ORIENTATION, 1) != 1 else 0
    tile = tags.get(_TILE_WIDTH, _LARGE_TILE) * tags.get(_TILE_LENGTH, 1)
    in_small_tiles = tile < _LARGE_TILE
    if "libtiff" not in codecs or in_small_tiles:
        return turned
    return float(turned + image.width * image.height * sum(tags.get(_DEPTHS, (8,))) / 8)
