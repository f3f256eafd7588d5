"""What the catalogue knows of picture files, so that a folder can be compared with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from siam.index.contents import KnownFile
from siam.index.items import LABEL, SPLIT, read_meta, select_in
from siam.index.reader import Reader
from siam.index.schema import check_rows

__all__ = ["hashes_of", "known_files", "remember_stats"]


def known_files(reader: Reader, folder: PurePath | None = None) -> dict[str, KnownFile]:
    """Return the indexed files in and below `folder` by absolute path; all without one."""
    if reader.on_server:
        from siam.index.remote_contents import known_files_there

        return known_files_there(reader, folder)
    columns = f"id, key, {LABEL}, {SPLIT}, origin, hash, stat, meta"
    # "0" follows "/", so the range holds just what begins with the folder's path and a slash.
    place = "" if folder is None else folder.as_posix().rstrip("/")
    where = "origin >= ? AND origin < ?"
    if not place:
        where += " OR origin GLOB '[A-Za-z]:/*'"  # Windows' absolute paths
    with reader.catalogue.reading() as connection:
        rows = connection.execute(
            f"SELECT {columns} FROM items WHERE {where}", (f"{place}/", f"{place}0")
        )
        return {
            row[4]: KnownFile(*row[:7], read_meta(row[7]))
            for row in check_rows(rows, tuple[int, str, str | None, str | None, str, str, str, str])
        }


def hashes_of(reader: Reader, ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Return the content's hash of those items `ids` that are indexed, and what it is of.

    Returns:
        id -> (SHA-256 in hexadecimal or "", 1 where it is of a file and 0 where of the pixels that
        the network saw, as training keeps it).
    """
    if reader.on_server:
        from siam.index.remote_contents import hashes_there

        return hashes_there(reader, ids)
    with reader.catalogue.reading() as connection:
        statement = "SELECT id, hash, stat != '' FROM items WHERE id IN"
        kept = select_in(connection, statement, ids, tuple[int, str, int])
        return {number: (content, of_file) for number, content, of_file in kept}


def remember_stats(reader: Reader, stats: Mapping[int, str]) -> None:
    """Keep the new stat of files that were touched without being changed."""
    if reader.on_server:
        from siam.index.remote_contents import remember_stats_there

        remember_stats_there(reader, stats)
    elif stats:
        with reader.catalogue.writing() as connection:
            connection.executemany(
                "UPDATE items SET stat = ? WHERE id = ?", ((s, i) for i, s in stats.items())
            )
