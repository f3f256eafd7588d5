"""The one walk of a folder: which pictures every command sees in it, and what it could not see."""

from __future__ import annotations

import heapq
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from siam.errors import DataError, UsageError
from siam.pictures.formats import HEAD, READABLE, has_picture_suffix, is_picture
from siam.pictures.names import to_text
from siam.pictures.reading import MAX_STREAM, Skipped, Source

__all__ = ["FolderListing", "empty_folders", "is_hidden", "picture_sources", "walk_folder"]

# Left by file managers and storage boxes, thumbnails among it; so is what begins with a dot.
_CLUTTER = frozenset({"__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini"})
STANDARD_INPUT = "-"
_Kind = Literal["picture", "other", "folder", "linked folder", "hidden", "skipped"]


class FolderListing(msgspec.Struct, frozen=True):
    """What a folder and all folders in it hold.

    Attributes:
        pictures: paths relative to the folder, "/" between the parts, folder for folder by name.
        skipped: what could not be looked at: folders that cannot be opened, pipes, dead links. A
            picture seen earlier may still be there, at such a place or below it.
        others: how many files are no pictures.
        hidden: how many files and folders are left out everywhere, see `is_hidden`.
        empty: the outermost folders without a picture in or below them.
    """

    pictures: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    others: int = 0
    hidden: int = 0
    empty: tuple[str, ...] = ()


def walk_folder(folder: Path, *, may_be_empty: bool = False) -> FolderListing:
    """List the pictures below a folder, the same ones for every command.

    Hidden files and folders and the clutter of file managers are left out. Links are followed; a
    folder is visited once, by its own path rather than by a link, and by no link in it to what
    holds it. A name that ends as a picture's counts as one; of any other file the first bytes are
    looked at. Nothing but plain files is opened.

    Args:
        folder: where to begin; it may be hidden or a link itself.
        may_be_empty: False to raise where there is no picture.

    Raises:
        DataError: no such folder, it cannot be opened, or it holds no picture.
        UsageError: it is the root of the disk that the system is on, which nobody means.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "scan").write_bytes(b"P5 2 1 255 ab")
        >>> _ = (folder / "notes.txt").write_text("no picture")
        >>> walk_folder(folder)
        FolderListing(pictures=('scan',), skipped=(), others=1, hidden=0, empty=())
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.", "Check the path.")
    whole = folder.resolve()
    if whole == whole.parent and Path(sys.prefix).resolve().is_relative_to(whole):
        raise UsageError(f"{folder} is the whole disk, no folder of pictures.", "Name a folder.")
    pictures: list[str] = []
    skipped: list[Skipped] = []
    others = hidden = 0
    folders: list[str] = []
    waiting, linked = [""], list[str]()  # links wait until all folders were visited by their paths
    visited: set[tuple[int, int] | str] = set()
    while waiting or linked:
        place = waiting.pop() if waiting else heapq.heappop(linked)
        try:
            here = os.path.join(folder, place)
            if (identity := _identity(here)) in visited:
                continue
            visited.add(identity)
            folders.append(place.rstrip("/"))
            with os.scandir(here) as entries:
                kinds = [(place + entry.name, *_look_at(entry)) for entry in entries]
        except OSError as error:
            if not place:
                raise DataError(f"{folder} {_reason(error)}.", "Mend its rights.") from error
            skipped.append(Skipped(place.rstrip("/"), _reason(error)))
            continue
        for path, kind, reason in kinds:
            if kind == "picture":
                pictures.append(path)
            elif kind == "folder":
                waiting.append(f"{path}/")
            elif kind == "linked folder":
                heapq.heappush(linked, f"{path}/")
            elif kind == "skipped":
                skipped.append(Skipped(path, reason))
            others += kind == "other"
            hidden += kind == "hidden"
    if not pictures and not may_be_empty:
        raise DataError(
            f"The folder {folder} holds no picture{_beside(others, skipped)}.",
            f"siam reads {READABLE}.",
        )
    # By name folder for folder, as people list them: "a/b.png" before "a-b.png".
    pictures.sort(key=lambda path: path.split("/"))
    skipped.sort(key=lambda skip: skip.path.split("/"))
    empty = empty_folders(folders, [*pictures, *(f"{skip.path}/." for skip in skipped)])
    return FolderListing(tuple(pictures), tuple(skipped), others, hidden, empty)


def picture_sources(names: Sequence[str], *, standard_input: BinaryIO) -> list[tuple[str, Source]]:
    """Return (name, source) of each picture that `names` means, folders walked in order.

    What could not be looked at in a folder is among them, so that whoever reads it says so.

    Args:
        names: files, folders, or "-" for a picture on standard input.
        standard_input: where "-" reads from.

    Raises:
        DataError: a folder without pictures. A file that is not there is told of when it is read.
    """
    sources: list[tuple[str, Source]] = []
    for name in names:
        path = Path(name)
        if name == STANDARD_INPUT:
            sources.append((name, standard_input.read(MAX_STREAM + 1)))
        elif path.is_dir():
            listing = walk_folder(path)
            files = (path / inside for inside in listing.pictures)
            sources.extend((to_text(str(file)), file) for file in files)
            sources.extend((to_text(str(path / skip.path)), skip) for skip in listing.skipped)
        else:
            sources.append((to_text(name), path))
    return sources


def empty_folders(folders: Iterable[str], files: Iterable[str]) -> tuple[str, ...]:
    """Return the outermost of `folders` that hold none of `files`, by name.

    Example:
        >>> empty_folders(["cat", "dog", "dog/old"], ["cat/1.png"])
        ('dog',)
    """
    full = {""}
    for file in files:
        above = file
        while (above := above.rpartition("/")[0]) not in full:
            full.add(above)
    empty = set(folders) - full
    return tuple(sorted(one for one in empty if one.rpartition("/")[0] not in empty))


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name is left out of every walk."""
    return name.startswith(".") or name in _CLUTTER


def _look_at(entry: os.DirEntry[str]) -> tuple[_Kind, str]:
    """Return what an entry of a folder is, and why where it cannot be looked at."""
    if is_hidden(entry.name):
        return "hidden", ""
    try:
        if entry.is_dir(follow_symlinks=False):
            return "folder", ""
        if not entry.is_file(follow_symlinks=False):
            mode = entry.stat().st_mode  # of what a link leads to
            if stat.S_ISDIR(mode):
                return "hidden" if _leads_up(entry.path) else "linked folder", ""
            if not stat.S_ISREG(mode):
                return "skipped", "is not a plain file"
        if has_picture_suffix(entry.name):
            return "picture", ""
        with open(entry.path, "rb", buffering=0) as file:
            return "picture" if is_picture(file.read(HEAD)) else "other", ""
    except OSError as error:
        return "skipped", _reason(error)


def _identity(folder: str) -> tuple[int, int] | str:
    """Return what is the same of a folder by whatever path it is reached."""
    status = os.stat(folder)
    # Some network disks number nothing.
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(folder)


def _leads_up(link: str) -> bool:
    """Return whether a link leads to a folder that holds it: nobody means to read all of that."""
    return Path(link).parent.resolve().is_relative_to(os.path.realpath(link))


def _reason(error: OSError) -> str:
    return f"cannot be opened: {error.strerror}"


def _beside(others: int, skipped: list[Skipped]) -> str:
    """Say what there is in place of pictures."""
    parts = [f"{others} other file{'s' * (others > 1)}"] if others else []
    if skipped:
        parts.append(f"{skipped[0].path}, which {skipped[0].reason}")
    return f", but {' and '.join(parts)}" if parts else ""
