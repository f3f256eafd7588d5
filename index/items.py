"""Rows of the catalogue: adding, changing, finding and removing items."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar
from zlib import crc32

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.errors import DataError, UsageError
from siam.index.matches import Item
from siam.index.schema import check_rows

__all__ = [
    "NewItems",
    "delete",
    "ids_of_keys",
    "insert",
    "items_of",
    "new_items",
    "read_meta",
    "relabel",
    "select_in",
    "stack_vectors",
]

# SQLite takes 32,766 parameters in one statement.
CHUNK = 10_000
# "" is no label, and no split: the schema of every index so far.
LABEL, SPLIT = "nullif(label, '')", "nullif(split, '')"
DETAILS = "label, origin, split, hash, stat, meta"
COLUMNS = f"key, {DETAILS}"
EXCLUDED = ", ".join(f"excluded.{name}" for name in DETAILS.split(", "))
T = TypeVar("T")


class NewItems(msgspec.Struct, frozen=True):
    """Items on their way into the catalogue: their columns, vectors and thumbnails.

    Attributes:
        rows: (key, label, origin, split, hash, stat, meta as JSON) of each item.
        vectors: float32 of shape (n, dim).
        thumbnails: PNG bytes or None for each item, or nothing at all.
    """

    rows: list[tuple[str, str, str, str, str, str, str]]
    vectors: Vectors
    thumbnails: Sequence[bytes | None] | None


def new_items(vectors: Vectors, columns: Mapping[str, Sequence[Any] | None]) -> NewItems:
    """Check that every column has one value per vector, and that no key comes twice.

    Args:
        vectors: float32 of shape (n, dim).
        columns: by the names that `Gallery.add` gives them; None for one that is left out.

    Raises:
        UsageError: columns of different lengths, an empty key, or a key given twice.
        DataError: metadata that JSON cannot hold.
    """
    count = len(vectors)
    for name, values in columns.items():
        if values is not None and len(values) != count:
            raise UsageError(f"{name} must have one entry per vector: {len(values)} for {count}.")
    texts = {
        name: [""] * count if values is None else ["" if v is None else str(v) for v in values]
        for name, values in columns.items()
        if name not in ("metas", "thumbnails")
    }
    keys = texts["keys"]
    if len(set(keys)) != count or "" in keys:
        twice = next(key for key, times in Counter(keys).items() if times > 1 or not key)
        raise UsageError(f"Each item needs a key of its own; {twice!r} is empty or comes twice.")
    if columns["origins"] is None:
        texts["origins"] = keys
    try:
        metas = columns["metas"] or [None] * count
        described = [json.dumps(meta, allow_nan=False) if meta else "" for meta in metas]
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Metadata must be texts, numbers or booleans that JSON holds: {error}."
        ) from error
    ordered = (texts[name] for name in ("keys", "labels", "origins", "splits", "hashes", "stats"))
    return NewItems(list(zip(*ordered, described, strict=True)), vectors, columns["thumbnails"])


def insert(
    connection: sqlite3.Connection, new: NewItems, *, last_id: int
) -> tuple[Integers, int, list[int]]:
    """Add items, or bring those whose key is known up to date under the id they have.

    Args:
        connection: inside a transaction.
        new: the items.
        last_id: the highest id ever given.

    Returns:
        ids int64 of shape (n,), how many are new, and the ids whose vector changed.
        Nothing is written for items that are already there with the same values.
    """
    known = ids_of_keys(connection, [row[0] for row in new.rows])
    fresh = [row[0] for row in new.rows if row[0] not in known]
    by_key = known | {key: last_id + 1 + place for place, key in enumerate(fresh)}
    ids = [by_key[row[0]] for row in new.rows]
    kept = vectors_of_ids(connection, list(known.values()))
    changed = [
        (number, vector.data, crc32(vector))
        for number, vector in zip(ids, new.vectors, strict=True)
        if kept.get(number) != vector.tobytes()
    ]
    connection.executemany(
        f"INSERT INTO items (id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO"
        f" UPDATE SET ({DETAILS}) = ({EXCLUDED}) WHERE ({DETAILS}) != ({EXCLUDED})",
        ((number, *row) for number, row in zip(ids, new.rows, strict=True)),
    )
    connection.executemany(
        "INSERT INTO vectors VALUES (?1, ?2, ?3)"
        " ON CONFLICT (id) DO UPDATE SET vector = ?2, checksum = ?3",
        changed,
    )
    connection.executemany(
        "INSERT INTO thumbnails VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE"
        " SET picture = ?2 WHERE picture != ?2",
        (pair for pair in zip(ids, new.thumbnails or (), strict=False) if pair[1] is not None),
    )
    changed_ids = [number for number, *_ in changed if number <= last_id]
    return np.array(ids, np.int64), len(fresh), changed_ids


def relabel(connection: sqlite3.Connection, ids: Sequence[int], label: str | None) -> int:
    """Give the items `ids` a label, or none; return how many had another."""
    rows = ((label or "", number) for number in ids)
    statement = "UPDATE items SET label = ?1 WHERE id = ?2 AND label != ?1"
    return connection.executemany(statement, rows).rowcount


def delete(connection: sqlite3.Connection, ids: Sequence[int]) -> list[int]:
    """Remove the items `ids`; return those that were there. Their numbers are not used again."""
    gone = []
    for number in ids:
        if connection.execute("DELETE FROM items WHERE id = ?", (number,)).rowcount:
            gone.append(number)
    for table in ("vectors", "thumbnails"):
        connection.executemany(f"DELETE FROM {table} WHERE id = ?", ((n,) for n in gone))
    return gone


def ids_of_keys(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, int]:
    """Return the ids of the keys that are in the catalogue."""
    if not connection.execute("SELECT 1 FROM items LIMIT 1").fetchone():
        return {}
    return dict(
        select_in(connection, "SELECT key, id FROM items WHERE key IN", keys, tuple[str, int])
    )


def items_of(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Item]:
    """Return the items `ids` that are in the catalogue, by id."""
    rows = select_in(
        connection,
        "SELECT id, key, label, origin, split, hash, meta FROM items WHERE id IN",
        ids,
        tuple[int, str, str, str, str, str, str],
    )
    return {
        number: Item(number, key, label or None, origin, split or None, content, read_meta(meta))
        for number, key, label, origin, split, content, meta in rows
    }


def read_meta(text: str) -> dict[str, Any]:
    """Return the further values of an item, as the catalogue keeps them: JSON, or "".

    Raises:
        sqlite3.DatabaseError: it is something else.
    """
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise sqlite3.DatabaseError(f"an item's metadata is damaged: {error}") from error


def select_in(
    connection: sqlite3.Connection, statement: str, values: Sequence[Any], kind: type[T]
) -> Iterator[T]:
    """Yield the rows of a statement that ends in "IN", for any number of values."""
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK]
        rows = connection.execute(f"{statement} ({','.join('?' * len(part))})", part)
        yield from check_rows(rows, kind)


def labels_of_ids(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str | None]:
    """Return the labels of the items `ids` that are in the catalogue; None for no label."""
    statement = f"SELECT id, {LABEL} FROM items WHERE id IN"
    return dict(select_in(connection, statement, ids, tuple[int, str | None]))


def thumbnails_of(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """Return the thumbnails of those items `ids` that have one."""
    statement = "SELECT id, picture FROM thumbnails WHERE id IN"
    return dict(select_in(connection, statement, ids, tuple[int, bytes]))


def vectors_of_ids(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """Return the vectors, as the bytes of their float32 numbers, of those items there are."""
    statement = "SELECT id, vector FROM vectors WHERE id IN"
    return dict(select_in(connection, statement, ids, tuple[int, bytes]))


def stack_vectors(contents: Sequence[bytes], dim: int) -> Vectors:
    """Return vectors from the bytes of their numbers: float32 (n, dim).

    Raises:
        sqlite3.DatabaseError: one has another length.
    """
    if any(len(content) != 4 * dim for content in contents):
        raise sqlite3.DatabaseError(f"a vector is damaged: it has not {dim} numbers")
    return np.frombuffer(bytearray().join(contents), np.float32).reshape(len(contents), dim)
