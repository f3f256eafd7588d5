"""IDX files, the format of MNIST: a magic number, big-endian sizes, then the bytes.

Format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import gzip
import math
import os
import stat
import struct
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np

from siam.array_types import Pictures
from siam.errors import DataError

__all__ = ["parse_idx", "read_idx"]

UNSIGNED_BYTE = 0x08
# Five million pictures of 28 x 28, and how much is read at a time.
MOST_BYTES, PIECE = 4 << 30, 1 << 20


def read_idx(path: Path, *, dimensions: int) -> Pictures:
    """Read one IDX file of unsigned bytes, gzipped or not.

    Args:
        path: the file; gzip is told by its content, not by its name.
        dimensions: how many the file must have: 3 for pictures, 1 for labels.

    Returns:
        uint8, read-only: (n, height, width) for pictures, (n,) for labels.

    Raises:
        DataError: the file is missing, truncated, too long, or is no such IDX file.
    """
    size = 0
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{path} is no plain file.", "Save the data set to one.")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if packed else file as source:
                return parse_idx(source, name=str(path), dimensions=dimensions)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is a damaged gzip file of {size} bytes: {error}.",
            "Delete it and fetch it again.",
        ) from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path and its rights."
        ) from error


def parse_idx(source: BufferedIOBase, *, name: str, dimensions: int) -> Pictures:
    """Return the array in an uncompressed IDX file.

    A gzip stream may be endless: no more is unpacked than the header says, and one byte, by which
    it is seen that there is more.

    Args:
        source: the file, at its start.
        name: what to call it in an error.
        dimensions: how many the file must have.

    Raises:
        DataError: wrong magic number, a length other than the header says, or more than 4 GiB.

    Example:
        >>> from io import BytesIO
        >>> file = BytesIO(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 7]))
        >>> parse_idx(file, name="labels", dimensions=1)
        array([5, 7], dtype=uint8)
    """
    magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    length = 4 + 4 * dimensions
    header = source.read(length)
    if header[:4] != magic:
        raise DataError(
            f"{name} must begin with the IDX magic number {magic.hex()} (unsigned bytes in "
            f"{dimensions} dimension{'s' if dimensions > 1 else ''}), "
            f"it begins with {header[:4].hex() or 'nothing'}.",
            "Check that the file is what its name says: idx3 for pictures, idx1 for labels.",
        )
    if len(header) < length:
        raise DataError(
            f"{name} is cut off: an IDX header has {length} bytes, it has {len(header)}.",
            "Delete it and fetch it again.",
        )
    shape = struct.unpack(f">{dimensions}I", header[4:])
    sizes, left = " x ".join(map(str, shape)), math.prod(shape) + 1
    if left > MOST_BYTES:
        raise DataError(
            f"{name} says that it holds {sizes} bytes; {MOST_BYTES:,} may be read at once.",
            "Split it, and name the parts one at a time.",
        )
    pieces = []
    while left and (piece := source.read(min(left, PIECE))):
        pieces.append(piece)
        left -= len(piece)
    if left != 1:
        expected = length + math.prod(shape)
        raise DataError(
            f"{name} is {'cut off' if left else 'too long'}: its header says {sizes}, so "
            f"{expected} bytes, it has {expected + 1 - left}.",
            "Delete it and fetch it again.",
        )
    return np.frombuffer(b"".join(pieces), dtype=np.uint8).reshape(shape)
