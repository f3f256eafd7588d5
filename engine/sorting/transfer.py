"""Copy and move files without ever writing over one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

from siam.atomic import sync_folder

__all__ = ["copy_file", "move_file"]

# What file systems say that know no hard links.
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES}


def copy_file(source: Path, target: Path, *, flush: bool = False) -> None:
    """Copy a file with its times and rights to a place where there is none.

    Args:
        source: a file, or a link to one, whose content is copied.
        target: is there whole or not at all; its folder is made where it is missing.
        flush: wait until the disk has it.

    Raises:
        FileExistsError: the place is taken.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.partial")
    try:
        shutil.copy2(source, beside)
        if flush:
            with beside.open("rb+") as written:
                os.fsync(written.fileno())
        rename(beside, target)
        if flush:
            sync_folder(target.parent)
    finally:
        beside.unlink(missing_ok=True)


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
