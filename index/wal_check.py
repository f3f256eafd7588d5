"""Opening a catalogue whose write-ahead log may be somebody else's.

SQLite checks that the pages in a log are whole, not that they belong to the database: a log
copied over from another index would overwrite pages of this one. Every commit writes the `state`
row, so that row as the log has it tells where the log comes from.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from pathlib import Path

from siam.index.connection import connect, connect_reader

__all__ = ["open_checked"]

OTHERS = "not this index's log"
CURE = "If anything is missing now:  siam index sync FOLDER"
# What a write-ahead log begins with, by the byte order of its checksums.
MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")


def open_checked(
    path: Path, *, read_only: bool, wait: float
) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """Return a reading connection, and what was found amiss and set right, in sentences.

    Args:
        path: the catalogue file.
        read_only: leave a foreign log where it is, and read the database without it.
        wait: seconds to wait for a lock.
    """
    log = Path(f"{path}-wal")
    damaged = _is_damaged(log)
    if not damaged and (not log.exists() or log.stat().st_size == 0 or not _is_foreign(path, wait)):
        return connect_reader(path, wait=wait), ()
    what = f"{log.name} is {'damaged' if damaged else OTHERS}"
    if read_only:
        # SQLite passes over a log that is none, and may follow a writer that begins another.
        reader = (
            connect_reader(path, wait=wait) if damaged else connect(path, "immutable", wait=wait)
        )
        return reader, (f"{what}; it was passed over. {CURE}",)
    aside = log.with_name(f"{log.name}.foreign-{secrets.token_hex(3)}")
    log.rename(aside)
    Path(f"{path}-shm").unlink(missing_ok=True)
    return connect_reader(path, wait=wait), (f"{what}; it was moved to {aside.name}. {CURE}",)


def _is_damaged(log: Path) -> bool:
    """Tell whether a log does not begin as SQLite's logs do, so that SQLite passes it over."""
    try:
        with log.open("rb") as source:
            start = source.read(len(MAGIC[0]))
    except OSError:
        return False
    return bool(start) and start not in MAGIC


def _is_foreign(path: Path, wait: float) -> bool:
    """Tell whether the log holds another catalogue's state, or an older one than the database."""
    state = "SELECT uuid, generation FROM state"
    try:
        with contextlib.closing(connect(path, "immutable")) as alone:
            uuid, generation = alone.execute(state).fetchone()
    except (sqlite3.DatabaseError, TypeError):
        # A writer may be folding its log into the file this moment: the log is then its own.
        return False
    try:
        with contextlib.closing(connect(path, "ro", wait=wait)) as both:
            logged = both.execute(state).fetchone()
    except sqlite3.OperationalError:
        return False  # locked, or a folder that cannot be written: read without the log anyway
    except sqlite3.DatabaseError:
        return True
    return logged is None or logged[0] != uuid or logged[1] < generation
