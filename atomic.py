"""Files and folders that are there whole or not at all: written beside, flushed, renamed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = [
    "is_full",
    "publish_folder",
    "replacing",
    "restore_replaced",
    "sha256",
    "sync_folder",
    "write_bytes",
    "write_json",
    "write_text",
]


# What a disk says that takes no more: full, a quota, a largest size of files, or failing. Windows
# knows no quotas by this number.
FULL = {errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
# Before the name of a folder that is being replaced, in the moment that it stands aside.
ASIDE = ".old-"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` when the block ends well.

    Args:
        path: the file to make or replace. Its folder must exist.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with replacing(target) as temporary:
        ...     _ = temporary.write_text("kept")
        >>> target.read_text()
        'kept'
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync_file(temporary)
        _follow_umask(temporary, 0o666)
        os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def publish_folder(building: Path, place: Path, *, replace: bool = False) -> None:
    """Flush a folder that is finished, files and sub-folders, and rename it to its place.

    Args:
        building: stands in the same folder as `place`, and is gone afterwards.
        place: must not exist, or be an empty folder.
        replace: take the place of a folder that is not empty, too, which is removed.

    Raises:
        OSError: the place is taken; `building` is left as it was.

    Example:
        >>> import tempfile
        >>> shelf = Path(tempfile.mkdtemp())
        >>> (shelf / ".building").mkdir()
        >>> _ = (shelf / ".building" / "note.txt").write_text("kept")
        >>> publish_folder(shelf / ".building", shelf / "notes")
        >>> [path.name for path in shelf.rglob("*")]
        ['notes', 'note.txt']
    """
    for folder, _, names in os.walk(building, topdown=False):
        for name in names:
            _sync_file(Path(folder, name))
        sync_folder(Path(folder))
    _follow_umask(building, 0o777)
    # A folder cannot be replaced in one step; killed in between, `restore_replaced` mends it.
    old = place.with_name(ASIDE + place.name)
    if replace and place.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.replace(place, old)
    elif place.exists():
        place.rmdir()  # refuses one that is not empty
    os.replace(building, place)
    sync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def restore_replaced(shelf: Path) -> None:
    """Bring back what stood aside when `publish_folder` was killed between its two renames.

    Args:
        shelf: the folder that the published folders stand in.
    """
    for old in shelf.glob(f"{ASIDE}*"):
        place = old.with_name(old.name.removeprefix(ASIDE))
        if not place.exists():
            with contextlib.suppress(OSError):  # a shelf that cannot be written stays as it is
                os.replace(old, place)


def is_full(error: OSError) -> bool:
    """Tell whether a disk took no more.

    Example:
        >>> is_full(OSError(errno.ENOSPC, "No space left on device"))
        True
        >>> is_full(OSError("1438 requested and 0 written"))  # NumPy's own, without a number
        True
    """
    return error.errno in FULL or (error.errno is None and "requested and" in str(error))


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries, so that a rename in it survives a power cut."""
    if sys.platform == "win32":
        return  # which opens no folder, and keeps renames in its own journal
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Replace `path` by UTF-8 `content`, whole or not at all."""
    write_bytes(path, content.encode())


def write_json(path: Path, content: Any) -> None:
    """Replace `path` by `content` as indented JSON; NaN and infinity are refused."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's content, read in pieces."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _sync_file(path: Path) -> None:
    with path.open("rb+") as written:
        os.fsync(written.fileno())


def _follow_umask(path: Path, mode: int) -> None:
    # What tempfile makes is private; the result should be open to others as any other file is.
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(mode & ~umask)
