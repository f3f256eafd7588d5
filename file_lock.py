"""A lock between processes: a file that one of them at a time holds."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["try_lock"]


@contextlib.contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Hold a lock while the block runs, or until the process ends, however it ends.

    Args:
        path: the lock's file, made where it is missing, and left in its place.

    Yields:
        Whether it is held; False at once where another holds it.

    Raises:
        OSError: the file cannot be made, is a link, or its file system knows no locks.

    Example:
        >>> import tempfile
        >>> lock = Path(tempfile.mkdtemp()) / ".lock"
        >>> with try_lock(lock) as first, try_lock(lock) as second:
        ...     first, second
        (True, False)
    """
    with open(path, "ab", opener=open_itself) as handle:
        yield take(handle)


def open_itself(path: str, flags: int) -> int:
    """Open a file, but not what a link in its place leads to, nor a pipe that would wait."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o666)


def take(handle: IO[bytes]) -> bool:
    """Lock an open file until it is closed; say whether that could be done."""
    if sys.platform == "win32":
        import msvcrt

        handle.seek(0)
        try:
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
    else:
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
