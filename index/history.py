"""What happened in a catalogue after one of its commits, for those who follow it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np

from siam.array_types import Integers, Vectors
from siam.index.items import stack_vectors
from siam.index.schema import check_rows

__all__ = ["changed_since", "each_since", "forget_before", "is_remembered", "vectors_since"]

PIECE = 20_000  # rows read at once


def is_remembered(connection: sqlite3.Connection, generation: int, mark: int) -> bool:
    """Tell whether `generation` with `mark` is in this catalogue's remembered history."""
    row = connection.execute(
        "SELECT 1 FROM commits WHERE generation = ? AND stamp = ?", (generation, mark)
    ).fetchone()
    return row is not None


def changed_since(connection: sqlite3.Connection, generation: int) -> Integers:
    """Return the ids changed or removed after `generation`: int64, ascending."""
    rows = connection.execute(
        "SELECT DISTINCT id FROM changes WHERE generation > ? ORDER BY id", (generation,)
    )
    return np.fromiter((row[0] for row in check_rows(rows, tuple[int])), np.int64)


def each_since(
    connection: sqlite3.Connection, generation: int, last_id: int, *, dim: int
) -> Iterator[tuple[Integers, Vectors]]:
    """Yield what a reader that stopped at `generation` and `last_id` has not seen, in pieces.

    Yields:
        ids int64 of shape (n,), ascending from piece to piece too, and vectors float32 of
        shape (n, dim); n is 1 or more.
    """
    # Two statements, changed ones first: joined by OR, SQLite would scan the whole table.
    changed = connection.execute(
        "SELECT id, vector FROM vectors WHERE id <= ? AND id IN "
        "(SELECT id FROM changes WHERE generation > ?) ORDER BY id",
        (last_id, generation),
    )
    added = connection.execute(
        "SELECT id, vector FROM vectors WHERE id > ? ORDER BY id", (last_id,)
    )
    for rows in (changed, added):
        while part := check_rows(rows.fetchmany(PIECE), tuple[int, bytes]):
            ids = np.fromiter((row[0] for row in part), np.int64, len(part))
            yield ids, stack_vectors([row[1] for row in part], dim)


def vectors_since(
    connection: sqlite3.Connection, generation: int, last_id: int, *, dim: int
) -> tuple[Integers, Vectors]:
    """Return all that `each_since` yields: ids int64 (n,) and vectors float32 (n, dim)."""
    ids = [np.empty(0, np.int64)]
    joined = bytearray()  # grows where it lies, so that all is never in memory twice
    for some, vectors in each_since(connection, generation, last_id, dim=dim):
        ids.append(some)
        joined += vectors.data.cast("B")
    return np.concatenate(ids), np.frombuffer(joined, np.float32).reshape(-1, dim)


def forget_before(connection: sqlite3.Connection, generation: int) -> None:
    """Drop the history that no accelerator of `generation` or newer needs."""
    connection.execute("DELETE FROM commits WHERE generation < ?", (generation,))
    connection.execute("DELETE FROM changes WHERE generation <= ?", (generation,))
