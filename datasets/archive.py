"""A .zip of a folder of pictures, read where it lies: nothing is unpacked to disk."""

from __future__ import annotations

import contextlib
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from siam.datasets.layout import PictureSet
from siam.errors import DataError, PictureError
from siam.pictures.folder_walk import FolderListing, empty_folders, is_hidden
from siam.pictures.formats import HEAD, content_kind, has_picture_suffix, is_picture
from siam.pictures.reading import Skipped

__all__ = ["archive_pictures"]

# Past these an archive is a bomb. Deflate alone reaches 1,000 to 1, on a single plain bitmap.
MEMBER_BYTES = 256 * 2**20
TOTAL_BYTES = 4 * 2**30
TOTAL_RATIO = 100
_DAMAGE = (
    *(OSError, EOFError, ValueError, OverflowError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
)


@contextlib.contextmanager
def archive_pictures(archive: Path) -> Iterator[PictureSet]:
    """List the pictures of a ZIP archive as a picture set, readable until the block ends.

    What is a picture, and what is left out, is decided as in a folder.

    Raises:
        DataError: no such file, no ZIP archive, or a bomb.
    """
    with _open(archive) as opened:
        listing, members = _list_members(opened, archive)
        yield PictureSet(
            archive.stem,
            str(archive.resolve()),
            listing,
            lambda path: _read_member(opened, members[path]),
        )


def _open(archive: Path) -> zipfile.ZipFile:
    try:
        if not stat.S_ISREG(archive.stat().st_mode):  # a pipe may never end
            raise zipfile.BadZipFile("it is no plain file")
        return zipfile.ZipFile(archive)
    except OSError as error:
        raise DataError(
            f"{archive} cannot be read: {error.strerror or error}.", "Check the path."
        ) from error
    except _DAMAGE as error:
        kind = _kind_of(archive) if archive.is_file() else ""
        raise DataError(
            f"{archive} is not a whole ZIP archive: {f'it is {kind}' if kind else error}.",
            "Give a folder with one sub-folder per class, or a .zip of one.",
        ) from error


def _kind_of(file: Path) -> str:
    """Return what a file is in place of an archive, in words; "" where that is not known."""
    with file.open("rb") as opened:
        head = opened.read(HEAD)
    return "a picture" if is_picture(head) else content_kind(head)


def _list_members(
    opened: zipfile.ZipFile, archive: Path
) -> tuple[FolderListing, dict[str, zipfile.ZipInfo]]:
    """Return what the archive holds, and the member of each picture."""
    unpacked = sum(member.file_size for member in opened.infolist())
    packed = archive.stat().st_size
    if unpacked > TOTAL_BYTES and unpacked > TOTAL_RATIO * packed:
        raise DataError(
            f"{archive} of {packed:,} bytes claims to unpack to {unpacked:,}: refused as a bomb.",
            "Unpack it yourself if you trust it, and give the folder.",
        )
    pictures, skipped, folders = {}, [], []
    others = hidden = 0
    for member in opened.infolist():
        path = member.filename.replace("\\", "/")  # of packers on Windows
        parts = PurePosixPath(path).parts
        if any(is_hidden(part) and part != ".." for part in parts):
            hidden += 1
        elif path.endswith("/"):
            folders.append("/".join(parts))
        elif (reason := _refusal(member, parts)) is not None:
            skipped.append(Skipped(path, reason))
        elif has_picture_suffix(path) or is_picture(_head(opened, member)):
            if path in pictures:
                raise DataError(
                    f"{archive} holds '{path}' twice: which of them is meant is unknown.",
                    "Pack the folder anew, into an archive that is not there yet.",
                )
            pictures[path] = member
        else:
            others += 1
    empty = empty_folders(folders, pictures)
    return FolderListing(tuple(sorted(pictures)), tuple(skipped), others, hidden, empty), pictures


def _refusal(member: zipfile.ZipInfo, parts: tuple[str, ...]) -> str | None:
    if ".." in parts or parts[:1] == ("/",):
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


def _read_member(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        # Never more than the directory says, so never more than was checked.
        with opened.open(member) as file:
            return file.read(MEMBER_BYTES)
    except _DAMAGE as error:
        raise PictureError(f"{member.filename} is damaged in the archive: {error}.") from error
