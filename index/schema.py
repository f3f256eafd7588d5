"""The catalogue's tables, and the refusal of a file that holds any others.

An index may come from anybody. A view or a trigger under a table's name would run that body's SQL,
an endless one too, whenever the table is read or written: so a catalogue holds the tables below,
word for word, and nothing else.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from typing import TypeVar

import msgspec

__all__ = ["FORMAT", "SCHEMA", "check_rows", "check_schema"]

FORMAT = "1"
SCHEMA = """
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    generation INTEGER NOT NULL, stamp INTEGER NOT NULL, count INTEGER NOT NULL,
    uuid TEXT NOT NULL
);
CREATE TABLE items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL, origin TEXT NOT NULL, split TEXT NOT NULL,
    hash TEXT NOT NULL, stat TEXT NOT NULL, meta TEXT NOT NULL
);
CREATE INDEX items_label ON items (label);
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY, vector BLOB NOT NULL CHECK (length(vector) = {bytes}),
    checksum INTEGER NOT NULL
);
CREATE TABLE thumbnails (id INTEGER PRIMARY KEY, picture BLOB NOT NULL);
CREATE TABLE commits (generation INTEGER PRIMARY KEY, stamp INTEGER NOT NULL);
CREATE TABLE changes (
    generation INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (generation, id)
) WITHOUT ROWID;
INSERT INTO commits VALUES (0, 0);
"""
# SQLite's own, for AUTOINCREMENT.
SEQUENCE = "CREATE TABLE sqlite_sequence(name,seq)"
T = TypeVar("T")


def check_schema(connection: sqlite3.Connection) -> None:
    """Refuse a database that holds anything but the catalogue's own tables.

    Args:
        connection: just opened; nothing of it was read yet.

    Raises:
        sqlite3.DatabaseError: it holds something else, or is no database.
    """
    statements = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    if {_plain(text) for (text,) in check_rows(statements, tuple[str])} != _expected():
        raise sqlite3.DatabaseError("its tables are not a catalogue's")


def check_rows(rows: Iterable[tuple[object, ...]], kind: type[T]) -> list[T]:
    """Return rows whose values are of their columns' types: SQLite itself keeps any in any.

    Args:
        rows: what a statement gives.
        kind: what each must be, such as `tuple[int, str]`.

    Raises:
        sqlite3.DatabaseError: a value is of another type.

    Example:
        >>> check_rows([(1, "cat"), (2, "dog")], tuple[int, str])
        [(1, 'cat'), (2, 'dog')]
    """
    try:
        return msgspec.convert(list(rows), list[kind])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise sqlite3.DatabaseError(f"a row is damaged: {error}") from error


def _expected() -> set[str]:
    statements = (_plain(statement) for statement in SCHEMA.split(";"))
    return {statement for statement in statements if statement.startswith("CREATE")} | {SEQUENCE}


def _plain(statement: str) -> str:
    """Return a statement without what may differ: white space, and the bytes of a vector."""
    return re.sub(r"(?<=length\(vector\) = )(\d+|\{bytes\})", "n", " ".join(statement.split()))
