"""A copy of an index's catalogue in one file, as it stood at one commit, while others may write."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from siam.index.catalogue import FILE
from siam.index.connection import connect_reader, translate_errors

__all__ = ["copy_catalogue"]


def copy_catalogue(folder: Path, target: Path, *, thumbnails: bool = True) -> None:
    """Copy the catalogue, and nothing of the store, which is made again from it.

    The same commit gives the same bytes.

    Args:
        folder: the index.
        target: the file to make.
        thumbnails: keep the small pictures of the indexed ones, too.

    Raises:
        StoreError: the index is damaged, or the disk is full.
    """
    with (
        translate_errors(folder),
        contextlib.closing(connect_reader(folder / FILE)) as source,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        source.backup(copy)
        if not thumbnails:
            copy.execute("PRAGMA secure_delete = ON")
            copy.execute("DELETE FROM thumbnails")
            copy.execute("VACUUM")  # else the pictures lie in pages that nothing points to
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
