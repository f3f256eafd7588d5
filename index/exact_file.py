"""The file of exact vectors: FAISS's flat index, written piece by piece and opened mapped.

`faiss.write_index` wants the whole index in memory. Its file is a header that ends in two counts,
and the vectors behind it, so that vectors can be appended as they are read.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["growing", "open_exact", "view"]

# Where FAISS's header keeps the number of vectors; the number of floats is its last field.
COUNT_AT = 8


@contextlib.contextmanager
def growing(path: Path, dim: int) -> Iterator[Callable[[np.ndarray], None]]:
    """Yield a function that appends vectors to a new flat index file; whole when the block ends.

    Args:
        path: the file to write.
        dim: length of a vector.

    Yields:
        a function of float32 vectors of shape (n, dim), unit length.

    Raises:
        OSError: the disk is full, or the folder cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "exact.faiss"
        >>> with growing(path, 2) as append:
        ...     append(np.eye(2, dtype=np.float32))
        >>> open_exact(path)[1].tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    import faiss

    header = bytearray(faiss.serialize_index(faiss.IndexFlatIP(dim)).tobytes())
    count = 0
    with path.open("wb") as target:
        target.write(header)

        def append(vectors: np.ndarray) -> None:
            nonlocal count
            target.write(np.ascontiguousarray(vectors, np.float32).data)
            count += len(vectors)

        yield append
        struct.pack_into("<q", header, COUNT_AT, count)
        struct.pack_into("<q", header, len(header) - 8, count * dim)
        target.seek(0)
        target.write(header)


def open_exact(path: Path) -> tuple[Any, np.ndarray]:
    """Open a flat index, memory-mapped: a vector is read when it is first searched.

    Returns:
        the FAISS index, and its vectors as float32 of shape (n, dim), a view that lives as long
        as the index does.

    Raises:
        RuntimeError: the file is missing, cut short or of another sort.
    """
    import faiss

    index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    return index, view(index)


def view(index: Any) -> np.ndarray:
    """Return a flat FAISS index's own vectors, float32 of shape (n, dim), not to be written to."""
    import faiss

    count, dim = index.ntotal, index.d
    if not count:
        return np.empty((0, dim), np.float32)
    vectors = np.asarray(faiss.rev_swig_ptr(index.get_xb(), count * dim)).reshape(count, dim)
    vectors.flags.writeable = False
    return vectors
