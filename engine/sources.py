"""From what the user names to pictures: files, folders of them, standard input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from siam.datasets.layout import PICTURE_SUFFIXES
from siam.errors import DataError

__all__ = ["picture_sources"]

STANDARD_INPUT = "-"


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
            inside = sorted(
                file
                for file in path.rglob("*")
                if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()
            )
            if not inside:
                raise DataError(
                    f"The folder {name} holds no picture.",
                    f"Pictures end in {', '.join(sorted(PICTURE_SUFFIXES))}.",
                )
            found.extend((str(file), file) for file in inside)
        else:
            found.append((name, path))
    return found
