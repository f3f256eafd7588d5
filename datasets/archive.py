"""A .zip of a folder of pictures, read where it lies: nothing is unpacked to disk."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from siam.datasets.dataset import Skipped
from siam.datasets.folder import CLUTTER
from siam.datasets.picture_set import PictureSet
from siam.errors import DataError, PictureError

__all__ = ["archive_pictures"]

# Past these an archive is a bomb. Deflate alone reaches 1,000 to 1, on a single plain bitmap.
MEMBER_BYTES = 256 * 2**20
TOTAL_BYTES = 4 * 2**30
TOTAL_RATIO = 100


@contextlib.contextmanager
def archive_pictures(archive: Path) -> Iterator[PictureSet]:
    """List the members of a ZIP archive as a picture set, readable until the block ends.

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
        if any(part.startswith(".") and part != ".." or part in CLUTTER for part in parts):
            continue
        reason = _refusal(member, parts)
        if reason is None:
            paths.append(member.filename)
        else:
            skipped.append(Skipped(member.filename, reason))
    return sorted(set(paths)), skipped


def _refusal(member: zipfile.ZipInfo, parts: tuple[str, ...]) -> str | None:
    if ".." in parts or member.filename.startswith("/") or "\\" in member.filename:
        return "its name points out of the archive"
    if member.flag_bits & 0x1:
        return "is encrypted"
    if member.file_size > MEMBER_BYTES:
        return f"unpacks to {member.file_size:,} bytes, at most {MEMBER_BYTES:,} are read"
    return None


def _read_member(opened: zipfile.ZipFile, path: str) -> bytes:
    try:
        # Never more than the directory says, so never more than was checked.
        with opened.open(path) as member:
            return member.read(MEMBER_BYTES)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise PictureError(f"{path} is damaged in the archive: {error}.") from error
