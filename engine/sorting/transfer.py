"""Copy and move files without ever writing over one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path
from typing import IO

from siam.atomic import sync_folder

__all__ = ["copy_file", "is_cut_off", "move_file"]

PIECE = 2**20  # bytes

# What file systems say that know no hard links.
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES}


def copy_file(source: Path, target: Path, *, flush: bool = False) -> None:
    """Copy a file with its times and rights to a place where there is none.

    Killed in the midst it leaves the beginning, which `is_cut_off` knows.

    Args:
        source: a file, or a link to one, whose content is copied.
        target: its folder is made where it is missing.
        flush: wait until the disk has it.

    Raises:
        FileExistsError: the place is taken.
    """
    with source.open("rb") as content, create(target) as copy:
        try:
            shutil.copyfileobj(content, copy, PIECE)
            if flush:
                copy.flush()
                os.fsync(copy.fileno())
        except BaseException:
            target.unlink()
            raise
    shutil.copystat(source, target)
    if flush:
        sync_folder(target.parent)


def create(path: Path) -> IO[bytes]:
    """Make a file where there is none, and its folder where that is missing."""
    try:
        return path.open("xb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")


def is_cut_off(target: Path, source: Path) -> bool:
    """Tell whether a file is the beginning of another, and not the whole of it."""
    size = target.stat().st_size
    if target.is_symlink() or size >= source.stat().st_size:
        return False
    with target.open("rb") as begun, source.open("rb") as whole:
        return all(
            begun.read(PIECE) == whole.read(min(PIECE, size - start))
            for start in range(0, size, PIECE)
        )


def move_file(source: Path, target: Path) -> None:
    """Move a file to a place where there is none, on another disk too; it is never gone between.

    Raises:
        FileExistsError: the place is taken.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_file(source, target, flush=True)
        source.unlink()


def rename(source: Path, target: Path) -> None:
    """Rename a file to a name that nobody has; another program's file there stays as it is."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        os.rename(source, target)
    else:
        with contextlib.suppress(FileNotFoundError):
            source.unlink()
