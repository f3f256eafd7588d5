"""A .zip of a folder of pictures, read where it lies: nothing is unpacked to disk."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from siam.datasets.picture_set import PictureSet
from siam.errors import DataError, PictureError
from siam.pictures.folder_walk import is_hidden
from siam.pictures.formats import HEAD, has_picture_suffix, is_picture
from siam.pictures.reading import Skipped

__all__ = ["archive_pictures"]

# Past these an archive is a bomb. Deflate alone reaches 1,000 to 1, on a single plain bitmap.
MEMBER_BYTES = 256 * 2**20
TOTAL_BYTES = 4 * 2**30
TOTAL_RATIO = 100
_DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError)


@contextlib.contextmanager
def archive_pictures(archive: Path) -> Iterator[PictureSet]:
    """List the pictures of a ZIP archive as a picture set, readable until the block ends.

    What is a picture, and what is left out, is decided as in a folder.

    Raises:
        DataError: no such file, no ZIP archive, or a bomb.
    """
    with _open(archive) as opened:
        paths, skipped = _list_members(opened, archive)
        yield PictureSet(
            archive.stem,
            str(archive.resolve()),
            paths,
            lambda path: _read_member(opened, path),
            skipped,
        )


def _open(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except OSError as error:
        raise DataError(
            f"{archive} cannot be read: {error.strerror or error}.", "Check the path."
        ) from error
    except zipfile.BadZipFile as error:
        raise DataError(
            f"{archive} is not a whole ZIP archive: {error}.",
            "Give a folder with one sub-folder per class, or a .zip of one.",
        ) from error


def _list_members(opened: zipfile.ZipFile, archive: Path) -> tuple[list[str], list[Skipped]]:
    members = [member for member in opened.infolist() if not member.is_dir()]
    unpacked = sum(member.file_size for member in members)
    packed = archive.stat().st_size
    if unpacked > TOTAL_BYTES and unpacked > TOTAL_RATIO * packed:
        raise DataError(
            f"{archive} of {packed:,} bytes claims to unpack to {unpacked:,}: refused as a bomb.",
            "Unpack it yourself if you trust it, and give the folder.",
        )
    paths, skipped = [], []
    for member in members:
        parts = PurePosixPath(member.filename).parts
        if any(is_hidden(part) and part != ".." for part in parts):
            continue
        reason = _refusal(member, parts)
        if reason is not None:
            skipped.append(Skipped(member.filename, reason))
        elif has_picture_suffix(member.filename) or is_picture(_head(opened, member)):
            paths.append(member.filename)
    return sorted(set(paths)), skipped


def _refusal(member: zipfile.ZipInfo, parts: tuple[str, ...]) -> str | None:
    if ".." in parts or member.filename.startswith("/") or "\\" in member.filename:
        return "its name points out of the archive"
    if member.flag_bits & 0x1:
        return "is encrypted"
    if member.file_size > MEMBER_BYTES:
        return f"unpacks to {member.file_size:,} bytes, at most {MEMBER_BYTES:,} are read"
    return None


def _head(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the first bytes of a member; none of one that is damaged."""
    try:
        with opened.open(member) as file:
            return file.read(HEAD)
    except _DAMAGE:
        return b""


def _read_member(opened: zipfile.ZipFile, path: str) -> bytes:
    try:
        # Never more than the directory says, so never more than was checked.
        with opened.open(path) as member:
            return member.read(MEMBER_BYTES)
    except _DAMAGE as error:
        raise PictureError(f"{path} is damaged in the archive: {error}.") from error
