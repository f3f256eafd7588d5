"""IDX files, the format of MNIST: a magic number, big-endian sizes, then the bytes.

Format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from siam.array_types import Pictures
from siam.errors import DataError

__all__ = ["parse_idx", "read_bytes", "read_idx"]

UNSIGNED_BYTE = 0x08


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
    return parse_idx(read_bytes(path), name=str(path), dimensions=dimensions)


def read_bytes(path: Path) -> bytes:
    """Return the uncompressed content of a file that may be gzipped.

    Raises:
        DataError: the file cannot be read, or its gzip stream is damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path and its rights."
        ) from error
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is a damaged gzip file of {len(content)} bytes: {error}.",
            "Delete it and fetch it again.",
        ) from error


def parse_idx(content: bytes, *, name: str, dimensions: int) -> Pictures:
    """Return the array in an uncompressed IDX file's content, without copying it.

    Args:
        content: the whole file.
        name: what to call it in an error.
        dimensions: how many the file must have.

    Raises:
        DataError: wrong magic number, or a length other than the header says.

    Example:
        >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 7]), name="labels", dimensions=1)
        array([5, 7], dtype=uint8)
    """
    magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if content[:4] != magic:
        raise DataError(
            f"{name} must begin with the IDX magic number {magic.hex()} (unsigned bytes in "
            f"{dimensions} dimension{'s' if dimensions > 1 else ''}), "
            f"it begins with {content[:4].hex() or 'nothing'}.",
            "Check that the file is what its name says: idx3 for pictures, idx1 for labels.",
        )
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise DataError(
            f"{name} is cut off: an IDX header has {header} bytes, it has {len(content)}.",
            "Delete it and fetch it again.",
        )
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    expected = header + math.prod(shape)
    if len(content) != expected:
        fault = "cut off" if len(content) < expected else "too long"
        raise DataError(
            f"{name} is {fault}: its header says {' x '.join(map(str, shape))}, so {expected} "
            f"bytes, it has {len(content)}.",
            "Delete it and fetch it again.",
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
