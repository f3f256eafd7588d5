"""The catalogue: a SQLite database in WAL mode that holds every item, and is the truth.

Each commit raises `generation` by one and gets a random mark (the column `stamp`). What a vector
store was built from is named by both, so that one from another history of the same numbers is
never believed.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from siam.atomic import sync_folder
from siam.errors import StoreError
from siam.index.connection import WAIT, connect, connect_reader, translate_errors
from siam.index.schema import FORMAT, SCHEMA, check_rows
from siam.index.stores.budget import Budget
from siam.index.stores.kinds import is_bounded
from siam.index.stores.vector_store import Stamp
from siam.index.wal_check import open_checked

__all__ = ["FILE", "Catalogue", "Position", "copy_catalogue"]

FILE = "catalogue.sqlite"
# Far above what any index holds, far below what overflows 64 bits.
MOST = 1 << 62
Whole = Annotated[int, Meta(ge=0, lt=MOST)]


class Settings(msgspec.Struct, frozen=True):
    """What the table `settings` must hold; a budget beside them is checked by `Budget`."""

    format: str
    dim: Annotated[str, Meta(pattern="^[1-9][0-9]{0,5}$")]
    encoder: str
    kind: str


class Position(Stamp, frozen=True):
    """A point in the catalogue's history, and how many items are alive at it."""

    count: int


class Catalogue:
    """The SQLite file of an index: one writing connection, one reading, both shared by threads.

    Args:
        path: the file.
        read_only: never write, not even to catch up; works in a folder that cannot be written.
        wait: seconds to wait for another writer.

    Raises:
        StoreError: the file is missing, damaged or of another format.
    """

    def __init__(self, path: Path, *, read_only: bool = False, wait: float = WAIT) -> None:
        self.path = path
        self.folder = path.parent
        self.read_only = read_only
        self._wait = wait
        self._write_lock = threading.RLock()
        self._read_lock = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        if not path.is_file():
            raise StoreError(
                f"There is no index in {self.folder}.",
                "Make one with `siam train`, or name the folder that holds catalogue.sqlite.",
            )
        with translate_errors(self.folder):
            self._reader, self.notices = open_checked(path, read_only=read_only, wait=wait)
            rows = self._reader.execute("SELECT name, value FROM settings")
            self.settings: dict[str, str] = dict(check_rows(rows, tuple[str, str]))
        if self.settings.get("format") != FORMAT:
            raise StoreError(
                f"The index {self.folder} has format {self.settings.get('format')!r}, "
                f"this siam reads format {FORMAT!r}.",
                "Use the siam version that wrote it, or fill the index again.",
            )
        try:
            settings = msgspec.convert(self.settings, Settings)
            self.dim = int(settings.dim)
            if not is_bounded(settings.kind):
                raise ValueError(f"the kind {settings.kind[:40]!r}")
            Budget.read(self.settings)
        except ValueError as error:
            raise StoreError(
                f"The settings of the index {self.folder} are not siam's ({error}).",
                "Delete the index folder and fill it again with `siam index sync FOLDER`.",
            ) from error

    @staticmethod
    def create(path: Path, settings: dict[str, str], *, dim: int) -> None:
        """Make the file with its tables and `settings`, whole or not at all.

        The folder must exist, and the file must not.
        """
        building = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        try:
            with (
                translate_errors(path.parent),
                contextlib.closing(connect(building, "rwc")) as connection,
            ):
                connection.executescript(SCHEMA.replace("{bytes}", str(4 * dim)))
                rows = {**settings, "format": FORMAT, "dim": str(dim)}
                connection.executemany("INSERT INTO settings VALUES (?, ?)", rows.items())
                connection.execute(
                    "INSERT INTO state VALUES (1, 0, 0, 0, ?)", (secrets.token_hex(16),)
                )
                connection.execute("COMMIT")
            building.rename(path)
            sync_folder(path.parent)
        finally:
            building.unlink(missing_ok=True)

    def configure(self, settings: dict[str, str]) -> None:
        """Write `settings` over those of the same name; the rest stay."""
        with self.writing() as connection:
            connection.executemany(
                "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                settings.items(),
            )
        self.settings.update(settings)

    def close(self) -> None:
        """Close both connections; the last one out folds the WAL into the file."""
        with self._write_lock, self._read_lock:
            self._reader.close()
            if self._writer is not None:
                with contextlib.suppress(sqlite3.DatabaseError):
                    self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._writer.close()
                self._writer = None

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the reading connection inside one transaction: everything read is of one moment."""
        with self._read_lock, translate_errors(self.folder):
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                self._reader.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the writing connection; commit when the block ends well, else change nothing.

        Raises:
            StoreError: opened for reading, another writer holds on, or the disk is full.
        """
        if self.read_only:
            raise StoreError(
                f"The index {self.folder} was opened for reading only.",
                "Open it without read_only to change it.",
            )
        with self._write_lock, translate_errors(self.folder):
            if self._writer is None:
                self._writer = connect(self.path, "rw", wait=self._wait)
                self._writer.execute("PRAGMA synchronous = FULL")
                self._writer.execute("PRAGMA cache_size = -65536")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled the transaction back already.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def data_version(self) -> int:
        """Return a number that changes whenever another connection has committed; cheap."""
        with self._read_lock:
            return int(self._reader.execute("PRAGMA data_version").fetchone()[0])

    def position(self, connection: sqlite3.Connection) -> Position:
        """Return where the catalogue stands, as seen by `connection`."""
        rows = connection.execute(
            "SELECT generation, stamp, max(coalesce(max(seq), 0),"
            " coalesce((SELECT max(id) FROM items), 0)), count FROM state"
            " LEFT JOIN sqlite_sequence ON name = 'items'"
        )
        (row,) = check_rows(rows, tuple[Whole, Whole, Whole, Whole])
        return Position(*row)

    def advance(
        self, connection: sqlite3.Connection, *, added: int, changed: Sequence[int] = ()
    ) -> None:
        """Record the commit under way: a new generation, and the ids it changed or removed.

        Args:
            connection: the one that `writing` gave.
            added: items gained, negative when lost.
            changed: ids that were there before and now have another vector, or none.
        """
        stamp = secrets.randbits(62)
        connection.execute(
            "UPDATE state SET generation = generation + 1, stamp = ?, count = count + ?",
            (stamp, added),
        )
        generation = self.position(connection).generation
        connection.execute("INSERT INTO commits VALUES (?, ?)", (generation, stamp))
        connection.executemany(
            "INSERT OR IGNORE INTO changes VALUES (?, ?)", ((generation, i) for i in changed)
        )


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
