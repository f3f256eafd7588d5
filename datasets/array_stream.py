"""An .npz file of pictures, read piece by piece: it may be larger than memory."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from siam.datasets.arrays import read_arrays
from siam.errors import DataError

__all__ = ["ArrayStream", "stream_arrays"]

PICTURES = "x.npy"
DAMAGE = (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class ArrayStream:
    """The pictures of an .npz file, to be gone through once.

    Attributes:
        count: how many pictures there are.
        labels: n integers or strings, or None where the file has no `y`.
        chunks: uint8 (some, height, width, channels) each, in order.
    """

    count: int
    labels: np.ndarray | None
    chunks: Iterator[np.ndarray]


def stream_arrays(path: Path, *, rows: int = 4096) -> ArrayStream:
    """Open an .npz file as `siam.datasets.arrays.read_arrays` takes it, without reading it whole.

    Args:
        path: written by `numpy.savez(path, x=..., y=...)`.
        rows: pictures in a chunk.

    Raises:
        DataError: no such file, no such arrays, or arrays of another shape or type.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "x.npz"
        >>> np.savez(path, x=np.zeros((5, 28, 28), np.uint8))
        >>> [chunk.shape for chunk in stream_arrays(path, rows=3).chunks]
        [(3, 28, 28, 1), (2, 28, 28, 1)]
    """
    shape = streamable_shape(path)
    if shape is None:
        # What cannot be streamed is read whole; what is wrong with it is said there.
        pictures, labels = read_arrays(path)
        cut = (pictures[start : start + rows] for start in range(0, len(pictures), rows))
        return ArrayStream(len(pictures), labels, cut)
    return ArrayStream(shape[0], read_labels(path, shape[0]), read_rows(path, shape, rows))


def read_labels(path: Path, count: int) -> np.ndarray | None:
    """Return `y`, or None where there is none."""
    labels = None
    with contextlib.suppress(*DAMAGE), np.load(path, allow_pickle=False) as arrays:
        if "y" not in arrays:
            return None
        labels = arrays["y"]
    if labels is None or labels.shape != (count,) or labels.dtype.kind not in "iuU":
        _, labels = read_arrays(path)  # says what is wrong with it
    return labels


def streamable_shape(path: Path) -> tuple[int, int, int, int] | None:
    """Return the shape of `x` with its channels, or None where it cannot be read row by row."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(PICTURES) as member:
            shape, fortran, dtype = read_header(member)
    except DAMAGE:
        return None
    if len(shape) == 3:
        shape = (*shape, 1)
    usable = len(shape) == 4 and shape[3] in (1, 3) and 0 not in shape
    if fortran or dtype != np.uint8 or not usable:
        return None
    return (shape[0], shape[1], shape[2], shape[3])


def read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read the head of an array in NumPy's format: (shape, whether by columns, dtype)."""
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(member)
    return np.lib.format.read_array_header_2_0(member)


def read_rows(path: Path, shape: tuple[int, int, int, int], rows: int) -> Iterator[np.ndarray]:
    """Yield the pictures of an .npz file, `rows` at a time.

    Raises:
        DataError: the file is damaged or cut short.
    """
    count, height, width, channels = shape
    size = height * width * channels
    try:
        with zipfile.ZipFile(path) as archive, archive.open(PICTURES) as member:
            read_header(member)
            for start in range(0, count, rows):
                wanted = min(rows, count - start)
                content = member.read(wanted * size)
                if len(content) != wanted * size:
                    raise EOFError("it ends too early")
                yield np.frombuffer(content, np.uint8).reshape(wanted, height, width, channels)
    except DAMAGE as error:
        raise DataError(
            f"{path} is damaged: {error}.", "Save it again with numpy.savez(FILE, x=x, y=y)."
        ) from error
