"""Pictures as NumPy arrays: an .npz file with `x`, and `y` where the labels are known."""

from __future__ import annotations

import contextlib
import lzma
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from siam.array_types import Pictures
from siam.errors import DataError

__all__ = ["DAMAGE", "open_arrays", "read_arrays"]

# What a file may unpack to: five million pictures of 28 x 28. A few MB may claim to hold more.
MOST_BYTES = 4 << 30
# What NumPy, and what unpacks for it, raise for archives and arrays that are not what they say.
DAMAGE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, MemoryError, OverflowError, RuntimeError),
    *(SyntaxError, tokenize.TokenError, struct.error),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)


class Arrays(np.lib.npyio.NpzFile):
    """The arrays of an opened .npz file; a member that is none is a `ValueError`."""

    def __getitem__(self, name: str) -> np.ndarray:
        array: object = super().__getitem__(name)
        if not isinstance(array, np.ndarray):  # NumPy gives the bytes of what looks like none
            raise ValueError(f"{name} is no array")
        return array


@contextlib.contextmanager
def open_arrays(path: Path) -> Iterator[Mapping[str, np.ndarray]]:
    """Yield the arrays of an .npz file, which may come from anybody; each is read when asked for.

    What goes wrong in the block while one is read is told in the same way. Pickled objects are
    never loaded.

    Args:
        path: the file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is no such archive, damaged, lacks an array, or holds more than 4 GiB.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "some.npz"
        >>> np.savez(path, a=np.arange(3))
        >>> with open_arrays(path) as arrays:
        ...     arrays["a"].tolist()
        [0, 1, 2]
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("it is no plain file")
        with path.open("rb") as file:
            head = file.read(6)
            if head == b"\x93NUMPY":
                raise ValueError("it is a single array")
            if head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
                raise ValueError("it is no such archive")
            with Arrays(file, allow_pickle=False) as arrays:
                # Said by the archive's directory; nothing is unpacked beyond it, whatever x claims.
                size = sum(member.file_size for member in zipfile.ZipFile(file).infolist())
                if size > MOST_BYTES:
                    raise ValueError(
                        f"it unpacks to {size:,} bytes, and {MOST_BYTES:,} may be read"
                    )
                yield arrays
    except FileNotFoundError:
        raise
    except DAMAGE as error:
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


def read_arrays(path: Path) -> tuple[Pictures, np.ndarray | None]:
    """Read the pictures, and the labels if there are any, of an .npz file.

    Args:
        path: written by `numpy.savez(path, x=..., y=...)`.

    Returns:
        (pictures, labels): uint8 (n, height, width, channels) with 1 or 3 channels, and the
        n labels as integers or strings, or None.

    Raises:
        DataError: no such file, no such arrays, arrays of another shape or type, or more than
            4 GiB of them. Pickled objects are never loaded.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "pictures.npz"
        >>> np.savez(path, x=np.zeros((5, 28, 28), np.uint8))
        >>> read_arrays(path)[0].shape
        (5, 28, 28, 1)
    """
    try:
        with open_arrays(path) as arrays:
            if "x" not in arrays:
                raise DataError(
                    f"{path} must hold an array x, it holds {', '.join(arrays) or 'none'}.",
                    "Save the pictures as numpy.savez(FILE, x=pictures).",
                )
            pictures = arrays["x"]
            labels = arrays.get("y")
    except (FileNotFoundError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read as .npz: {error}.", "Save it with numpy.savez(FILE, x=x, y=y)."
        ) from error
    return _as_pictures(pictures, path), None if labels is None else _as_labels(
        labels, pictures, path
    )


def _as_pictures(pictures: np.ndarray, path: Path) -> Pictures:
    if pictures.ndim == 3:
        pictures = pictures[..., np.newaxis]
    if pictures.ndim == 4 and not len(pictures):
        raise DataError(
            f"x in {path} must hold one picture or more, received {pictures.shape}.",
            "Save the pictures as numpy.savez(FILE, x=pictures).",
        )
    if pictures.ndim != 4 or pictures.shape[3] not in (1, 3) or 0 in pictures.shape:
        raise DataError(
            f"x in {path} must have the shape (n, height, width) or (n, height, width, 1 or 3), "
            f"received {pictures.shape}.",
            "Put the pictures first and the channels last.",
        )
    if pictures.dtype != np.uint8:
        raise DataError(
            f"x in {path} must be uint8, 0 to 255, received {pictures.dtype}.",
            "From 0..1: x = (255 * x).round().astype('uint8').",
        )
    return pictures


def _as_labels(labels: np.ndarray, pictures: np.ndarray, path: Path) -> np.ndarray:
    if labels.shape != (len(pictures),) or labels.dtype.kind not in "iuU":
        raise DataError(
            f"y in {path} must be {len(pictures)} integers or strings, one for each picture, "
            f"received {labels.dtype} of shape {labels.shape}.",
            "Leave y out where the labels are not known.",
        )
    return labels
