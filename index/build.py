"""Bringing the vector store up to date with the catalogue."""

from __future__ import annotations

from siam.index.catalogue import Catalogue
from siam.index.connection import connect_reader, translate_errors
from siam.index.snapshot import changed_since, each_since, open_store
from siam.index.stores.vector_store import VectorStore
from siam.progress import Progress, silent

__all__ = ["LOCK", "bring_up_to_date"]

# The file whose lock one who brings a store up to date holds.
LOCK = ".build-lock"


def bring_up_to_date(
    catalogue: Catalogue,
    store: VectorStore | None = None,
    *,
    afresh: bool = False,
    progress: Progress = silent,
) -> None:
    """Give a store what the catalogue gained and lost since its commit; the caller holds the lock.

    Args:
        catalogue: open for writing.
        store: one of this catalogue's history, or an empty one; the one beside it when left out.
        afresh: give it everything, in place of what it holds.
        progress: told of vectors read and indexed.
    """
    connection = connect_reader(catalogue.path)
    try:
        with translate_errors(catalogue.folder):
            connection.execute("BEGIN")
            position = catalogue.position(connection)
            store = store or open_store(catalogue, connection)
            held = None if afresh else store.stamp
            generation, last_id = (held.generation, held.last_id) if held else (0, 0)
            with store.writing(position, afresh=held is None, progress=progress):
                if held:
                    store.remove(changed_since(connection, generation))
                done = 0
                for ids, vectors in each_since(connection, generation, last_id, dim=catalogue.dim):
                    store.add(ids, vectors)
                    done += len(ids)
                    progress("Reading vectors", done, position.count)
                connection.close()  # while the store learns, writers may fold their log away
    finally:
        connection.close()
    with catalogue.writing() as writer:
        # The history that no store of this commit or a newer one needs.
        writer.execute("DELETE FROM commits WHERE generation < ?", (position.generation,))
        writer.execute("DELETE FROM changes WHERE generation <= ?", (position.generation,))
