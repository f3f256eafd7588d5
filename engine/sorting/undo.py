"""Take a sorting back by its table: nothing that it did not do itself is touched."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siam.atomic import sha256
from siam.engine.sorting.sort_table import LOCK, Row, hold, need_table, read_rows, write_rows
from siam.engine.sorting.transfer import move_file
from siam.pictures.names import to_text
from siam.pictures.reading import Skipped
from siam.progress import Progress, silent

__all__ = ["Undone", "undo_sort"]


@dataclass(frozen=True)
class Undone:
    """What was taken back.

    Attributes:
        table: that it was taken back by; gone where nothing is left of the sorting.
        moved_back: pictures that are where they were.
        removed: copies that are gone; their originals lie where they lay.
        kept: what was left as it is, and why.
    """

    table: Path
    moved_back: int
    removed: int
    kept: tuple[Skipped, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as `siam sort --undo --json` documents it."""
        return {
            "table": to_text(str(self.table)),
            "moved_back": self.moved_back,
            "removed": self.removed,
            "kept": [{"input": skip.path, "error": skip.reason} for skip in self.kept],
        }


def undo_sort(table: str | os.PathLike[str], *, progress: Progress = silent) -> Undone:
    """Remove the copies that a sorting made, and move back what it moved.

    A copy is removed only while its original is there with the same content, and nothing is moved
    to where something lies. Interrupted and run again, it goes on.

    Args:
        table: that `sort_pictures` wrote.
        progress: told of pictures.

    Raises:
        DataError: it is not there, or no such table.
        UsageError: its folder is being sorted into now.
    """
    table = Path(table)
    need_table(table)  # before a lock is made beside it
    with hold(table.parent):
        rows, undone = undo_rows(table, progress)
    remove_empty_folders(rows, table.parent)
    return undone


def undo_rows(table: Path, progress: Progress) -> tuple[list[Row], Undone]:
    """Take back row by row; return the rows as well."""
    rows = read_rows(table)
    left: list[Row] = []
    kept: list[Skipped] = []
    moved_back = removed = 0
    for done, row in enumerate(rows, start=1):
        if reason := take_back(row, table.parent):
            left.append(row)
            kept.append(Skipped(row.to, reason))
        elif row.to:
            moved_back += row.how == "moved"
            removed += row.how == "copied"
        progress("Taking back", done, len(rows))
    if left:
        write_rows(table, left)
    else:
        table.unlink()
    return rows, Undone(table, moved_back, removed, tuple(kept))


def take_back(row: Row, to: Path) -> str:
    """Undo one row; return why that cannot be done, "" where it was or need not be."""
    source, target = row.source, row.target(to)
    if not row.to or not os.path.lexists(target):
        return ""
    if row.how == "moved":
        if os.path.lexists(source):
            return f"{row.to} stays: there is a file where it was, {row.path}"
        move_file(target, source)
    elif not source.is_file() or source.samefile(target):  # a link to the copy is no original
        return f"{row.to} stays: its original is gone, {row.path}"
    elif target.is_symlink() or sha256(source) != sha256(target):
        return f"{row.to} stays: it differs from its original, {row.path}"
    else:
        target.unlink()
    return ""


def remove_empty_folders(rows: list[Row], to: Path) -> None:
    """Remove the folders that the sorting made, where nothing is left in them."""
    folders = {parent for row in rows if row.to for parent in row.target(to).parents}
    ours = [folder for folder in folders if folder == to or to in folder.parents]
    (to / LOCK).unlink(missing_ok=True)
    for folder in sorted(ours, key=lambda each: len(each.parts), reverse=True):
        with contextlib.suppress(OSError):  # it holds something else
            folder.rmdir()
