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

__all__ = ["parse_idx", "read_bytes", "read_idx"]

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
    return parse_idx(read_bytes(path), name=str(path), dimensions=dimensions)


def read_bytes(path: Path) -> bytes:
    """Return the uncompressed content of an IDX file that may be gzipped.

    A gzip stream may be endless: no more is unpacked than the IDX header says, and one byte, by
    which `parse_idx` sees that there is more. Of another file that is its beginning.

    Raises:
        DataError: the file cannot be read, its gzip stream is damaged, or it says that it holds
            more than 4 GiB.
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
                return _read_as_said(source, path)
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise _damaged(path, size, error) from error
        raise DataError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path and its rights."
        ) from error
    except (EOFError, zlib.error) as error:
        raise _damaged(path, size, error) from error


def _damaged(path: Path, size: int, error: Exception) -> DataError:
    return DataError(
        f"{path} is a damaged gzip file of {size} bytes: {error}.", "Delete it and fetch it again."
    )


def _read_as_said(source: BufferedIOBase, path: Path) -> bytes:
    """Read a header, and as many bytes as it says, and one more."""
    header = source.read(4)
    if len(header) < 4 or header[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        return header  # which `parse_idx` refuses
    said = source.read(4 * header[3])
    header += said
    sizes = struct.unpack(f">{len(said) // 4}I", said[: len(said) // 4 * 4])
    left = math.prod(sizes) + 1
    if left > MOST_BYTES:
        raise DataError(
            f"{path} says that it holds {' x '.join(map(str, sizes))} bytes; {MOST_BYTES:,} may be "
            "read at once.",
            "Split it, and name the parts one at a time.",
        )
    pieces = [header]
    while left and (piece := source.read(min(left, PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


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
