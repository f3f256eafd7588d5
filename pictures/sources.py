"""From what the user names to pictures: files, folders of them, standard input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from siam.pictures.folder_walk import walk_folder
from siam.pictures.names import to_text
from siam.pictures.reading import MAX_STREAM, Source

__all__ = ["picture_sources"]

STANDARD_INPUT = "-"


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
