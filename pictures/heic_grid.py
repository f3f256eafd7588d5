"""HEIC pictures of tiles, as cameras write them: decoded a row of tiles at a time.

A grid's tiles are pictures of their own, which the file hides. Where another copy of the file names
one of them as the picture to show, and does not hide it, libheif decodes that one alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from siam.array_types import Pictures

__all__ = ["Grid", "decode_rows", "decode_single", "read_grid"]

_MOST_TILES = 10_000
_MOST_OF_ROW = 2**23  # pixels of a row of tiles
_CHANGED = {b"clap", b"imir", b"iscl"}  # properties that change a picture otherwise than by turns


@dataclass(frozen=True)
class Grid:
    """Where a file says which picture it shows, and of which tiles that is made.

    Attributes:
        size: (width, height) before it is turned.
        tile: a tile's.
        tiles: their numbers, row by row.
        shown: the place of the number of the picture to show, and its length in bytes.
        hidden: the place of the flag that hides it, for each tile.
        quarter_turns: counter-clockwise, after the tiles are laid out.
    """

    size: tuple[int, int]
    tile: tuple[int, int]
    tiles: tuple[int, ...]
    shown: tuple[int, int]
    hidden: dict[int, int]
    quarter_turns: int


def read_grid(content: bytes) -> Grid | None:
    """Return the grid that a HEIC file shows; None for one of another kind, or cut or mirrored.

    Raises:
        struct.error: its boxes are damaged.
    """
    meta = next(
        (start for kind, start, _ in _boxes(content, 0, len(content)) if kind == b"meta"), 0
    )
    if not meta:
        return None
    end = meta - 8 + struct.unpack_from(">I", content, meta - 8)[0]
    parts = {kind: (start, end) for kind, start, end in _boxes(content, meta + 4, end)}
    if not {b"pitm", b"iinf", b"iref", b"iprp"} <= parts.keys():
        return None
    place, wide = parts[b"pitm"][0], content[parts[b"pitm"][0]] > 0
    shown = (place + 4, 4 if wide else 2)
    picture = int.from_bytes(content[place + 4 : place + 4 + shown[1]])
    tiles = _tiles(content, *parts[b"iref"], picture)
    if not tiles:
        return None
    properties, tile = (
        dict(_properties(content, *parts[b"iprp"], item)) for item in (picture, tiles[0])
    )
    if _CHANGED & (properties.keys() | tile.keys()) or b"irot" in tile:
        return None
    width, height = _size(properties)
    if width * _size(tile)[1] > _MOST_OF_ROW:
        return None
    turns = properties.get(b"irot", b"\0")[0] & 3
    return Grid((width, height), _size(tile), tiles, shown, _flags(content, parts[b"iinf"]), turns)


def decode_rows(content: bytes, grid: Grid) -> Iterator[Pictures]:
    """Yield a picture's rows of tiles, (rows, width, 3) or (rows, width), cut to its size.

    Raises:
        What pillow-heif raises for a damaged file; KeyError: a tile that is not there.
    """
    (width, height), left, top = grid.size, 0, 0
    row: list[Pictures] = []
    for tile in grid.tiles:
        file = bytearray(content)
        place, length = grid.shown
        file[place : place + length] = tile.to_bytes(length)
        file[grid.hidden[tile]] &= 0xFE
        _holder, pixels = decode_single(bytes(file))
        if pixels.shape[1::-1] != grid.tile:
            raise OSError("its tiles are of several sizes")
        row.append(pixels.copy())
        left += pixels.shape[1]
        if left >= width:
            yield np.concatenate(row, axis=1)[: height - top, :width]
            top, left, row = top + pixels.shape[0], 0, []
            if top >= height:
                return
    raise OSError("image file is truncated")


def decode_single(content: bytes) -> tuple[object, Pictures]:
    """Return the picture that a HEIC file shows, uint8 (h, w, 3 or 4) or (h, w).

    Before it stands what holds its memory: in early releases of pillow-heif the array does not.
    """
    import pillow_heif

    file = pillow_heif.open_heif(content, convert_hdr_to_8bit=True)
    return file, np.asarray(file[file.primary_index])


def _size(properties: dict[bytes, bytes]) -> tuple[int, int]:
    width, height = struct.unpack(">II", properties[b"ispe"][4:12])
    return width, height


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield each box's kind and where its content starts and ends."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, start)
        inner = start + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, inner)
            inner += 8
        following = end if size == 0 else start + size
        if not inner <= following <= end:
            return
        yield kind, inner, following
        start = following


def _flags(content: bytes, extent: tuple[int, int]) -> dict[int, int]:
    """Return where the flags of each item stand, the bit that hides it lowest."""
    start, end = extent
    found = {}
    for kind, place, _ in _boxes(content, start + (6 if content[start] == 0 else 8), end):
        if kind == b"infe" and content[place] >= 2:
            length = 2 if content[place] == 2 else 4
            found[int.from_bytes(content[place + 4 : place + 4 + length])] = place + 3
    return found


def _tiles(content: bytes, start: int, end: int, picture: int) -> tuple[int, ...]:
    """Return the items that a picture is derived from."""
    length = 4 if content[start] else 2
    for kind, place, _ in _boxes(content, start + 4, end):
        origin = int.from_bytes(content[place : place + length])
        place += length
        (count,) = struct.unpack_from(">H", content, place)
        if kind == b"dimg" and origin == picture and count <= _MOST_TILES:
            numbers = struct.unpack_from(
                f">{count}{'I' if length == 4 else 'H'}", content, place + 2
            )
            return tuple(numbers)
    return ()


def _properties(
    content: bytes, start: int, end: int, picture: int
) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the content of each property that belongs to a picture."""
    held: list[tuple[bytes, bytes]] = []
    for kind, place, last in _boxes(content, start, end):
        if kind == b"ipco":
            held += [(of, content[inner:end]) for of, inner, end in _boxes(content, place, last)]
        elif kind == b"ipma":
            version, wide = content[place], content[place + 3] & 1
            length, step = 4 if version else 2, 1 + wide
            (entries,) = struct.unpack_from(">I", content, place + 4)
            place += 8
            for _ in range(min(entries, _MOST_TILES)):
                item, count = (
                    int.from_bytes(content[place : place + length]),
                    content[place + length],
                )
                place += length + 1
                for number in range(count if item == picture else 0):
                    at = place + number * step
                    index = int.from_bytes(content[at : at + step]) & (0x7FFF if wide else 0x7F)
                    yield held[index - 1]
                place += count * step
