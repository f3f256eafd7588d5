"""Pictures too large to hold: decoded a band of rows at a time, each averaged down at once.

A PNG of 100 megapixels takes 400 MB decoded. Of parts of its file smaller files are made, which
Pillow decodes as it does any other, so that the result is that of the whole to the last bit.
"""

from __future__ import annotations

import io
import itertools
import math
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from siam.array_types import Pictures
from siam.pictures.conversion import Box, crop_bands, find_region, reduce_bands
from siam.pictures.decoder_memory import MOST_HELD, band_bytes
from siam.pictures.heic_grid import decode_rows, decode_single, read_grid

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["decode_in_bands"]

_BAND = 4 * 2**20  # bytes of a band, about
_PIECE = 2**20  # bytes of a file that are read at once
_PNG = b"\x89PNG\r\n\x1a\n"
# Of a pixel in rows that follow each other without a gap.
_RAW_BYTES = {"L": 1, "LA": 2, "I;16": 2, "I;16B": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
# Channels of PNG's colour types: grey, RGB, palette, grey and RGB with alpha.
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# TIFF's tags of a picture's strips, or tiles: rows of one, their places, their bytes.
_LENGTH, _STRIPS, _TILES, _TILE_WIDTH = 257, (278, 273, 279), (323, 324, 325), 322
_TURN = "siam_turn"  # how a band says that the whole is turned, in the end
_ORIENTATION, _PLANES = 274, 284  # 1: upright; the colours of a pixel side by side
# Those that say how a strip is to be read: size, depth, compression, colours, JPEG's tables.
_KEPT = (256, 258, 259, 262, 266, 277, 284, 317, 320, 322, 338, 339, 347, 529, 530, 531, 532)


def decode_in_bands(
    image: Image.Image, file: BinaryIO, most: int, *, region: Box | None = None
) -> Image.Image | None:
    """Return a picture, or a part of it, averaged down as by `reduce_to(image, most)`.

    It is never held whole, and what comes below the part is not read.

    Args:
        image: opened from `file`, not yet loaded.
        file: can seek.
        most: pixels of the longer side that are enough.
        region: of which alone the pixels are wanted, in pixels of the file; None: of all.

    Returns:
        None where the picture is not that large, or its file cannot be taken apart: a JPEG, GIF
        or AVIF, an interlaced PNG or one of 16-bit colours, a compressed TIFF of one strip; a WebP,
        or a HEIC of one tile, too large for its decoder.

    Raises:
        What Pillow raises for a damaged file.
    """
    left, top, right, bottom = region or (0, 0, *image.size)
    factor = max(right - left, bottom - top) // most
    take_apart = _TAKEN_APART.get(image.format or "")
    if take_apart is None or (region is None and factor < 2):
        return None
    bands = take_apart(image, file)
    first = next(bands, None)
    if first is None:
        return None
    region, factor = (left, top, right, bottom), max(1, factor)
    if turn := first.info.get(_TURN):
        region = find_region(region, (first.width, sum(image.size) - first.width), [turn])
    whole = reduce_bands(crop_bands(itertools.chain([first], bands), region, factor), factor)
    if whole is None:
        return None
    if turn := whole.info.pop(_TURN, None):
        whole = whole.transpose(turn)
    whole.info["exif"] = image.info.get("exif", b"")
    return whole


def _rows_at_once(row: int) -> int:
    """Return a number of rows of so many bytes that make about a band."""
    return max(1, _BAND // row)


def _raw_bands(image: Any, file: BinaryIO) -> Iterator[Image.Image]:
    """Yield rows that follow each other as they are, such as those of a BMP, from below perhaps.

    As of the others, nothing at all where the file cannot be taken apart.
    """
    from PIL import Image

    codec, extents, offset, layout = image.tile[0] if len(image.tile) == 1 else ("", (), 0, ())
    form, line, direction = (layout, 0, 1) if isinstance(layout, str) else layout or ("", 0, 1)
    if codec != "raw" or image.mode == "P":  # whose palette is read with the pixels
        return
    width, height = image.size
    line = line or width * _RAW_BYTES.get(form, 0)
    if extents != (0, 0, width, height) or not isinstance(line, int):
        return
    if not 0 < line <= 8 * _BAND:
        return
    rows = _rows_at_once(line)
    for top in range(0, height, rows):
        now = min(rows, height - top)
        file.seek(offset + line * (top if direction == 1 else height - top - now))
        content = file.read(now * line)
        yield Image.frombytes(image.mode, (width, now), content, "raw", form, line, direction)


def _png_bands(image: Any, file: BinaryIO) -> Iterator[Image.Image]:
    file.seek(len(_PNG) + 8)
    header = file.read(13)
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    if interlace or (depth == 16 and colour):
        return
    line = 1 + math.ceil(width * _CHANNELS[colour] * depth / 8)
    if line > 8 * _BAND:
        return
    rows = _rows_at_once(4 * width)
    inflate, before, lines = zlib.decompressobj(), b"", bytearray()
    done, palette = 0, b""
    for kind, content in _png_chunks(file):
        if kind != b"IDAT":
            palette += content
            continue
        while content and done < height:
            now = min(rows, height - done)
            lines += inflate.decompress(content, now * line - len(lines))
            content = inflate.unconsumed_tail
            if len(lines) < now * line:
                continue
            # Lines are kept as differences, to the one above them too: it goes first, in full.
            lines[:0] = before
            size = now + bool(before)
            band = whole = _png_picture(width, size, header[8:], palette, lines)
            if depth < 8:  # whose bytes are told apart as those of greys are
                whole = _png_picture(line - 1, size, b"\x08" + bytes(4), b"", lines)
            last = whole.crop((0, size - 1, whole.width, size))
            before = b"\0" + (last.tobytes("raw", "I;16B") if depth == 16 else last.tobytes())
            yield band.crop((0, size - now, *band.size))
            done += now
            lines.clear()
    if done < height:
        raise OSError("image file is truncated")


def _png_picture(
    width: int, height: int, kind: bytes, palette: bytes, lines: bytearray
) -> Image.Image:
    """Return the picture that lines of a PNG make."""
    from PIL import Image

    content = _PNG + _chunk(b"IHDR", struct.pack(">II", width, height) + kind) + palette
    content += _chunk(b"IDAT", zlib.compress(lines, 0)) + _chunk(b"IEND", b"")
    image = Image.open(io.BytesIO(content), formats=["PNG"])
    image.load()
    return image


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield ("IDAT", some of its content), and the palette and its transparency as they are."""
    file.seek(len(_PNG))
    while len(start := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", start)
        if kind == b"IDAT":
            while length and (piece := file.read(min(length, _PIECE))):
                length -= len(piece)
                yield kind, piece
        elif kind in (b"PLTE", b"tRNS") and length <= 1024:
            yield kind, _chunk(kind, file.read(length))
            length = 0
        file.seek(length + 4, io.SEEK_CUR)


def _chunk(kind: bytes, content: bytes) -> bytes:
    length, check = struct.pack(">I", len(content)), struct.pack(">I", zlib.crc32(kind + content))
    return length + kind + content + check


def _tiff_bands(image: Any, file: BinaryIO) -> Iterator[Image.Image]:
    from PIL import Image
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    tags, (width, height) = image.tag_v2, image.size
    if not tags.get(_ORIENTATION, 1) == tags.get(_PLANES, 1) == 1:
        return
    names = _TILES if _TILE_WIDTH in tags else _STRIPS
    rows, offsets, counts = (tags.get(name, ()) for name in names)
    if not isinstance(rows, int) or not 0 < rows < height:
        yield from _raw_bands(image, file)
        return
    across = math.ceil(width / tags.get(_TILE_WIDTH, width))
    down = math.ceil(height / rows)
    if not len(offsets) == len(counts) == across * down:
        return
    step = max(1, _BAND // (4 * width * rows)) * across
    most = max(sum(counts[start : start + step]) for start in range(0, len(counts), step))
    if max(most, 4 * width * rows) > 8 * _BAND:
        return
    order = "<" if tags.prefix == b"II" else ">"
    for start in range(0, len(offsets), step):
        strips = []
        for offset, count in zip(
            offsets[start : start + step], counts[start : start + step], strict=True
        ):
            file.seek(offset)
            strips.append(file.read(count))
        part = ImageFileDirectory_v2(prefix=tags.prefix)
        for tag in _KEPT:
            if tag in tags:
                part.tagtype[tag], part[tag] = tags.tagtype[tag], tags[tag]
        # Pillow writes them as counted from the end of its directory.
        places = [sum(map(len, strips[:number])) for number in range(len(strips))]
        values = {
            _LENGTH: min(rows * len(strips) // across, height - start // across * rows),
            **dict(zip(names, (rows, tuple(places), tuple(map(len, strips))), strict=True)),
        }
        for tag, value in values.items():
            part.tagtype[tag], part[tag] = 4, value  # 4: 32 bits without a sign
        head = tags.prefix + struct.pack(f"{order}HI", 42, 8)
        smaller = b"".join([head, part.tobytes(8), *strips])
        band = Image.open(io.BytesIO(smaller), formats=["TIFF"])
        band.load()
        yield band


def _webp_bands(image: Any, file: BinaryIO) -> Iterator[Image.Image]:
    import cv2

    if band_bytes(image, file) > MOST_HELD:
        return
    file.seek(0)
    pixels = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape[1::-1] != image.size:
        raise OSError("its pixels cannot be decoded")
    order = [2, 1, 0, 3][: pixels.shape[2]]
    yield from _array_bands(iter([np.asarray(pixels, np.uint8)]), order)


def _heif_bands(image: Any, file: BinaryIO) -> Iterator[Image.Image]:
    from PIL import Image

    file.seek(0)
    content = file.read()
    grid = read_grid(content) if image.mode in ("L", "RGB") else None
    if grid:
        turns = (None, *(getattr(Image.Transpose, f"ROTATE_{angle}") for angle in (90, 180, 270)))
        yield from _array_bands(decode_rows(content, grid), turn=turns[grid.quarter_turns])
    elif band_bytes(image, file) <= MOST_HELD:
        _holder, pixels = decode_single(content)
        yield from _array_bands(iter([pixels]))


def _array_bands(
    arrays: Iterator[Pictures], order: list[int] | None = None, turn: object = None
) -> Iterator[Image.Image]:
    """Yield the rows of arrays that follow each other; `order`: where red, green and blue stand."""
    for array in arrays:
        step = _rows_at_once(array.shape[1] * 4)
        for top in range(0, len(array), step):
            band = array[top : top + step]
            yield _picture_of(band if order is None else band[:, :, order], turn)


def _picture_of(pixels: Pictures, turn: object) -> Image.Image:
    from PIL import Image

    image = Image.fromarray(pixels)
    image.info[_TURN] = turn
    return image


# By name: Pillow calls the pixels that a decoder of its own makes raw too, which no file holds.
_TAKEN_APART = {
    "PNG": _png_bands,
    "TIFF": _tiff_bands,
    "BMP": _raw_bands,
    "DIB": _raw_bands,
    "PPM": _raw_bands,
    "WEBP": _webp_bands,
    "HEIF": _heif_bands,
}
