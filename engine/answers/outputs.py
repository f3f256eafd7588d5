"""Where a command may write: never over what it reads, and never into a run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from siam.errors import UsageError
from siam.run_files import CONFIG_FILE, MANIFEST_FILE

__all__ = ["check_output"]


def check_output(path: Path, *, inputs: Iterable[str] = ()) -> None:
    """Refuse a file that the command reads, or one in a run's folder, before any work is done.

    Args:
        path: the file to write.
        inputs: pictures, folders and other things that the command reads.

    Raises:
        UsageError: it may not be written.

    Example:
        >>> check_output(Path("sheet.png"), inputs=["photo.jpg"])
    """
    place = path.resolve()
    for name in inputs:
        source = Path(name).resolve()
        if place == source or (source in place.parents and place.exists()):
            raise UsageError(
                f"{path} is among the pictures that are read, and would be written over.",
                "Name another file.",
            )
    for folder in place.parents:
        if (folder / MANIFEST_FILE).exists() and (folder / CONFIG_FILE).exists():
            raise UsageError(
                f"{path} lies in the run {folder}, where siam alone writes.",
                "Name a file outside of it.",
            )
