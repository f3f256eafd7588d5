"""A gallery copied to a store on a server, with all that is known of each picture."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass

import numpy as np

from siam.array_types import Integers, Vectors
from siam.index.connection import connect_reader, translate_errors
from siam.index.gallery import Gallery
from siam.index.items import DETAILS, stack_vectors, vectors_of_ids
from siam.index.matches import NEIGHBOURS, SAMPLE, Matches
from siam.index.ranking import brute_force_in
from siam.index.schema import check_rows
from siam.index.snapshot import each_since
from siam.index.stores.milvus_building import check_unchanged
from siam.index.stores.milvus_connection import MilvusConnection
from siam.index.stores.milvus_rows import TEXTS, as_row
from siam.index.stores.milvus_store import MilvusStore
from siam.progress import Progress, silent

__all__ = ["Pushed", "push"]


@dataclass(frozen=True)
class Pushed:
    """What a push did.

    Attributes:
        store: where the gallery lies now.
        items: pictures there.
        sent: of these, how many were sent this time: 0 where all was there.
    """

    store: str
    items: int
    sent: int


def push(
    gallery: Gallery,
    connection: MilvusConnection,
    *,
    kind: str | None = None,
    replace: bool = False,
    progress: Progress = silent,
) -> Pushed:
    """Make a store hold what a gallery holds, in a new collection that then answers for the old.

    One that was killed goes on from where it was, as long as the gallery is the same.

    Args:
        gallery: a local one.
        connection: to the server.
        kind: of its index, one of `KINDS`; as it is, or "FLAT" where none is, when left out.
        replace: also where the store is of another encoder, or was changed by its clients.
        progress: told of pictures sent.

    Raises:
        StoreError: the server refuses, the store is of another encoder, or what its clients changed
            would be lost.
    """
    reader = connect_reader(gallery.catalogue.path)
    with translate_errors(gallery.folder), contextlib.closing(reader):
        reader.execute("BEGIN")
        position = gallery.catalogue.position(reader)
        store = MilvusStore(
            connection,
            dim=gallery.dim,
            encoder=gallery.encoder_hash,
            describe=lambda ids, vectors: describe(reader, ids, vectors),
            replace=replace,
            kind=kind,
            probe=lambda: take_probe(reader, gallery.dim),
        )
        if store.facts and not replace:
            check_unchanged(connection, store.facts)
        place = str(connection.address)
        if store.holds(position) and store.count() == position.count:
            return Pushed(place, position.count, 0)
        done = 0
        progress("Sending pictures", 0, position.count)
        with store.writing(position, afresh=True):
            for ids, vectors in each_since(reader, 0, 0, dim=gallery.dim):
                for start in range(0, len(ids), PIECE):
                    store.add(ids[start : start + PIECE], vectors[start : start + PIECE])
                    done += len(ids[start : start + PIECE])
                    progress("Sending pictures", done, position.count)
    return Pushed(place, position.count, store.sent)


PIECE = 5000  # pictures between two words of progress


def take_probe(connection: sqlite3.Connection, dim: int) -> tuple[Vectors, Matches]:
    """Return vectors of a catalogue, float32 (n, dim), and the nearest of each, exactly."""
    ids = [row[0] for row in check_rows(connection.execute("SELECT id FROM vectors"), tuple[int])]
    sample = np.random.default_rng(0).choice(ids, min(SAMPLE, len(ids)), replace=False)
    queries = stack_vectors([*vectors_of_ids(connection, np.sort(sample).tolist()).values()], dim)
    truth = brute_force_in(each_since(connection, 0, 0, dim=dim), queries, NEIGHBOURS + 1)
    return queries, truth


def describe(
    connection: sqlite3.Connection, ids: Integers, vectors: Vectors
) -> list[dict[str, object]]:
    """Return items as a store keeps them.

    Args:
        connection: to the catalogue.
        ids: int64 (n,), ascending.
        vectors: float32 (n, dim).
    """
    span = (int(ids[0]), int(ids[-1]))
    rows = check_rows(
        connection.execute(f"SELECT id, key, {DETAILS} FROM items WHERE id BETWEEN ? AND ?", span),
        tuple[int, str, str, str, str, str, str, str],
    )
    items = {row[0]: row[1:] for row in rows}
    shown = dict(
        check_rows(
            connection.execute("SELECT id, picture FROM thumbnails WHERE id BETWEEN ? AND ?", span),
            tuple[int, bytes],
        )
    )
    return [
        as_row(
            number,
            vector,
            dict(zip(TEXTS, items[number], strict=False)),
            items[number][-1],
            shown.get(number),
        )
        for number, vector in zip(ids.tolist(), vectors, strict=True)
        if number in items
    ]
