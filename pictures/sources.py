"""From what the user names to pictures: files, folders of them, standard input."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from siam.errors import DataError

__all__ = ["PICTURE_SUFFIXES", "picture_sources"]

STANDARD_INPUT = "-"
PICTURE_SUFFIXES = frozenset(
    [".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".jp2", ".jpeg", ".jpg", ".pbm"]
    + [".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"]
)


def pictures_below(folder: str) -> list[str]:
    """Return the paths of the picture files in a folder and those in it, in order.

    Links to files count, links to folders are not followed, and what may not be read is passed
    over. One look at each folder tells files from folders, without one at each file.
    """
    found: list[str] = []
    waiting = [folder]
    while waiting:
        with contextlib.suppress(PermissionError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                suffix = os.path.splitext(entry.name)[1].lower()
                if suffix in PICTURE_SUFFIXES and entry.is_file():
                    found.append(entry.path)
    # By name folder for folder, as people list them: "a/b.png" before "a-b.png".
    return sorted(found, key=lambda path: path.split(os.sep))


def picture_sources(
    names: Sequence[str], *, standard_input: BinaryIO
) -> list[tuple[str, Path | bytes]]:
    """Return (name, path or bytes) of each picture that `names` means, folders walked in order.

    Args:
        names: files, folders, or "-" for a picture on standard input.
        standard_input: where "-" reads from.

    Raises:
        DataError: a folder without pictures. A file that is not there is told of when it is read.
    """
    found: list[tuple[str, Path | bytes]] = []
    for name in names:
        path = Path(name)
        if name == STANDARD_INPUT:
            found.append((name, standard_input.read()))
        elif path.is_dir():
            inside = pictures_below(name)
            if not inside:
                raise DataError(
                    f"The folder {name} holds no picture.",
                    f"Pictures end in {', '.join(sorted(PICTURE_SUFFIXES))}.",
                )
            found.extend((str(file), file) for file in map(Path, inside))
        else:
            found.append((name, path))
    return found
