"""A folder of pictures with one sub-folder per class."""

from __future__ import annotations

import os
from pathlib import Path

from siam.datasets.dataset import Skipped
from siam.datasets.picture_set import PictureSet
from siam.errors import DataError

__all__ = ["CLUTTER", "folder_pictures", "list_files"]

# Left by file managers; passed over without a word, as is all that begins with a dot.
CLUTTER = frozenset({"Thumbs.db", "desktop.ini", "__MACOSX"})


def folder_pictures(folder: Path) -> PictureSet:
    """List the files of a folder as a picture set; none is opened yet.

    Raises:
        DataError: no such folder, or it cannot be opened.
    """
    paths, skipped = list_files(folder)
    whole = folder.resolve()
    return PictureSet(whole.name, str(whole), paths, lambda path: folder / path, skipped)


def list_files(folder: Path) -> tuple[list[str], list[Skipped]]:
    """Return the plain files below `folder`, sorted, "/" between the parts, and what was skipped.

    Links are followed, but not in a circle. Pipes, devices and folders that cannot be opened
    are skipped.

    Raises:
        DataError: no such folder, or it cannot be opened.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.", "Check the path.")
    paths: list[str] = []
    skipped: list[Skipped] = []

    def unopened(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise DataError(
                f"{folder} cannot be opened: {error.strerror}.", "Mend its rights."
            ) from error
        path = Path(error.filename).relative_to(folder).as_posix()
        skipped.append(Skipped(path, f"cannot be opened: {error.strerror}"))

    for place, below, names in os.walk(folder, followlinks=True, onerror=unopened):
        here = Path(place)
        above = {here.resolve(), *here.resolve().parents}
        below[:] = sorted(
            name
            for name in below
            if not _is_clutter(name)
            and not ((here / name).is_symlink() and (here / name).resolve() in above)
        )
        for name in sorted(names):
            if _is_clutter(name):
                continue
            path = (here / name).relative_to(folder).as_posix()
            if (here / name).is_file():
                paths.append(path)
            else:
                skipped.append(Skipped(path, "is not a plain file"))
    return paths, skipped


def _is_clutter(name: str) -> bool:
    return name.startswith(".") or name in CLUTTER
