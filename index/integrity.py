"""Integrity: of the catalogue's pages, rows and vectors, of the files behind them, of the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from zlib import crc32

import numpy as np

from siam.array_types import Integers, Vectors
from siam.atomic import sha256
from siam.errors import StoreError
from siam.index import items as rows
from siam.index.catalogue import Catalogue
from siam.index.schema import check_rows
from siam.index.snapshot import Snapshot
from siam.pictures.names import path_of
from siam.progress import Progress
from siam.unit_vectors import are_unit_rows

__all__ = [
    "changed_files",
    "check_pages",
    "count_differing",
    "damaged_vectors",
    "each_vector",
    "intact_copies",
    "mend_rows",
    "restore",
    "row_problems",
]

CHUNK = 20_000
DISAGREEMENTS = {
    "vectors belong to no item": "vectors WHERE id NOT IN (SELECT id FROM items)",
    "items have no vector": "items WHERE id NOT IN (SELECT id FROM vectors)",
    "thumbnails belong to no item": "thumbnails WHERE id NOT IN (SELECT id FROM items)",
}


def check_pages(catalogue: Catalogue, connection: sqlite3.Connection) -> None:
    """Let SQLite look at every page.

    Raises:
        StoreError: a page is damaged, which nothing here can mend.
    """
    (first,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if first != "ok":
        raise StoreError(
            f"The catalogue {catalogue.path} is damaged: {first}.",
            "Restore it from a copy, or delete the index folder and fill it again with "
            "`siam index sync FOLDER`.",
        )


def row_problems(catalogue: Catalogue, connection: sqlite3.Connection) -> list[str]:
    """Return a sentence for each way in which the tables disagree."""
    problems = []
    count = catalogue.position(connection).count
    (rows_there,) = connection.execute("SELECT count(*) FROM items").fetchone()
    if count != rows_there:
        problems.append(f"The catalogue counts {count} items and holds {rows_there}.")
    for what, where in DISAGREEMENTS.items():
        (number,) = connection.execute(f"SELECT count(*) FROM {where}").fetchone()
        if number:
            problems.append(f"{number} {what}.")
    return problems


def mend_rows(catalogue: Catalogue) -> None:
    """Drop items without a vector and rows without an item, and count again."""
    with catalogue.writing() as connection:
        select = " UNION ".join(f"SELECT id FROM {where}" for where in DISAGREEMENTS.values())
        bare = [row[0] for row in connection.execute(select)]
        rows.delete(connection, bare)
        for table in ("vectors", "thumbnails"):
            connection.execute(f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM items)")
        connection.execute("UPDATE state SET count = (SELECT count(*) FROM items)")
        catalogue.advance(connection, added=0, changed=bare)


def each_vector(
    connection: sqlite3.Connection, dim: int
) -> Iterator[tuple[Integers, Vectors, list[int]]]:
    """Yield ids, vectors and checksums in chunks."""
    cursor = connection.execute("SELECT id, vector, checksum FROM vectors ORDER BY id")
    while part := check_rows(cursor.fetchmany(CHUNK), tuple[int, bytes, int]):
        ids = np.fromiter((row[0] for row in part), np.int64, len(part))
        yield ids, rows.stack_vectors([row[1] for row in part], dim), [row[2] for row in part]


def damaged_vectors(
    catalogue: Catalogue, connection: sqlite3.Connection, progress: Progress
) -> list[int]:
    """Return the ids of vectors that differ from their checksum, or are not of unit length."""
    damaged: list[int] = []
    done = 0
    total = catalogue.position(connection).count
    for ids, vectors, checksums in each_vector(connection, catalogue.dim):
        kept = np.array([crc32(v) == c for v, c in zip(vectors, checksums, strict=True)])
        damaged += ids[~(kept & are_unit_rows(vectors))].tolist()
        done += len(ids)
        progress("Checking vectors", done, total)
    return damaged


def changed_files(connection: sqlite3.Connection, progress: Progress) -> tuple[list[str], int]:
    """Compare the files that items came from with the hashes of what was embedded."""
    problems = []
    checked = 0
    # Without a stat the hash is of pixels, not of a file.
    statement = "SELECT origin, hash FROM items WHERE stat != ''"
    listed = check_rows(connection.execute(statement), tuple[str, str])
    for done, (origin, content) in enumerate(listed, 1):
        path = path_of(origin)
        if path.is_absolute() and path.is_file():
            checked += 1
            if sha256(path) != content:
                problems.append(f"{origin} has changed since it was embedded")
        if done % 500 == 0 or done == len(listed):
            progress("Checking files", done, len(listed))
    return problems, checked


def intact_copies(catalogue: Catalogue, snapshot: Snapshot, damaged: list[int]) -> dict[int, bytes]:
    """Return the store's copies of damaged vectors, where they match their checksum."""
    ids = np.array(damaged, np.int64)
    ids = ids[~np.isin(ids, snapshot.dead)]
    held = snapshot.store.vectors_of(ids)
    if held is None:
        return {}
    copies = {}
    with catalogue.reading() as connection:
        for number, vector in zip(ids.tolist(), held, strict=True):
            checksum = "SELECT checksum FROM vectors WHERE id = ?"
            (expected,) = connection.execute(checksum, (number,)).fetchone()
            if crc32(vector.tobytes()) == expected:
                copies[number] = vector.tobytes()
    return copies


def count_differing(catalogue: Catalogue, snapshot: Snapshot) -> int:
    """Return how many of the store's vectors are not what the catalogue holds, or should not be."""
    store = snapshot.store
    if store.stamp is None:
        return 0
    wrong, held = 0, 0
    with catalogue.reading() as connection:
        for ids, vectors, _ in each_vector(connection, catalogue.dim):
            old = (ids <= store.stamp.last_id) & ~np.isin(ids, snapshot.dead)
            copies = store.vectors_of(ids[old])
            if copies is None:
                return 0
            wrong += int((copies != vectors[old]).any(axis=1).sum())
            held += int((~np.isnan(copies).all(axis=1)).sum())
    return wrong + max(0, store.count() - len(snapshot.dead) - held)


def restore(catalogue: Catalogue, copies: dict[int, bytes], lost: list[int]) -> None:
    """Put back the vectors in `copies`; let the next sync embed the `lost` ones again."""
    with catalogue.writing() as writer:
        writer.executemany(
            "UPDATE vectors SET vector = ? WHERE id = ?",
            ((copy, number) for number, copy in copies.items()),
        )
        # Without hash and stat, sync takes an item for changed.
        writer.executemany(
            "UPDATE items SET hash = '', stat = '' WHERE id = ?", ((n,) for n in lost)
        )
        catalogue.advance(writer, added=0, changed=list(copies))
