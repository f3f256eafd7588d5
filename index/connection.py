"""Opening the catalogue's SQLite file: for one writer, for readers, and on a read-only disk."""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from siam.atomic import is_full
from siam.errors import BusyError, StoreError
from siam.index.schema import check_schema

__all__ = ["WAIT", "connect", "connect_reader", "translate_errors"]

FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
WAIT = 10.0  # seconds that a writer waits for another one


def connect(path: Path, mode: str, *, wait: float = WAIT) -> sqlite3.Connection:
    """Open `path` in SQLite's URI mode "rwc", "rw", "ro" or "immutable", in autocommit.

    Args:
        path: the catalogue file.
        mode: "rwc" makes the file; "immutable" promises that nobody writes and takes no locks.
        wait: seconds to wait for another process's lock.

    Raises:
        sqlite3.DatabaseError: the file cannot be read, or holds other tables than a catalogue's.
    """
    option = "immutable=1" if mode == "immutable" else f"mode={mode}"
    uri = f"file:{urllib.parse.quote(str(path.absolute()))}?{option}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=wait, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        if mode != "rwc":
            check_schema(connection)
    except UnicodeDecodeError as error:  # SQLite's own words quote what it could not read
        connection.close()
        raise sqlite3.DatabaseError("it holds text that is not UTF-8") from error
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def connect_reader(path: Path, *, wait: float = WAIT) -> sqlite3.Connection:
    """Open `path` for reading only, also where the folder cannot be written.

    SQLite needs a writable folder beside a WAL database. Without one, a catalogue that was
    closed properly is opened as immutable, and one that was not is read from a copy.
    """
    try:
        return connect(path, "ro", wait=wait)
    except sqlite3.OperationalError as error:
        if "unable to open" not in str(error) and "readonly" not in str(error):
            raise
    log = Path(f"{path}-wal")
    if not log.exists() or log.stat().st_size == 0:
        return connect(path, "immutable", wait=wait)
    with tempfile.TemporaryDirectory(prefix="siam-catalogue-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(log, f"{copy}-wal")
        connection = connect(copy, "rw", wait=wait)
        # Reading once opens every file, so that the copy may lose its name while it is in use.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA query_only = ON")
    return connection


@contextlib.contextmanager
def translate_errors(folder: Path) -> Iterator[None]:
    """Turn errors of SQLite, FAISS and the disk inside the block into `StoreError`, with a cure."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explain(folder, str(error)) from error
    except UnicodeDecodeError as error:  # SQLite's own words quote what it could not read
        raise _explain(folder, "it holds text that is not UTF-8") from error
    except OSError as error:
        full = is_full(error)
        if not full and error.errno not in FORBIDDEN:
            raise
        word = "full" if full else "readonly"
        raise _explain(folder, error.strerror or str(error), word) from error
    except RuntimeError as error:
        if "write error" not in str(error):  # FAISS's words for a file that it could not write
            raise
        reason = str(error).rstrip(")").rsplit("(", 1)[-1]  # which it puts last, in brackets
        raise _explain(folder, reason, "full") from error


def _explain(folder: Path, message: str, word: str = "") -> StoreError:
    word = word or message
    if "locked" in word or "busy" in word:
        return BusyError(
            f"Another process is writing to the index {folder}; waited {WAIT:.0f} seconds for it.",
            "Wait until it has finished, then run this again.",
        )
    if "full" in word or "disk I/O" in word:
        return StoreError(
            f"The disk took no more while writing the index {folder} ({message}).",
            "Free some space and run this again: what was committed before is kept.",
        )
    if "readonly" in word:
        return StoreError(
            f"The index {folder} cannot be written ({message}).",
            "Make the folder writable, or copy the index to a place that is.",
        )
    return StoreError(
        f"The catalogue of the index {folder} cannot be read ({message}).",
        "Run `siam index verify`, or fill the index again with `siam index sync FOLDER`.",
    )
